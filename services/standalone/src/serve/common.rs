//! What no service owns: health, figures and the OpenAPI documents. Together with the public look-up they are all that is open
//! without a token.

use std::sync::Arc;

use bytes::Bytes;
use dossier::access::{May, any};
use dossier::contract::Role;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use service_kit::Service;
use service_kit::http::{Access, Mounted, Problem, Reply, Request, Route, endpoint0, mount};
use warp::Filter;
use warp::reply::Response;

use super::health::Watch;
use super::json;

/// What whoever watches a process asks for. It has a place of its own, so that no crowd at the other one keeps the
/// answers back.
pub(super) fn probes(watch: &Watch) -> Vec<Mounted> {
    let mut routes = health(watch);
    routes.push(mount("/metrics", watch.metrics().probe()));
    routes
}

fn health(watch: &Watch) -> Vec<Mounted> {
    vec![mount("/health/live", live().probe()), mount("/health/ready", watch.ready().probe())]
}

/// The rest; with the figures, where they have no place of their own.
pub(super) fn routes(services: &[Service], watch: Watch, with_metrics: bool) -> Vec<Mounted> {
    let mut routes = if with_metrics { probes(&watch) } else { health(&watch) };
    routes.extend([
        mount("/", file("text/html; charset=utf-8", include_str!("index.html").into())),
        mount("/docs", file("text/html; charset=utf-8", include_str!("docs.html").into())),
        mount("/docs.css", file("text/css", include_str!("docs.css").into())),
        mount("/docs.js", file("text/javascript", include_str!("docs.js").into())),
        mount("/v1/dead-letters", dead_letters(watch)),
    ]);
    let mut whole = utoipa::openapi::OpenApiBuilder::new()
        .info(utoipa::openapi::Info::new("Dossier", env!("CARGO_PKG_VERSION")))
        .build();
    for service in services {
        let text = service.openapi.to_json().unwrap_or_default();
        let address = format!("/openapi/{}.json", service.name);
        routes.push(mount(&address, file("application/json", text.into())));
        whole.merge(service.openapi.clone());
    }
    let text = whole.to_json().unwrap_or_default();
    routes.push(mount("/openapi.json", file("application/json", text.into())));
    routes
}

/// A file that everybody may read and keep. It is in memory once, however many are reading it.
fn file(media_type: &'static str, content: Bytes) -> Route {
    // Nothing from elsewhere, and in nobody's frame.
    const POLICY: &str =
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let answers = warp::any().map(move || {
        let mut response = Response::new(content.clone().into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    });
    Route::open(answers.boxed())
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
