//! The read side: look-up, timeline, queues, statistics. It has no steps; everything is derived
//! from the events of the other services.

use std::sync::Arc;

use dossier::services::ServiceName;
use engine::Engine;
use engine::tasks::{Progress, Projector, Stalled, Tasks};
use engine::view::View;
use web::{Service, document, mount_all};

mod dossiers;
mod figures;
mod http;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Register.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) view: Arc<View>,
    pub(crate) progress: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Register", "Look-up, timeline, queues and statistics.", &http::operations())
}

/// Assembles the service: projection, metrics and routes.
pub fn service(engine: &Arc<Engine>) -> Result<Service, Stalled> {
    let projection = dossiers::Dossiers::new(Arc::clone(engine));
    let (projector, view, progress) = Projector::open(engine, projection)?;
    figures::offer(engine, &view);
    let mut tasks = Tasks::default();
    tasks.add(projector);
    let app = Arc::new(App { engine: Arc::clone(engine), view, progress });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Register.sources(),
        views: vec![app.progress.clone()],
        keepers: Vec::new(),
        reactions: Vec::new(),
    })
}
