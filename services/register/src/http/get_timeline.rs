//! The timeline of a dossier: all its events in all services, in commit order.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Caller};
use dossier::contract::{AgencyCode, DossierId, EventSet, IntakeEvent, Role, Subject};
use dossier::feedback::{Complaint, READ};
use dossier::intake::READ_TIMELINE;
use dossier::services::Category;
use engine::view::Question;
use engine::{Streams, envelope, fold};
use events::{Recorded, StreamName};
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use crate::App;

/// Maximum number of complaints per timeline.
const COMPLAINTS_MAX: u32 = 100;

/// An event on the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntryReply {
    /// Time at which it was recorded.
    at: Timestamp,
    /// Kind of event, for example `intake.DossierAccepted.v1`.
    #[schema(example = "intake.DossierAccepted.v1")]
    event: String,
    /// Role of the actor.
    role: Role,
    /// Subject of the actor; only for officers. The applicant sees the role only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// Agency of the actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// Position in the log. A complaint refers to a timeline entry by it; entries of complaints
    /// cannot be named.
    position: u64,
    /// Id of the complaint to which the event belongs. Its answer is at
    /// `/v1/complaints/{complaint}`.
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
    request.catch_up(Some(&app.progress)).await?;
    let mut recorded: Vec<Recorded> = Vec::new();
    for category in Category::OF_A_DOSSIER {
        let stream =
            StreamName::new(&category.stream(dossier)).map_err(|_| Problem::not_found())?;
        recorded.extend(app.engine.store.read_whole(&stream).await?);
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

/// A complaint about the dossier, with its events.
struct Complained {
    complaint: Complaint,
    events: Vec<Recorded>,
}

impl Complained {
    fn dealt_with_by(&self) -> Option<AgencyCode> {
        self.complaint.dealt_with_by().cloned()
    }

    /// Whether the caller sees the complaint on a timeline that is read in `role`. A complaint
    /// handler sees only those that their agency handles.
    fn is_shown_to(&self, caller: &Caller, role: Role) -> bool {
        let theirs = self.complaint.dealt_with_by().is_some_and(|agency| caller.acts_for(agency));
        let readable = access::decide(caller, READ, self.complaint.resource().as_ref()).is_ok();
        readable && (role != Role::ComplaintHandler || theirs)
    }
}

/// The complaints about a dossier.
async fn complaints(app: &App, dossier: DossierId) -> Result<Vec<Complained>, Problem> {
    let named = app.view.query(Question::List, move |rows| {
        rows.prepare_cached("SELECT id FROM complaints WHERE dossier = ?1 ORDER BY id LIMIT ?2")?
            .query_map(params![dossier.to_string(), COMPLAINTS_MAX], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()
    });
    let mut complaints = Vec::new();
    for id in named.await? {
        let stream = Streams::<Complaint>::name(&id).map_err(|_| Problem::not_found())?;
        let events = app.engine.store.read_whole(&stream).await?;
        let complaint = fold(&events)?;
        complaints.push(Complained { complaint, events });
    }
    Ok(complaints)
}

fn entry(event: &Recorded, role: Role) -> Result<TimelineEntryReply, Problem> {
    let envelope = envelope(event)?;
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
