//! HTTP API of intake, the one-stop unit: contact with the applicant, documents, the statutory
//! clock.
//!
//! One file per step under `http/`, with the same name as the law in `libs/dossier/src/intake/`.
//! Mandates are the module `mandates`, with `libs/dossier/src/mandates/`.
//! The law itself, as it is issued, is the module `rules`, with `libs/dossier/src/rules/`; the
//! directories of the agencies are the module `directory`, with `libs/dossier/src/directory/`;
//! labels, notes and messages on dossiers are the module `notes`, with `libs/dossier/src/notes/`.
//! What-ifs, which try a change of the law on all dossiers, are the module `what_ifs`.

use std::sync::Arc;

use documents::{Documents, Orphans};
use dossier::intake::Intake;
use dossier::services::ServiceName;
use engine::codes::Codes;
use engine::tasks::{Keeper, Reactions, Stalled, Tasks};
use engine::{Engine, Streams};
use web::{Describing, Service, mount_all};

mod concerned;
mod directory;
mod http;
mod mandates;
mod notes;
mod restatements;
mod rules;
mod what_ifs;

use concerned::OpenDossiers;
use restatements::Restatements;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Intake.as_str();

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) documents: Arc<Documents>,
    /// Issues codes of new dossiers.
    pub(crate) codes: Arc<Codes>,
    pub(crate) dossiers: Arc<Streams<Intake>>,
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Describing::new("Intake")
        .with(&http::operations())
        .with(&notes::http::operations())
        .with(&rules::http::operations())
        .with(&directory::http::operations())
        .with(&mandates::http::operations())
        .with(&what_ifs::http::operations())
        .finish(
            "Receives dossiers, has all contact with the applicant, and keeps the statutory clock.",
        )
}

/// Assembles the service: streams, background tasks and routes. `rule_signers`, 1 or 2, persons
/// must agree before a file of rules is issued.
pub async fn service(
    engine: &Arc<Engine>,
    documents: &Arc<Documents>,
    codes: &Arc<Codes>,
    rule_signers: u8,
) -> Result<Service, Stalled> {
    let dossiers = Arc::new(Streams::new(Arc::clone(engine)));
    let mut tasks = Tasks::default();
    let (reactions, progress) = Reactions::open(NAME, "intake-reactions", &dossiers).await?;
    dossiers.fed_by(progress.clone());
    let (keeper, health) = Keeper::open(NAME, "intake-deadlines", &dossiers, Some(&progress))?;
    let letters = reactions.health();
    tasks.add(Restatements::follow(&dossiers, health.clone())?);
    tasks.add(reactions);
    tasks.add(keeper);
    let (named, orphans) = Orphans::open(engine, documents)?;
    tasks.add(named);
    tasks.add_led(orphans, engine.lead(NAME));
    let open = OpenDossiers { dossiers: Arc::clone(&dossiers), deadlines: health.clone() };
    let law = Arc::new(rules::App::new(engine, rule_signers, open));
    let tried = Arc::new(what_ifs::App::new(engine, rule_signers));
    let people = Arc::new(directory::App::new(engine));
    let (acting, mandate_health) = mandates::App::open(NAME, engine, documents, &mut tasks)?;
    let (listed, acting) = (acting.shown.clone(), Arc::new(acting));
    let noted = Arc::new(notes::App::new(engine, documents, &dossiers));
    let (engine, documents, codes) = (Arc::clone(engine), Arc::clone(documents), Arc::clone(codes));
    let app = Arc::new(App { engine, documents, codes, dossiers });
    let mut routes = mount_all(&app, http::operations());
    routes.extend(mount_all(&law, rules::http::operations()));
    routes.extend(mount_all(&people, directory::http::operations()));
    routes.extend(mount_all(&acting, mandates::http::operations()));
    routes.extend(mount_all(&noted, notes::http::operations()));
    routes.extend(mount_all(&tried, what_ifs::http::operations()));
    Ok(Service {
        name: NAME,
        routes,
        tasks,
        openapi: openapi(),
        sources: ServiceName::Intake.sources(),
        views: vec![listed],
        keepers: vec![health, mandate_health],
        reactions: vec![letters],
    })
}
