//! Everything that was recorded for a dossier, across services, in the order in which it was recorded.

use std::sync::Arc;

use dossier::access;
use dossier::contract::{DossierId, Envelope, EventSet, IntakeEvent, Role};
use dossier::intake::READ;
use events::{Recorded, StreamName};
use jiff::Timestamp;
use serde::Serialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use crate::App;

/// The streams of a dossier.
const CATEGORIES: [&str; 5] = ["intake", "payment", "review", "delivery", "rating"];

/// Something that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntryReply {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What, for example `intake.DossierAccepted.v1`.
    event: String,
    /// In what capacity somebody did it.
    #[schema(value_type = String)]
    role: Role,
    /// Who, for officers; the applicant sees only the capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// For which agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    /// Its place in the whole log.
    position: u64,
}

/// Everything that was recorded for a dossier, for those who may see it.
#[utoipa::path(
    get,
    path = "/v1/dossiers/{dossier}/timeline",
    operation_id = "get_timeline",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, body = Vec<TimelineEntryReply>)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let mut recorded: Vec<Recorded> = Vec::new();
    for category in CATEGORIES {
        let stream =
            StreamName::new(&format!("{category}-{dossier}")).map_err(|_| Problem::not_found())?;
        recorded.extend(app.kit.store.read_whole(&stream).await?);
    }
    let first = recorded.first().ok_or_else(Problem::not_found)?;
    let Ok(IntakeEvent::DossierSubmitted(submitted)) =
        IntakeEvent::decode(&first.kind, &first.data)
    else {
        return Err(Problem::not_found());
    };
    let resource = submitted.brief.resource();
    let role = access::decide(caller, READ, Some(&resource))?.role;
    recorded.sort_by_key(|event| event.position);
    let entries = recorded.iter().map(|event| entry(event, role)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&entries))
}

fn entry(event: &Recorded, role: Role) -> Result<TimelineEntryReply, Problem> {
    let envelope: Envelope = serde_json::from_str(&event.meta)
        .map_err(|error| Problem::unavailable(&error.to_string()))?;
    let officer = role != Role::Applicant;
    Ok(TimelineEntryReply {
        at: envelope.at,
        event: event.kind.to_string(),
        role: envelope.actor.role,
        subject: officer.then(|| envelope.actor.subject.to_string()),
        agency: envelope.actor.agency.map(|agency| agency.to_string()),
        position: event.position.0,
    })
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(READ),
        warp::path!("v1" / "dossiers" / DossierId / "timeline"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
