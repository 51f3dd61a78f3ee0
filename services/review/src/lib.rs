//! HTTP API of review. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/review/`.

use std::sync::Arc;

use dossier::review::Review;
use dossier::services::ServiceName;
use engine::tasks::{Keeper, Progress, Projector, Reactions, Stalled, Tasks};
use engine::{Engine, Streams};
use web::{Service, document, mount_all};

mod http;
mod loads;

use loads::{OfficerLoads, OfficersOfReviews, Weighing};

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Review.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) reviews: Arc<Streams<Review>>,
    pub(crate) loads: Arc<OfficerLoads>,
    /// How far `loads` has come.
    pub(crate) shown: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let description = "Who works on a dossier, what was done, and the decision.";
    document("Review", description, &http::operations())
}

/// Assembles the service: streams, background tasks and routes.
pub async fn service(engine: &Arc<Engine>) -> Result<Service, Stalled> {
    let reviews = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) = Reactions::open(NAME, "review-reactions", &reviews).await?;
    reviews.fed_by(progress.clone());
    let (keeper, health) = Keeper::open(NAME, "review-deadlines", &reviews, Some(&progress))?;
    let (projector, view, shown) = Projector::open(engine, OfficersOfReviews)?;
    let loads = Arc::new(OfficerLoads::new(view));
    let turn = tokio::sync::Mutex::default();
    let weighing = Weighing { reviews: Arc::clone(&reviews), loads: Arc::clone(&loads), turn };
    let reactions = reactions.with(weighing);
    let mut tasks = Tasks::default();
    tasks.add(projector);
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    let app = Arc::new(App { reviews, loads, shown: shown.clone() });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Review.sources(),
        views: vec![shown],
        keepers: vec![health],
        reactions: vec![letters],
    })
}
