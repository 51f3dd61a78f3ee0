//! HTTP API of result delivery. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/delivery/`.

use std::sync::Arc;

use documents::Documents;
use dossier::delivery::DossierResult;
use dossier::services::ServiceName;
use engine::tasks::{Keeper, Progress, Projector, Reactions, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use events::Position;
use web::{Service, document, mount_all};

mod answers;
mod http;
mod numbers;
mod parcels;
mod untaken;
mod waybills;

use answers::Answers;
use numbers::Numbers;
use parcels::Parcels;
use untaken::{Untaken, UntakenNumbers};

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Delivery.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) results: Arc<Streams<DossierResult>>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) numbers: Arc<Numbers>,
    /// Parcels by waybill.
    pub(crate) parcels: Arc<View>,
    /// Position that this view has reached.
    pub(crate) parcels_known: Progress,
    /// Head of the log when this process started. Hand-overs after it have taken their waybill.
    pub(crate) began_at: Position,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Result delivery", "Results, parcels and proof of delivery.", &http::operations())
}

/// Assembles the service: streams, background tasks, views and routes.
pub async fn service(engine: &Arc<Engine>, documents: &Arc<Documents>) -> Result<Service, Stalled> {
    let results = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) =
        Reactions::open(NAME, "result-delivery-reactions", &results).await?;
    results.fed_by(progress.clone());
    let (earlier, view, read) = Projector::open(engine, UntakenNumbers)?;
    let untaken = Untaken::new(view, read.clone(), engine.store.head());
    let numbers = Arc::new(Numbers::new(untaken));
    let answers = Answers { results: Arc::clone(&results), numbers: Arc::clone(&numbers) };
    let reactions = reactions.with(answers);
    let (keeper, health) =
        Keeper::open(NAME, "result-delivery-deadlines", &results, Some(&progress))?;
    let mut tasks = Tasks::default();
    // First, because reactions wait for it.
    tasks.add(earlier);
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    engine::unmatched::offer(engine, NAME);
    let (projector, parcels, shown) = Projector::open(engine, Parcels)?;
    tasks.add(projector);
    let (parcels_known, began_at) = (shown.clone(), engine.store.head());
    let documents = Arc::clone(documents);
    let app = Arc::new(App { results, documents, numbers, parcels, parcels_known, began_at });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Delivery.sources(),
        views: vec![shown, read],
        keepers: vec![health],
        reactions: vec![letters],
    })
}
