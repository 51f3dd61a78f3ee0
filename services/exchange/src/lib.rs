//! HTTP API of the exchange, and what it sends. One file per step under `http/`, with the same name
//! as the law in `libs/dossier/src/exchange/`.

use std::sync::Arc;

use dossier::exchange::Subscriber;
use dossier::mandates::Credential;
use dossier::services::ServiceName;
use engine::tasks::{Progress, Projector, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use ipnet::IpNet;
use outbox::{Outbox, Webhooks};
use platform::secret::Secret;
use web::changes::Cursors;
use web::{Service, document, mount_all};

mod challenge;
mod figures;
mod http;
mod keys;
mod lane;
pub mod limits;
mod listed;
mod message;
mod owners;
mod policy;
mod sender;

use figures::Figures;
use keys::Keys;
use listed::Listed;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Exchange.as_str();

/// State shared by the handlers and the sender.
#[derive(Debug)]
pub struct App {
    pub(crate) subscribers: Arc<Streams<Subscriber>>,
    pub(crate) credentials: Streams<Credential>,
    pub(crate) keys: Keys,
    pub(crate) cursors: Cursors,
    /// How far messages are, and what became of them.
    pub(crate) outbox: Outbox,
    pub(crate) webhooks: Webhooks,
    /// All subscribers, for lists and limits.
    pub(crate) listed: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
    /// How the lanes are, for metrics.
    pub(crate) figures: Arc<Figures>,
}

impl App {
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        self.subscribers.engine()
    }
}

/// Sends messages to subscribers at public addresses over TLS; to those in `networks` too, and
/// without TLS if `permits_http`.
///
/// # Errors
///
/// TLS cannot be set up.
pub fn webhooks(networks: Vec<IpNet>, permits_http: bool) -> Result<Webhooks, String> {
    Webhooks::new(networks, permits_http, limits::ANSWERED_WITHIN)
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Exchange", "Changes, sent to subscribers.", &http::operations())
}

/// Assembles the service: streams, background tasks, views and routes.
pub fn service(
    engine: &Arc<Engine>,
    secret: &Secret,
    (outbox, webhooks): (&Outbox, &Webhooks),
) -> Result<Service, Stalled> {
    let (lists, listed, shown) = Projector::open(engine, Listed)?;
    let mut tasks = Tasks::default();
    tasks.add(lists);
    let app = Arc::new(App {
        subscribers: Arc::new(Streams::new(Arc::clone(engine))),
        credentials: Streams::new(Arc::clone(engine)),
        keys: Keys::new(secret.clone()),
        cursors: Cursors::new(engine.store.id(), secret.clone()),
        outbox: outbox.clone(),
        webhooks: webhooks.clone(),
        listed,
        shown: shown.clone(),
        figures: Arc::default(),
    });
    let lead = engine.lead(NAME);
    figures::offer(engine, &app.figures, &lead);
    tasks.add_led(sender::Sender::new(&app, lead.clone()), lead);
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Exchange.sources(),
        views: vec![shown],
        keepers: Vec::new(),
        reactions: Vec::new(),
    })
}
