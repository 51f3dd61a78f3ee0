//! Returns a dossier as it was recorded at an earlier instant, for auditors.

use std::sync::Arc;

use dossier::contract::{DecidedBy, DossierId};
use dossier::intake::{Intake, READ_PAST};
use dossier::overview::{DossierStates, Overview};
use engine::overview::{apply, events_of};
use engine::{Streams, time_of};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, shown};

use super::get_dossier::{Readable, load};
use super::reply::DossierReply;
use crate::App;

/// Of which instant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastStateQuery {
    /// The instant; what was recorded at it is included.
    #[schema(example = "2026-11-20T02:00:00Z")]
    at: Timestamp,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/dossiers/{dossier}/past-state",
        "get_past_state",
        "Show a dossier as it was at an instant",
    )
    .describe(
        "What officers could read then: computed from the events that had been recorded by that \
         instant, in all services. Names of agencies and procedures, and the lists of codes, are \
         those of now, tasks and their due dates follow the rules of now, and what was \
         erased since is null. The `ETag` is that of the version at that \
         instant. 404 `not-found` before the submission.",
    )
    .roles(READ_PAST)
    .query::<PastStateQuery>()
    .versioned()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let PastStateQuery { at } = request.query()?;
    let caller = request.caller()?;
    let Readable { loaded: present, resource, is_former } =
        load(&app, dossier, &request, READ_PAST).await?;
    request.read_as(READ_PAST, &resource)?;
    let stream = Streams::<Intake>::of(dossier.0);
    let (mut states, mut version) = (DossierStates::default(), None);
    for event in events_of(&app.engine.store, dossier).await? {
        if time_of(&event)? > at {
            continue;
        }
        // Who transferred the dossier reads no later version of it.
        if event.stream == stream && Some(event.version) <= present.version {
            version = Some(event.version);
        }
        apply(&mut states, &event)?;
    }
    let past = app.dossiers.load_at(&stream, version.ok_or_else(Problem::not_found)?).await?;
    let law = app.engine.law();
    let mut reply = DossierReply::new(&past.state, &law);
    if past.state.decision().is_some_and(|decision| decision.by != DecidedBy::Silence) {
        reply = reply.map(|reply| reply.decided_because(&states.review));
    }
    if !is_former && let Some(overview) = Overview::of(&states, &law, at) {
        reply = reply.map(|reply| reply.with_overview(&overview, &law, true));
    }
    shown(&past, reply.map(|reply| reply.for_caller(caller, &resource)))
}
