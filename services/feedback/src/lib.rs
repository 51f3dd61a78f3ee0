//! HTTP API of feedback. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/feedback/`.

use std::sync::Arc;

use documents::Documents;
use dossier::feedback::{Complaint, Rating};
use dossier::services::ServiceName;
use engine::codes::Codes;
use engine::tasks::{Keeper, Progress, Reactions, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use web::{Service, document, mount_all};

mod http;
mod listed;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Feedback.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) ratings: Arc<Streams<Rating>>,
    pub(crate) complaints: Arc<Streams<Complaint>>,
    pub(crate) documents: Arc<Documents>,
    /// Issues the numbers of complaints.
    pub(crate) codes: Arc<Codes>,
    /// All complaints, for lists, figures and look-ups by number.
    pub(crate) listed: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Feedback", "Ratings, complaints and petitions.", &http::operations())
}

/// Assembles the service: streams, background tasks and routes.
pub async fn service(
    engine: &Arc<Engine>,
    documents: &Arc<Documents>,
    codes: &Arc<Codes>,
) -> Result<Service, Stalled> {
    let ratings = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) = Reactions::open(NAME, "feedback-reactions", &ratings).await?;
    ratings.fed_by(progress.clone());
    let complaints = Arc::new(Streams::new(Arc::clone(engine)));
    let (keeper, health) = Keeper::open(NAME, "complaint-deadlines", &complaints, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    let (lists, listed, shown) = listed::Listed::follow(&complaints)?;
    tasks.add(lists);
    let views = vec![shown.clone()];
    let (documents, codes) = (Arc::clone(documents), Arc::clone(codes));
    let app = Arc::new(App { ratings, complaints, documents, codes, listed, shown });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Feedback.sources(),
        views,
        keepers: vec![health],
        reactions: vec![letters],
    })
}
