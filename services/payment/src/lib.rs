//! HTTP API of payment. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/payment/`.

use std::sync::Arc;

use dossier::payment::{Payment, STEPS};
use service_kit::http::{document, mount_all};
use service_kit::tasks::{Keeper, Progress, Reactions, Stalled, Tasks};
use service_kit::view::View;
use service_kit::{Kit, Service, Streams};

mod http;
mod open;
mod provider;
mod queries;
mod receipts;

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) payments: Arc<Streams<Payment>>,
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

/// Assembles the service: streams, background tasks, views and routes.
pub async fn service(kit: &Arc<Kit>) -> Result<Service, Stalled> {
    let payments = Arc::new(Streams::new(Arc::clone(kit)));
    let (reactions, progress) = Reactions::open("payment", "payment-reactions", &payments).await?;
    payments.fed_by(progress.clone());
    let (keeper, health) =
        Keeper::open("payment", "payment-deadlines", &payments, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    tasks.add_led(queries::Queries::open(&payments)?, kit.lead("payment"));
    tasks.add_led(receipts::Issuer::open(&payments)?, kit.lead("payment"));
    let (keeps, open, shown) = open::OpenTasks::open(&payments)?;
    tasks.add(keeps);
    let views = vec![shown.clone()];
    let app = Arc::new(App { payments, open, shown });
    Ok(Service {
        name: "payment",
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        steps: STEPS,
        sources: &["payment"],
        views,
        keepers: vec![health],
        reactions: vec![letters],
    })
}
