//! The read side: look-up, timeline, queues, statistics. It has no steps; everything is derived
//! from the events of the other services.

use std::sync::Arc;

use dossier::delivery::DossierResult;
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use dossier::mandates::Mandate;
use dossier::services::ServiceName;
use engine::tasks::{Progress, Projector, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use platform::secret::Secret;
use tokio::sync::Semaphore;
use web::{Service, document, mount_all};

mod changes;
mod dossiers;
mod figures;
mod http;
mod impartial;
mod lists;
mod names;
mod parcels;
mod reads;
mod represented;
mod search;
mod statistics;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Register.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) view: Arc<View>,
    pub(crate) progress: Progress,
    /// Permits of exports.
    pub(crate) exports: Arc<Semaphore>,
    /// The months that were published lately.
    pub(crate) published: statistics::Published<http::PublicFiguresReply>,
    pub(crate) search: search::Search,
    /// The view of parcels, and how far it is.
    pub(crate) parcels: Arc<View>,
    pub(crate) parcels_progress: Progress,
    /// The key of labels in lists.
    pub(crate) label_key: lists::LabelKey,
    /// The view of lists and work queues, and how far it is.
    pub(crate) lists: Arc<View>,
    pub(crate) listed: Progress,
    /// Streams from which the names of persons on a page are opened, and whose owners may list the
    /// reads of them.
    pub(crate) intakes: Streams<Intake>,
    pub(crate) results: Streams<DossierResult>,
    pub(crate) complaints: Streams<Complaint>,
    pub(crate) mandates: Streams<Mandate>,
    /// The change feed.
    pub(crate) changes: changes::Feed,
    /// The view of reads of personal data, and how far it is.
    pub(crate) reads: Arc<View>,
    pub(crate) reads_progress: Progress,
    /// The view of open mandates by representative, and how far it is.
    pub(crate) represented: Arc<View>,
    pub(crate) represented_progress: Progress,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document("Register", "Look-up, timeline, queues and statistics.", &http::operations())
}

/// Assembles the service: projection, metrics and routes.
pub fn service(engine: &Arc<Engine>, secret: &Secret) -> Result<Service, Stalled> {
    let projection = dossiers::Dossiers::new(Arc::clone(engine));
    let (projector, view, progress) = Projector::open(engine, projection)?;
    figures::offer(engine, &view);
    let mut tasks = Tasks::default();
    tasks.add(projector);
    let (search, indexer) = search::Search::open(engine, secret)?;
    tasks.add(indexer);
    let (parcels_projector, parcels, parcels_progress) = Projector::open(engine, parcels::Parcels)?;
    tasks.add(parcels_projector);
    let (lister, lists, listed) = lists::open(engine, secret)?;
    tasks.add(lister);
    let (reads_projector, reads, reads_progress) = Projector::open(engine, reads::Reads)?;
    tasks.add(reads_projector);
    let (represented_projector, represented, represented_progress) =
        Projector::open(engine, represented::Represented)?;
    tasks.add(represented_projector);
    let owners = (Arc::clone(&lists), listed.clone());
    let complaints = (Arc::clone(&view), progress.clone());
    let app = Arc::new(App {
        changes: changes::Feed::new(engine, owners, complaints, secret),
        engine: Arc::clone(engine),
        view,
        progress,
        exports: Arc::new(Semaphore::new(http::EXPORTS_AT_ONCE)),
        published: statistics::Published::default(),
        search,
        parcels,
        parcels_progress,
        label_key: lists::LabelKey::of(secret),
        lists,
        listed,
        intakes: Streams::new(Arc::clone(engine)),
        results: Streams::new(Arc::clone(engine)),
        complaints: Streams::new(Arc::clone(engine)),
        mandates: Streams::new(Arc::clone(engine)),
        reads,
        reads_progress,
        represented,
        represented_progress,
    });
    Ok(Service {
        name: NAME,
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        sources: ServiceName::Register.sources(),
        views: vec![
            app.progress.clone(),
            app.search.progress().clone(),
            app.parcels_progress.clone(),
            app.listed.clone(),
            app.reads_progress.clone(),
            app.represented_progress.clone(),
        ],
        keepers: Vec::new(),
        reactions: Vec::new(),
    })
}
