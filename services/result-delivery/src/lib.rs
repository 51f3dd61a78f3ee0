//! Result delivery on the wire. One file per step under `http/`, with the same stem as the law in `libs/dossier/src/delivery/`.

use std::sync::Arc;

use dossier::delivery::{DeliveryReaction, DossierResult, STEPS};
use service_kit::http::finish_openapi;
use service_kit::tasks::{Keeper, Reactions, Stalled, Tasks};
use service_kit::{Kit, Service, Streams};

mod http;
mod waybills;

/// What the handlers need.
#[derive(Debug)]
pub struct App {
    pub(crate) results: Arc<Streams<DossierResult>>,
}

/// The document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    finish_openapi("Result delivery", "Results, parcels and proof of delivery.", http::DOCS)
}

/// Puts the service together.
pub async fn service(kit: &Arc<Kit>) -> Result<Service, Stalled> {
    let results = Arc::new(Streams::new(Arc::clone(kit)));
    let (reactions, progress) = Reactions::<DeliveryReaction>::open(
        "result-delivery",
        "result-delivery-reactions",
        &results,
    )
    .await?;
    results.fed_by(progress.clone());
    let (keeper, health) =
        Keeper::open("result-delivery", "result-delivery-deadlines", &results, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    service_kit::unmatched::offer(kit, "result-delivery");
    let app = Arc::new(App { results });
    Ok(Service {
        name: "result-delivery",
        routes: http::routes(&app),
        tasks,
        openapi: openapi(),
        steps: STEPS,
        sources: &["delivery"],
        views: Vec::new(),
        keepers: vec![health],
        reactions: vec![letters],
    })
}
