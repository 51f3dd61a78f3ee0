//! Returns a dossier in its present state.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, May, Resource};
use dossier::contract::{AgencyCode, DecidedBy, DossierId, Role};
use dossier::intake::{Intake, READ_DOSSIER};
use dossier::overview::Overview;
use dossier::review::Review;
use engine::{Loaded, Streams, fold};
use web::{Operation, Problem, Reply, Request, former, shown};

use super::reply::DossierReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/dossiers/{dossier}", "get_dossier", "Show a dossier")
        .roles(READ_DOSSIER)
        .versioned()
        .reply::<DossierReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let Readable { loaded, resource, is_former } =
        load(&app, dossier, &request, READ_DOSSIER).await?;
    let role = request.read_as(READ_DOSSIER, &resource)?.role;
    let for_officers = role.is_officer();
    let mut reply = DossierReply::new(&loaded.state, &app.engine.law());
    if loaded.state.decision().is_some_and(|decision| decision.by != DecidedBy::Silence) {
        let review = review(&app, dossier).await?;
        reply = reply.map(|reply| reply.decided_because(&review));
    }
    if !is_former {
        let (law, states) =
            (app.engine.law(), engine::overview::states_of(&app.engine.store, dossier).await?);
        if let Some(overview) = Overview::of(&states, &law, app.engine.clock.now()) {
            reply = reply.map(|reply| reply.with_overview(&overview, &law, for_officers));
        }
    }
    shown(&loaded, reply.map(|reply| reply.for_caller(caller, &resource)))
}

/// A dossier as the caller may read it.
pub(super) struct Readable {
    pub(super) loaded: Arc<Loaded<Intake>>,
    pub(super) resource: Resource,
    /// Whether the caller's agency transferred it, and reads what had been recorded until then.
    pub(super) is_former: bool,
}

/// A dossier and its owners. The consulted agencies are recorded in the stream of its review, which
/// is read only for callers with the role of a consulted agency.
pub(super) async fn load(
    app: &App,
    dossier: DossierId,
    request: &Request,
    mays: &[May],
) -> Result<Readable, Problem> {
    let caller = request.caller()?;
    let stream = Streams::<Intake>::name(&dossier.to_string());
    let stream = stream.map_err(|_| Problem::not_found())?;
    request.catch_up(app.dossiers.reactions()).await?;
    let asked = if caller.roles.contains(&Role::Consultee) {
        consulting(app, dossier).await?
    } else {
        Vec::new()
    };
    let loaded = app.dossiers.load(&stream).await?;
    let resource = loaded.state.resource().ok_or_else(Problem::not_found)?;
    let resource = Resource { consulted: asked, ..resource };
    if access::decide(caller, mays, Some(&resource)).is_err()
        && let Some(former) = former(&app.dossiers, (mays, &stream), &resource, request).await?
    {
        let resource = former.state.resource().ok_or_else(Problem::not_found)?;
        return Ok(Readable { loaded: Arc::new(former), resource, is_former: true });
    }
    Ok(Readable { loaded, resource, is_former: false })
}

/// The review of a dossier, from the store.
async fn review(app: &App, dossier: DossierId) -> Result<Review, Problem> {
    let stream = Streams::<Review>::name(&dossier.to_string());
    let recorded = app.engine.store.read_whole(&stream.map_err(|_| Problem::not_found())?).await?;
    Ok(fold(&recorded)?)
}

/// The agencies that were consulted and have not answered.
async fn consulting(app: &App, dossier: DossierId) -> Result<Vec<AgencyCode>, Problem> {
    Ok(review(app, dossier).await?.consulting().cloned().collect())
}
