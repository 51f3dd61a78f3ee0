//! What no service owns: health and the OpenAPI documents. Together with the public look-up they are all that is open
//! without a token.

use std::sync::Arc;

use dossier::access::any;
use dossier::contract::Role;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use service_kit::http::{Mounted, Problem, Reply, Request, Route, endpoint0, mount};
use service_kit::tasks::{KeeperHealth, ReactionsHealth};
use service_kit::{Kit, Service};
use warp::{Filter, Reply as _};

pub(super) fn routes(kit: &Arc<Kit>, services: &[Service]) -> Vec<Mounted> {
    let mut routes = vec![
        mount("/health/live", live()),
        mount("/health/ready", ready(kit, services)),
        mount("/docs", docs()),
        mount("/v1/dead-letters", dead_letters(kit, services)),
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
    warp::get().map(move || json(text.clone())).boxed()
}

fn json(text: String) -> warp::reply::Response {
    warp::reply::with_header(text, CONTENT_TYPE, "application/json").into_response()
}

/// The documents for people to read, without anything from elsewhere.
fn docs() -> Route {
    const POLICY: &str =
        "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
    warp::get()
        .map(|| {
            let page = warp::reply::html(include_str!("docs.html"));
            warp::reply::with_header(page, "content-security-policy", POLICY).into_response()
        })
        .boxed()
}

/// The process turns; it asks nobody.
fn live() -> Route {
    warp::get().map(|| json("{\"live\":true}".to_owned())).boxed()
}

/// The store answers. What stands beside it is for whoever watches: what is overdue that should have been enforced, and
/// what was given up.
fn ready(kit: &Arc<Kit>, services: &[Service]) -> Route {
    let kit = Arc::clone(kit);
    let keepers: Arc<[KeeperHealth]> =
        services.iter().flat_map(|service| service.keepers.iter().cloned()).collect();
    let reactions = reactions(services);
    warp::get()
        .then(move || {
            let (kit, keepers) = (Arc::clone(&kit), Arc::clone(&keepers));
            let reactions = Arc::clone(&reactions);
            async move {
                let head = kit.store.head();
                let all = events::Filter::default();
                let before = events::Position(head.0.saturating_sub(1));
                let readable = kit.store.read_all(before, &all, 1).await.is_ok();
                let overdue: usize = keepers.iter().map(KeeperHealth::overdue).sum();
                let open: usize = keepers.iter().map(KeeperHealth::open).sum();
                let dead: u64 = reactions.iter().filter_map(|service| service.dead().ok()).sum();
                let body = serde_json::json!({
                    "ready": readable, "head": head.0, "open_obligations": open,
                    "overdue_obligations": overdue, "dead_letters": dead,
                    "groups": kit.store.stats().groups, "events": kit.store.stats().events,
                });
                let status =
                    if readable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                warp::reply::with_status(json(body.to_string()), status).into_response()
            }
        })
        .boxed()
}

fn reactions(services: &[Service]) -> Arc<[ReactionsHealth]> {
    services.iter().flat_map(|service| service.reactions.iter().cloned()).collect()
}

/// Events that no reaction could handle, for an operator.
fn dead_letters(kit: &Arc<Kit>, services: &[Service]) -> Route {
    let app = Arc::new((Arc::clone(kit), reactions(services)));
    let path = warp::path!("v1" / "dead-letters");
    endpoint0(&app, warp::get(), path, |app: Arc<Letters>, request: Request| async move {
        request.permitted(&app.0, &[any(Role::Operator)])?;
        let mut letters = Vec::new();
        for service in app.1.iter() {
            let dead = service.dead_letters();
            letters.extend(dead.map_err(|error| Problem::unavailable(&error.to_string()))?);
        }
        Ok(Reply::ok(&letters))
    })
}

type Letters = (Arc<Kit>, Arc<[ReactionsHealth]>);
