//! Returns a dossier in its present state.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Caller, Resource};
use dossier::contract::{AgencyCode, DossierId, Role};
use dossier::intake::{Intake, READ_CONTENT, READ_DOSSIER};
use dossier::review::Review;
use engine::{Loaded, Streams, fold};
use web::{Operation, Problem, Reply, Request, shown};

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
    let (loaded, resource) = load(&app, dossier, &request, caller).await?;
    Request::permitted_over(caller, READ_DOSSIER, Some(resource.clone()))?;
    let shown_whole = access::decide(caller, READ_CONTENT, Some(&resource)).is_ok();
    let reply = DossierReply::new(&loaded.state, &app.engine.law());
    shown(&loaded, reply.map(|reply| if shown_whole { reply } else { reply.without_content() }))
}

/// A dossier and its owners. The consulted agencies are recorded in the stream of its review, which
/// is read only for callers with the role of a consulted agency.
pub(super) async fn load(
    app: &App,
    dossier: DossierId,
    request: &Request,
    caller: &Caller,
) -> Result<(Arc<Loaded<Intake>>, Resource), Problem> {
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
    Ok((loaded, Resource { consulted: asked, ..resource }))
}

/// The agencies that were consulted and have not answered.
async fn consulting(app: &App, dossier: DossierId) -> Result<Vec<AgencyCode>, Problem> {
    let stream = Streams::<Review>::name(&dossier.to_string());
    let recorded = app.engine.store.read_whole(&stream.map_err(|_| Problem::not_found())?).await?;
    let review: Review = fold(&recorded)?;
    Ok(review.consulting().cloned().collect())
}
