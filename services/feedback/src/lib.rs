//! HTTP API of feedback. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/feedback/`.

use std::sync::Arc;

use dossier::feedback::{Complaint, Rating};
use dossier::services::ServiceName;
use engine::tasks::{Keeper, Reactions, Stalled, Tasks};
use engine::{Engine, Streams};
use web::{Service, document, mount_all};

mod http;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Feedback.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) ratings: Arc<Streams<Rating>>,
    pub(crate) complaints: Arc<Streams<Complaint>>,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Feedback", "Ratings, complaints and petitions.", &http::operations())
}

/// Assembles the service: streams, background tasks and routes.
pub async fn service(engine: &Arc<Engine>) -> Result<Service, Stalled> {
    let ratings = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) = Reactions::open(NAME, "feedback-reactions", &ratings).await?;
    ratings.fed_by(progress.clone());
    let complaints = Arc::new(Streams::new(Arc::clone(engine)));
    let (keeper, health) = Keeper::open(NAME, "complaint-deadlines", &complaints, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    let app = Arc::new(App { ratings, complaints });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Feedback.sources(),
        views: Vec::new(),
        keepers: vec![health],
        reactions: vec![letters],
    })
}
