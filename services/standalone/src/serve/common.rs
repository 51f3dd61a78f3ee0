//! What no service owns: health, figures and the OpenAPI documents. Together with the public look-up they are all that is open
//! without a token.

use std::sync::Arc;

use dossier::access::{May, any};
use dossier::contract::Role;
use service_kit::Service;
use service_kit::http::{Access, Mounted, Problem, Reply, Request, Route, endpoint0, mount};
use warp::{Filter, Reply as _};

use super::health::Watch;
use super::json;

pub(super) fn routes(services: &[Service], watch: Watch) -> Vec<Mounted> {
    let mut routes = vec![
        mount("/health/live", live()),
        mount("/health/ready", watch.ready()),
        mount("/metrics", watch.metrics()),
        mount("/docs", docs()),
        mount("/v1/dead-letters", dead_letters(watch)),
    ];
    let mut whole = utoipa::openapi::OpenApiBuilder::new()
        .info(utoipa::openapi::Info::new("Dossier", env!("CARGO_PKG_VERSION")))
        .build();
    for service in services {
        let text = service.openapi.to_json().unwrap_or_default();
        let address = format!("/openapi/{}.json", service.name);
        routes.push(mount(&address, document(text)));
        whole.merge(service.openapi.clone());
    }
    let text = whole.to_json().unwrap_or_default();
    routes.push(mount("/openapi.json", document(text)));
    routes
}

/// The router has looked at the address.
fn document(text: String) -> Route {
    Route::open(warp::any().map(move || json(text.clone())).boxed())
}

/// The documents for people to read, without anything from elsewhere.
fn docs() -> Route {
    const POLICY: &str =
        "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
    let page = warp::any().map(|| {
        let page = warp::reply::html(include_str!("docs.html"));
        warp::reply::with_header(page, "content-security-policy", POLICY).into_response()
    });
    Route::open(page.boxed())
}

/// The process turns; it asks nobody.
fn live() -> Route {
    Route::open(warp::any().map(|| json("{\"live\":true}".to_owned())).boxed())
}

/// Who sees what reactions gave up.
const READ_DEAD_LETTERS: &[May] = &[any(Role::Operator)];

/// Events that no reaction could handle, for an operator.
fn dead_letters(watch: Watch) -> Route {
    let app = Arc::new(watch);
    let path = warp::path!("v1" / "dead-letters");
    endpoint0(
        &app,
        Access::Roles(READ_DEAD_LETTERS),
        path,
        |app: Arc<Watch>, _: Request| async move {
            let mut letters = Vec::new();
            for service in app.reactions() {
                let dead = service.dead_letters().await;
                letters.extend(dead.map_err(|error| Problem::unavailable(&error.to_string()))?);
            }
            Ok(Reply::ok(&letters))
        },
    )
}
