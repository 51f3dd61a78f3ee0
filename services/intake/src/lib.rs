//! HTTP API of intake, the one-stop unit: contact with the applicant, documents, the statutory
//! clock.
//!
//! One file per step under `http/`, with the same name as the law in `libs/dossier/src/intake/`.

use std::sync::Arc;

use dossier::intake::declare_outage::OutageRecord;
use dossier::intake::{Intake, Rules, STEPS};
use service_kit::documents::Orphans;
use service_kit::http::{document, mount_all};
use service_kit::tasks::{Keeper, KeeperHealth, Reactions, Stalled, Tasks};
use service_kit::{Kit, Service, Streams};

mod concerned;
mod http;
mod restatements;

use restatements::Restatements;

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) kit: Arc<Kit>,
    pub(crate) dossiers: Arc<Streams<Intake>>,
    pub(crate) rules: Arc<Streams<Rules>>,
    pub(crate) outages: Arc<Streams<OutageRecord>>,
    /// The dossiers with open obligations.
    pub(crate) deadlines: KeeperHealth,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    document(
        "Intake",
        "Receives dossiers, has all contact with the applicant, and keeps the statutory clock.",
        &http::operations(),
    )
}

/// Assembles the service: streams, background tasks and routes.
pub async fn service(kit: &Arc<Kit>) -> Result<Service, Stalled> {
    let dossiers = Arc::new(Streams::new(Arc::clone(kit)));
    let mut tasks = Tasks::default();
    let (reactions, progress) = Reactions::open("intake", "intake-reactions", &dossiers).await?;
    dossiers.fed_by(progress.clone());
    let (keeper, health) = Keeper::open("intake", "intake-deadlines", &dossiers, Some(&progress))?;
    let letters = reactions.health();
    tasks.add_led(Restatements::open(&dossiers, health.clone())?, kit.lead("intake"));
    tasks.add(reactions);
    tasks.add(keeper);
    let (named, orphans) = Orphans::open(kit)?;
    tasks.add(named);
    tasks.add_led(orphans, kit.lead("intake"));
    let rules = Arc::new(Streams::new(Arc::clone(kit)));
    let outages = Arc::new(Streams::new(Arc::clone(kit)));
    let deadlines = health.clone();
    let app = Arc::new(App { kit: Arc::clone(kit), dossiers, rules, outages, deadlines });
    Ok(Service {
        name: "intake",
        routes: mount_all(&app, http::operations()),
        tasks,
        openapi: openapi(),
        steps: STEPS,
        sources: &["intake", "law", "bus"],
        views: Vec::new(),
        keepers: vec![health],
        reactions: vec![letters],
    })
}
