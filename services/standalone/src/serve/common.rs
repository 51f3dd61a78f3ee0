//! What no service owns: health, figures and the OpenAPI documents. Together with the public look-up they are all that is open
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
        mount("/metrics", metrics(kit, services)),
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

/// What whoever watches wants to know, counted independently of those who do the work.
struct Counts {
    /// Whether the store answers.
    readable: bool,
    head: u64,
    open: usize,
    /// Overdue for more than a minute: should have been enforced, and was not.
    overdue: usize,
    /// Given up, and waiting for an operator.
    dead: u64,
}

#[derive(Clone)]
struct Watch {
    kit: Arc<Kit>,
    keepers: Arc<[KeeperHealth]>,
    reactions: Arc<[ReactionsHealth]>,
}

impl Watch {
    fn new(kit: &Arc<Kit>, services: &[Service]) -> Self {
        let keepers = services.iter().flat_map(|service| service.keepers.iter().cloned()).collect();
        Self { kit: Arc::clone(kit), keepers, reactions: reactions(services) }
    }

    async fn count(&self) -> Counts {
        let head = self.kit.store.head();
        let before = events::Position(head.0.saturating_sub(1));
        let all = events::Filter::default();
        let mut dead = 0;
        for service in self.reactions.iter() {
            dead += service.dead_letters().await.map_or(0, |letters| letters.len() as u64);
        }
        Counts {
            readable: self.kit.store.read_all(before, &all, 1).await.is_ok(),
            head: head.0,
            open: self.keepers.iter().map(KeeperHealth::open).sum(),
            overdue: self.keepers.iter().map(KeeperHealth::overdue).sum(),
            dead,
        }
    }
}

/// The store answers. What stands beside it are warnings: the service still takes what it is given.
fn ready(kit: &Arc<Kit>, services: &[Service]) -> Route {
    let watch = Watch::new(kit, services);
    warp::get()
        .then(move || {
            let watch = watch.clone();
            async move {
                let Counts { readable, head, open, overdue, dead } = watch.count().await;
                let stats = watch.kit.store.stats();
                let body = serde_json::json!({
                    "ready": readable, "warning": overdue > 0 || dead > 0, "head": head,
                    "open_obligations": open, "overdue_obligations": overdue, "dead_letters": dead,
                    "groups": stats.groups, "events": stats.events,
                });
                let status =
                    if readable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                warp::reply::with_status(json(body.to_string()), status).into_response()
            }
        })
        .boxed()
}

/// The same as figures, in the text format of Prometheus (version 0.0.4).
fn metrics(kit: &Arc<Kit>, services: &[Service]) -> Route {
    let watch = Watch::new(kit, services);
    warp::get()
        .then(move || {
            let watch = watch.clone();
            async move {
                let counts = watch.count().await;
                let stats = watch.kit.store.stats();
                let text = exposition(&[
                    ("gauge", "dossier_store_readable", u64::from(counts.readable)),
                    ("gauge", "dossier_log_head", counts.head),
                    ("gauge", "dossier_obligations_open", counts.open as u64),
                    ("gauge", "dossier_obligations_overdue", counts.overdue as u64),
                    ("gauge", "dossier_dead_letters", counts.dead),
                    ("counter", "dossier_store_groups_total", stats.groups),
                    ("counter", "dossier_store_events_total", stats.events),
                ]);
                warp::reply::with_header(text, CONTENT_TYPE, "text/plain; version=0.0.4")
                    .into_response()
            }
        })
        .boxed()
}

fn exposition(figures: &[(&str, &str, u64)]) -> String {
    let line = |(kind, name, value): &(&str, &str, u64)| -> String {
        format!("# TYPE {name} {kind}\n{name} {value}\n")
    };
    figures.iter().map(line).collect::<Vec<_>>().concat()
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
            let dead = service.dead_letters().await;
            letters.extend(dead.map_err(|error| Problem::unavailable(&error.to_string()))?);
        }
        Ok(Reply::ok(&letters))
    })
}

type Letters = (Arc<Kit>, Arc<[ReactionsHealth]>);
