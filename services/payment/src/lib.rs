//! HTTP API of payment. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/payment/`.

use std::sync::Arc;

use dossier::payment::Payment;
use dossier::services::ServiceName;
use engine::tasks::{Cursors, Keeper, Progress, Reactions, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use web::{Service, document, mount_all};

mod http;
mod open;
mod provider;
mod queries;
mod receipts;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Payment.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) payments: Arc<Streams<Payment>>,
    /// Whether sandbox payment providers, which move no money, are offered.
    pub(crate) sandbox: bool,
    /// Tasks of cashiers and unmatched notices.
    pub(crate) open: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Payment", "Fees, money and receipts.", &http::operations())
}

/// Assembles the service: streams, background tasks, views and routes. `sandbox` says whether
/// sandbox payment providers, which move no money, are offered.
pub async fn service(engine: &Arc<Engine>, sandbox: bool) -> Result<Service, Stalled> {
    let payments = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) = Reactions::open(NAME, "payment-reactions", &payments).await?;
    payments.fed_by(progress.clone());
    let (keeper, health) = Keeper::open(NAME, "payment-deadlines", &payments, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    let cursors = Cursors::open(engine, "payment-cursors")?;
    tasks.add(queries::Queries::follow(&payments, &cursors)?);
    tasks.add(receipts::Issuer::follow(&payments, &cursors)?);
    let (keeps, open, shown) = open::OpenTasks::follow(&payments)?;
    tasks.add(keeps);
    let views = vec![shown.clone()];
    let app = Arc::new(App { payments, sandbox, open, shown });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Payment.sources(),
        views,
        keepers: vec![health],
        reactions: vec![letters],
    })
}
