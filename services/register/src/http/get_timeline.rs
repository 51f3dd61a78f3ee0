//! The timeline of a dossier: all its events in all services, in commit order.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Caller, May, Resource};
use dossier::contract::{
    Actor, AgencyCode, Brief, ComponentCode, DocumentDigest, DocumentName, DossierId, Role,
    Subject, title,
};
use dossier::feedback::{Complaint, READ};
use dossier::intake::{Intake, READ_TIMELINE};
use dossier::law::Text;
use dossier::services::Category;
use dossier::timeline::{self, Change, Entry, Timeline};
use engine::view::Question;
use engine::{Streams, envelope, fold};
use events::{ReadError, Recorded, StreamName};
use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request, visible};

use crate::App;
use crate::impartial::Acts;

/// Maximum number of complaints per timeline.
const COMPLAINTS_MAX: u32 = 100;

/// Bytes of the entries of a page, after which no further entry is added.
const PAGE_BYTES_MAX: usize = 512 * 1024;
const ADDRESS: &str = "/v1/register/dossiers/{dossier}/timeline";

/// Page of a timeline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineQuery {
    /// Entries per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// An event on the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntryReply {
    /// Time at which it was recorded.
    at: Timestamp,
    /// Kind of event, for example `intake.DossierAccepted.v1`.
    #[schema(example = "intake.DossierAccepted.v1")]
    event: String,
    /// Title of the kind of event.
    title: Text,
    /// Role of the actor.
    role: Role,
    /// Subject of the actor; only for officers. The applicant sees the role only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// Absent officer in whose place the actor acted as the deputy; only for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy_for: Option<Subject>,
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
    /// The recorded data that the caller's role may read, by field of the event's kind
    /// (docs/fields.md). An erased value is null, and named in `erased`.
    #[schema(value_type = HashMap<String, Value>, example = json!({ "reason": "Thiếu trang 2" }))]
    data: Value,
    /// Values in `data` that were erased, as JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["/reason"]))]
    erased: Vec<String>,
    /// Uploaded documents that the event names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<TimelineDocumentReply>,
    /// Earlier values that the event replaced: of the promised date, the form, the documents, the
    /// delivery and the validity of the result.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<TimelineChangeReply>,
}

/// An uploaded document that an event names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineDocumentReply {
    /// Name of the stored document.
    document: DocumentName,
    /// SHA-256 of its content when the event named it; absent for older events.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<DocumentDigest>,
    /// Component of the dossier for which it was uploaded; absent for other documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<ComponentCode>,
    /// Media type; absent if the event does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "application/pdf")]
    media_type: Option<String>,
    /// Size in bytes; absent if the event does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Role of its owner, who uploaded it.
    owner: Role,
    /// Agency of its owner; absent for an applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_agency: Option<AgencyCode>,
}

/// A value that an event replaced.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineChangeReply {
    /// JSON Pointer: `/promise/due_at`, `/due_at`, `/valid_until`, or below `/form`, `/documents`
    /// (by component) and `/delivery`.
    #[schema(example = "/form/invoice")]
    field: String,
    /// Value before the event; null if there was none.
    #[schema(schema_with = before, required)]
    before: Option<Value>,
    /// Value after the event; null if it was removed.
    #[schema(schema_with = after, required)]
    after: Option<Value>,
}

fn before() -> utoipa::openapi::Schema {
    any_json("Value before the event; null if there was none.", "INV-1")
}

fn after() -> utoipa::openapi::Schema {
    any_json("Value after the event; null if it was removed.", "INV-2")
}

