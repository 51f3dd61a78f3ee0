//! The read side: look-up, timeline, queues, statistics. It has no steps; everything is derived
//! from the events of the other services.

use std::sync::Arc;

use dossier::services::ServiceName;
use service_kit::http::{document, mount_all};
use service_kit::tasks::{Progress, Projector, Stalled, Tasks};
use service_kit::view::View;
use service_kit::{Kit, Service};

mod dossiers;
mod figures;
mod http;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Register.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) kit: Arc<Kit>,
    pub(crate) view: Arc<View>,
    pub(crate) progress: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Register", "Look-up, timeline, queues and statistics.", &http::operations())
}

/// Assembles the service: projection, metrics and routes.
pub fn service(kit: &Arc<Kit>) -> Result<Service, Stalled> {
    let projection = dossiers::Dossiers::new(Arc::clone(kit));
    let (projector, view, progress) = Projector::open(kit, projection)?;
    figures::offer(kit, &view);
    let mut tasks = Tasks::default();
    tasks.add(projector);
    let app = Arc::new(App { kit: Arc::clone(kit), view, progress });
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
