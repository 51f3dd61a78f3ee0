//! Everything that was recorded for a dossier, across services, in the order in which it was recorded.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Caller};
use dossier::contract::{AgencyCode, DossierId, Envelope, EventSet, IntakeEvent, Role, Subject};
use dossier::feedback::{Complaint, READ, TIMELINE};
use dossier::intake::READ_TIMELINE;
use events::{Recorded, StreamName};
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use service_kit::http::{Operation, Problem, Reply, Request};
use service_kit::view::Question;
use service_kit::{Streams, fold};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// How many complaints about a dossier are looked at.
const COMPLAINTS_MAX: u32 = 100;

/// Something that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntryReply {
    /// When.
    at: Timestamp,
    /// What, for example `intake.DossierAccepted.v1`.
    #[schema(example = "intake.DossierAccepted.v1")]
    event: String,
    /// In what capacity somebody did it.
    role: Role,
    /// Who, for officers; the applicant sees only the capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// For which agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// Its place in the whole log. A complaint about a step names it by this; what was recorded of complaints cannot be named.
    position: u64,
    /// The complaint that it was recorded for, at `/v1/complaints/{complaint}`, where its answer is and where it is reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint: Option<Uuid>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossiers/{dossier}/timeline",
        "get_timeline",
        "Show the timeline of a dossier",
    )
    .describe(
        "Everything that was recorded for the dossier in all services, in the order of the log.",
    )
    .roles(READ_TIMELINE)
    .list::<TimelineEntryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    request.catch_up(&app.kit, Some(&app.progress)).await?;
    let mut recorded: Vec<Recorded> = Vec::new();
    for category in TIMELINE {
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
    let complaints = complaints(&app, dossier).await?;
    let mut resource = submitted.brief.resource();
    resource.complained = complaints.iter().filter_map(Complained::dealt_with_by).collect();
    let role = access::decide(caller, READ_TIMELINE, Some(&resource))?.role;
    let shown = complaints.into_iter().filter(|complaint| complaint.is_shown_to(caller, role));
    recorded.extend(shown.flat_map(|complaint| complaint.events));
    recorded.sort_by_key(|event| event.position);
    let entries = recorded.iter().map(|event| entry(event, role)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&entries))
}

/// A complaint about the dossier.
struct Complained {
    complaint: Complaint,
    events: Vec<Recorded>,
}

impl Complained {
    fn dealt_with_by(&self) -> Option<AgencyCode> {
        self.complaint.dealt_with_by().cloned()
    }

    /// Whether somebody sees it who sees the time line in a capacity: who deals with complaints sees those they deal with.
    fn is_shown_to(&self, caller: &Caller, role: Role) -> bool {
        let theirs = self.complaint.dealt_with_by().is_some_and(|agency| caller.acts_for(agency));
        let readable = access::decide(caller, READ, self.complaint.resource().as_ref()).is_ok();
        readable && (role != Role::ComplaintHandler || theirs)
    }
}

/// The complaints about a dossier, with what was recorded for them.
async fn complaints(app: &App, dossier: DossierId) -> Result<Vec<Complained>, Problem> {
    let named = app.view.query(Question::List, move |rows| {
        rows.prepare_cached("SELECT id FROM complaints WHERE dossier = ?1 ORDER BY id LIMIT ?2")?
            .query_map(params![dossier.to_string(), COMPLAINTS_MAX], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()
    });
    let mut complaints = Vec::new();
    for id in named.await? {
        let stream = Streams::<Complaint>::name(&id).map_err(|_| Problem::not_found())?;
        let events = app.kit.store.read_whole(&stream).await?;
        let complaint = fold(&events).map_err(|error| Problem::unavailable(&error.to_string()))?;
        complaints.push(Complained { complaint, events });
    }
    Ok(complaints)
}

fn entry(event: &Recorded, role: Role) -> Result<TimelineEntryReply, Problem> {
    let envelope: Envelope = serde_json::from_str(&event.meta)
        .map_err(|error| Problem::unavailable(&error.to_string()))?;
    let officer = role != Role::Applicant;
    let complaint = (event.stream.category() == Complaint::CATEGORY).then(|| event.stream.id());
    Ok(TimelineEntryReply {
        at: envelope.at,
        event: event.kind.to_string(),
        role: envelope.actor.role,
        subject: officer.then_some(envelope.actor.subject),
        agency: envelope.actor.agency,
        position: event.position.0,
        complaint: complaint.and_then(|complaint| complaint.parse().ok()),
    })
}