/// The schema of any JSON value. Without types, client generators would take it for an object.
fn any_json(description: &str, example: &str) -> utoipa::openapi::Schema {
    let of = |of: utoipa::openapi::Type| utoipa::openapi::ObjectBuilder::new().schema_type(of);
    let fields = utoipa::openapi::schema::AdditionalProperties::FreeForm(true);
    let anything = utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::AnyValue);
    let any = utoipa::openapi::schema::OneOfBuilder::new()
        .item(of(utoipa::openapi::Type::String))
        .item(of(utoipa::openapi::Type::Number))
        .item(of(utoipa::openapi::Type::Boolean))
        .item(of(utoipa::openapi::Type::Object).additional_properties(Some(fields)))
        .item(utoipa::openapi::ArrayBuilder::new().items(anything))
        .item(of(utoipa::openapi::Type::Null))
        .description(Some(description))
        .examples([example]);
    utoipa::openapi::Schema::OneOf(any.build())
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_timeline", "Show the timeline of a dossier")
        .describe(
            "Everything that was recorded for the dossier in all services, in the order of the log, \
             with the data that the caller's role may read.",
        )
        .roles(READ_TIMELINE)
        .query::<TimelineQuery>()
        .list::<TimelineEntryReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: TimelineQuery = request.query()?;
    let id = dossier.to_string();
    let cursors = Cursors::of(&request, &[ADDRESS, &id]);
    let after = query
        .after
        .as_deref()
        .map(|after| cursors.read(after)?.parse::<u64>().map_err(|_| Cursors::invalid()));
    let after = after.transpose()?;
    request.catch_up(Some(&app.progress)).await?;
    let stored = app.engine.store.read_whole(&Streams::<Intake>::of(dossier.0)).await?;
    let complaints = complaints(&app, dossier).await?;
    let handling: Vec<AgencyCode> =
        complaints.iter().filter_map(Complained::dealt_with_by).collect();
    let concerning = |of| Resource { complained: handling.clone(), ..of };
    let intake = visible::<Intake>(&request, READ_TIMELINE, stored, concerning)?;
    let (role, is_former) = (intake.role, intake.until.is_some());
    let submission = intake.state.submission.as_ref().ok_or_else(Problem::not_found)?;
    let mut recorded = intake.events.clone();
    for category in Category::OF_A_DOSSIER.into_iter().filter(|one| *one != Category::Intake) {
        let stream =
            StreamName::new(&category.stream(dossier)).map_err(|_| Problem::not_found())?;
        let events = app.engine.store.read_whole(&stream).await?;
        recorded.extend(events.into_iter().filter(|event| intake.includes(event.position)));
    }
    let acts = Acts::of(&recorded)?;
    let is_shown = |one: &Complained| one.is_shown_to((caller, role), (&submission.brief, &acts));
    let shown = complaints.into_iter().filter(|one| !is_former && is_shown(one));
    recorded.extend(shown.flat_map(|complaint| complaint.events));
    recorded.retain(|event| !timeline::hides(role, &event.kind));
    recorded.sort_by_key(|event| event.position);
    let PageRows(limit) = query.limit.unwrap_or_default();
    let (entries, more) = page(&recorded, role, after, limit)?;
    let next = entries.last().filter(|_| more).map(|last| {
        let address = ADDRESS.replace("{dossier}", &id);
        request.next_page(&address, &cursors.write(&last.position.to_string()))
    });
    Ok(Reply::ok(&entries).next_page(next.as_deref()))
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

    /// Whether the caller sees the complaint on a timeline that is read in `role`. Other roles of
    /// the caller do not count, because the entries have what `role` may read. A complaint handler
    /// sees only complaints that their agency handles and that they may handle themselves.
    fn is_shown_to(&self, (caller, role): (&Caller, Role), (brief, acts): (&Brief, &Acts)) -> bool {
        let mays: Vec<May> = READ.iter().filter(|may| may.role == role).copied().collect();
        if access::decide(caller, &mays, self.complaint.resource().as_ref()).is_err() {
            return false;
        }
        if role != Role::ComplaintHandler {
            return true;
        }
        let theirs = self.complaint.dealt_with_by().is_some_and(|agency| caller.acts_for(agency));
        let filed = self.complaint.filed.as_ref();
        theirs && filed.is_some_and(|filed| !acts.is_biased(caller, filed, Some(brief)))
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

/// The entries after a position, within the limits of a page, and whether more follow. Earlier
/// events are read too, because later ones change what they recorded.
fn page(
    recorded: &[Recorded],
    role: Role,
    after: Option<u64>,
    limit: u32,
) -> Result<(Vec<TimelineEntryReply>, bool), Problem> {
    let (mut timeline, mut entries, mut bytes) = (Timeline::of(role), Vec::new(), 0_usize);
    for event in recorded {
        let full = u32::try_from(entries.len()).is_ok_and(|rows| rows >= limit);
        if full || bytes > PAGE_BYTES_MAX {
            return Ok((entries, true));
        }
        let data = serde_json::from_str(&event.data);
        let data = data.map_err(|error| ReadError::corrupt(event, error))?;
        let shown = timeline.next(&event.kind, &data);
        if after.is_some_and(|after| event.position.0 <= after) {
            continue;
        }
        // Changes repeat values of this event and of earlier ones.
        let changed = shown.changes.iter().map(|change| {
            let length = |value: &Option<Value>| value.as_ref().map_or(0, |v| v.to_string().len());
            length(&change.before) + length(&change.after)
        });
        bytes += event.data.len() + changed.sum::<usize>();
        entries.push(entry(event, role, shown)?);
    }
    Ok((entries, false))
}

fn entry(event: &Recorded, role: Role, shown: Entry) -> Result<TimelineEntryReply, Problem> {
    let envelope = envelope(event)?;
    let officer = role != Role::Applicant;
    let complaint = (event.stream.category() == Complaint::CATEGORY).then(|| event.stream.id());
    Ok(TimelineEntryReply {
        at: envelope.at,
        event: event.kind.to_string(),
        title: title(&event.kind),
        role: envelope.actor.role,
        documents: documents(&shown.data, &envelope.actor),
        subject: officer.then_some(envelope.actor.subject),
        deputy_for: envelope.actor.deputy_for.filter(|_| officer),
        agency: envelope.actor.agency,
        position: event.position.0,
        complaint: complaint.and_then(|complaint| complaint.parse().ok()),
        data: shown.data,
        erased: shown.erased,
        changes: shown.changes.into_iter().map(TimelineChangeReply::from).collect(),
    })
}

/// The documents in the data of an event. A step can name only documents of its actor, or of the
/// actor's agency.
fn documents(data: &Value, actor: &Actor) -> Vec<TimelineDocumentReply> {
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let document = |value: &Value, digest: &str| {
        Some(TimelineDocumentReply {
            document: text(value, "document")?.as_str().into(),
            sha256: text(value, digest).map(|digest| digest.as_str().into()),
            component: text(value, "component").map(|component| component.as_str().into()),
            media_type: text(value, "media_type"),
            bytes: value.get("bytes").and_then(Value::as_u64),
            owner: actor.role,
            owner_agency: actor.agency.clone().filter(|_| actor.role != Role::Applicant),
        })
    };
    let of_dossier = data.get("documents").and_then(Value::as_array).into_iter().flatten();
    let of_dossier = of_dossier.filter_map(|value| document(value, "sha256"));
    of_dossier.chain(document(data, "document_sha256")).collect()
}

impl From<Change> for TimelineChangeReply {
    fn from(change: Change) -> Self {
        let Change { field, before, after } = change;
        Self { field, before, after }
    }
}
