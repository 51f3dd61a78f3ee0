//! Files a complaint. The law: `libs/dossier/src/feedback/file_complaint.rs`.

use std::sync::Arc;

use dossier::access::{Caller, May, Resource, agency, any};
use dossier::contract::{
    AgencyCode, ComplaintChannel, ComplaintId, ComplaintNumber, Contact, DossierCode, DossierId,
    EventSet, IntakeEvent, Role, Subject, party_name,
};
use dossier::feedback::file_complaint::{About, AboutStep, FileComplaint};
use dossier::feedback::{Complaint, nobody};
use dossier::law::Finding;
use dossier::services::Category;
use dossier::step::Reasons;
use dossier::timeline;
use dossier::{Command, RefusalEntry, State as _};
use engine::codes::Reserved;
use engine::view::Question;
use engine::{Engine, Loaded};
use events::{Position, Recorded, StreamName};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    Counts, Line, List, NOT_COVERED, On, Operation, Phone, Problem, Reply, Request, Text,
    UNKNOWN_DOCUMENT, send,
};

use super::attachments::{ComplaintDocumentRequest, DOCUMENTS_MAX, attachments, named};
use super::reply::ComplaintReply;
use super::status::{code, digest};
use crate::App;
use crate::listed::dossier_of;

const BY_OFFICER: &[May] = &[agency(Role::ComplaintHandler), agency(Role::Clerk)];
const BY_COMPLAINANT: &[May] = &[any(Role::Applicant)];

const STEP_WITHOUT_DOSSIER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "step-without-dossier",
    vi: "phản ánh về một bước phải nêu hồ sơ",
    en: "a complaint about a step must name the dossier",
};

const DOSSIER_NAMED_TWICE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "dossier-named-twice",
    vi: "chỉ nêu hồ sơ một lần: bằng `dossier` hoặc `dossier_code`",
    en: "name the dossier once: by `dossier` or by `dossier_code`",
};

const COMPLAINANT_NOT_PERMITTED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "complainant-not-permitted",
    vi: "chỉ cán bộ nêu người phản ánh; bạn phản ánh cho chính mình, hãy bỏ `complainant`",
    en: "only officers name the complainant; omit `complainant` to complain for yourself",
};

const COMPLAINANT_MISSING: RefusalEntry = RefusalEntry {
    status: 422,
    code: "complainant-missing",
    vi: "cán bộ ghi nhận phản ánh phải nêu người phản ánh (`complainant`), hoặc cách phản ánh được gửi đến: `channel` là `counter`, `post`, `phone` hay `email`",
    en: "an officer who enters a complaint must name the `complainant`, or give its `channel` as `counter`, `post`, `phone` or `email`",
};

/// A complaint or petition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileComplaintRequest {
    /// Code of the agency that has to answer.
    agency: Line<35>,
    /// The dossier that it is about: the complainant's own, or for a person without an account one
    /// of the agency's.
    dossier: Option<DossierId>,
    /// The code of that dossier, instead of its id.
    #[schema(value_type = Option<DossierCode>)]
    dossier_code: Option<Line<40>>,
    /// `position` of the timeline entry that it is about. Entries of complaints (`feedback.…`)
    /// cannot be named.
    #[schema(example = 42)]
    position: Option<u64>,
    /// Subject of the complainant's account, if an officer enters the complaint and there is an
    /// account.
    complainant: Option<Line<200>>,
    /// `online` if absent. Only officers may enter other channels.
    channel: Option<ComplaintChannel>,
    /// When the agency received it, at most 30 days ago; now if absent. Only for officers. The
    /// period counts from then.
    #[schema(example = "2026-11-25T09:00:00+07:00")]
    received_at: Option<Timestamp>,
    /// Whether the complainant does not give a name. Only for officers.
    #[serde(default)]
    anonymous: bool,
    /// Whether it is a request about the complainant's own data: to access, correct, restrict or
    /// delete it.
    #[serde(default)]
    personal_data: bool,
    /// Text of the complaint.
    text: Text<10000>,
    /// Uploaded documents.
    #[serde(default)]
    #[schema(value_type = Vec<ComplaintDocumentRequest>, max_items = 20)]
    documents: List<ComplaintDocumentRequest, DOCUMENTS_MAX>,
    /// The complainant's name; required unless the complaint is anonymous.
    name: Option<Line<200>>,
    /// The complainant's postal address.
    address: Option<Line<500>>,
    /// The complainant's telephone number in any usual notation; stored as E.164.
    phone: Option<Phone>,
    /// The complainant's e-mail address.
    #[schema(example = "an.nguyen@example.com")]
    email: Option<Line<254>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/complaints", "file_complaint", "File a complaint or petition")
        .step(&FileComplaint::STEP)
        .describe(
            "Complainants file online; officers enter calls, letters, e-mails and visits. The reply \
             has the number and, this once, the status code for the complainant, unless an officer \
             names the complainant's account.",
        )
        .refusals(&[
            STEP_WITHOUT_DOSSIER,
            DOSSIER_NAMED_TWICE,
            COMPLAINANT_MISSING,
            COMPLAINANT_NOT_PERMITTED,
            UNKNOWN_DOCUMENT,
            NOT_COVERED,
        ])
        .counted(Counts::Filing)
        .body::<FileComplaintRequest>()
        .body_example(json!({
            "agency": "G02.001", "dossier": "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e", "position": 42,
            "text": "Đã hai tuần không có ai trả lời.", "name": "Nguyễn Văn An",
            "address": "Số 1, phố Tràng Tiền, Hà Nội", "phone": "0912 345 678",
        }))
        .created::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: FileComplaintRequest = request.json()?;
    let by_officer = is_by_officer(caller, &body)?;
    let mays = if by_officer { BY_OFFICER } else { BY_COMPLAINANT };
    let owners = body.complainant.iter().map(subject).collect();
    let agencies = vec![AgencyCode::from(&*body.agency.0)];
    let at = Resource { owners, agencies, ..Resource::default() };
    Request::permitted_over(caller, mays, Some(at))?;
    let mut found = Reasons::default();
    if body.dossier.is_some() && body.dossier_code.is_some() {
        let twice = DOSSIER_NAMED_TWICE.finding("/dossier_code", None);
        found.found(DOSSIER_NAMED_TWICE, vec![twice]);
    }
    let about = about(&app, &request, &body).await?;
    if body.position.is_some() && about.is_none() {
        let missing = STEP_WITHOUT_DOSSIER.finding("/dossier", None);
        found.found(STEP_WITHOUT_DOSSIER, vec![missing]);
    }
    let (documents, unknown) = attachments(&app, (caller, mays), &body.documents).await?;
    found.found(UNKNOWN_DOCUMENT, unknown);
    found.found(NOT_COVERED, not_covered((caller, by_officer), about.as_ref()));
    let complaint = ComplaintId(request.new_id(&app.complaints, caller, "complaint").await?);
    let status_code = code(request.secret(), complaint);
    let reserved = reserve(&app, &body.agency.0).await?;
    let number = ComplaintNumber::new(reserved.code.as_str());
    let text = |line: Option<Line<500>>| line.map(|line| line.0).unwrap_or_default();
    let command = FileComplaint {
        complaint,
        complainant: match (&body.complainant, by_officer) {
            (Some(line), _) => subject(line),
            (None, true) => nobody(complaint),
            (None, false) => caller.party().clone(),
        },
        without_account: by_officer && body.complainant.is_none(),
        number: number.clone(),
        status_digest: digest(request.secret(), complaint, &status_code),
        anonymous: body.anonymous,
        contact: Contact {
            name: body.name.map(|name| name.0).unwrap_or_default(),
            address: text(body.address),
            phone: body.phone.map(|phone| phone.0).unwrap_or_default(),
        },
        email: body.email.map(|email| email.0),
        agency: AgencyCode::from(&*body.agency.0),
        channel: body.channel.unwrap_or(ComplaintChannel::Online),
        received_at: body.received_at,
        about,
        personal_data: body.personal_data,
        text: body.text.0,
        documents,
        found,
    };
    let id = complaint.to_string();
    // Complaints are not received under a procedure.
    let dossier = command.about.as_ref().map(|about| about.dossier);
    let on = On::stream(&id, dossier).beginning_without_law().by(mays);
    let taken = send(&app.complaints, &request, on, &command).await;
    // If the store did not respond, it is unknown whether the number was used; it is then skipped.
    let is_unused = match &taken {
        Ok(loaded) => !has_number(&loaded.state, &number),
        Err(problem) => problem.status().is_client_error(),
    };
    if is_unused {
        app.codes.give_back(reserved);
    }
    let loaded = taken?;
    named(&app, &loaded.state.documents);
    // A complainant with an account needs no code, and the officer may not read the answer.
    let needs_code = !by_officer || command.without_account;
    created(&app, caller, &loaded, needs_code.then_some(status_code))
}

/// Whether it was filed under this number: a repeated request has the number of the first.
fn has_number(complaint: &Complaint, number: &ComplaintNumber) -> bool {
    complaint.filed.as_ref().is_some_and(|filed| filed.number.as_ref() == Some(number))
}

/// A finding if the complainant's mandate does not cover the procedure of the dossier. For a code
/// that is not the complainant's the law refuses the code alone, whether or not there is such a
/// dossier.
fn not_covered((caller, by_officer): (&Caller, bool), about: Option<&About>) -> Vec<Finding> {
    let is_theirs = |about: &About| {
        let mut owners = about.whose.iter().flat_map(|whose| &whose.owners);
        owners.any(|owner| owner.is(caller.party()))
    };
    if by_officer || about.is_some_and(|about| about.code.is_some() && !is_theirs(about)) {
        return Vec::new();
    }
    let is_covered = caller.may_represent_in(about.and_then(|about| about.procedure.as_ref()));
    let by_code = about.is_some_and(|about| about.code.is_some());
    let pointer = if by_code { "/dossier_code" } else { "/dossier" };
    (!is_covered).then(|| NOT_COVERED.finding(pointer, None)).into_iter().collect()
}

fn created(
    app: &App,
    caller: &Caller,
    loaded: &Loaded<Complaint>,
    status_code: Option<String>,
) -> Result<Reply, Problem> {
    let (state, engine) = (&loaded.state, app.complaints.engine());
    let by = (&*engine.law(), engine.clock.now());
    let reply = ComplaintReply::new(state, None, by).ok_or_else(Problem::not_found)?;
    let reply = reply.for_caller(caller, state.resource().as_ref()).with_status_code(status_code);
    let filed = state.filed.as_ref().ok_or_else(Problem::not_found)?;
    let location = format!("/v1/complaints/{}", filed.complaint);
    Ok(Reply::created(&location, &reply).version(loaded.version).position(loaded.position))
}

/// Whether an officer enters the complaint for somebody else; never their own.
fn is_by_officer(caller: &Caller, body: &FileComplaintRequest) -> Result<bool, Problem> {
    let officer = caller.roles.iter().any(|role| BY_OFFICER.iter().any(|may| may.role == *role));
    let received = body.channel.is_some_and(|channel| channel != ComplaintChannel::Online);
    let for_other = body.complainant.is_some() || (officer && (received || body.anonymous));
    if officer && !for_other && !caller.roles.contains(&Role::Applicant) {
        return Err(Problem::at(COMPLAINANT_MISSING, "/complainant"));
    }
    if !officer && body.complainant.is_some() {
        return Err(Problem::at(COMPLAINANT_NOT_PERMITTED, "/complainant"));
    }
    Ok(for_other)
}

fn subject(named: &Line<200>) -> Subject {
    Subject::from(&*party_name(&named.0))
}

/// A unique code from which the number is made. Its date is that of the agency.
async fn reserve(app: &App, agency: &str) -> Result<Reserved, Problem> {
    let engine = app.complaints.engine();
    let (law, now) = (engine.law(), engine.clock.now());
    let date = match law.calendar_of(&AgencyCode::from(agency)) {
        Some(calendar) => calendar.date_of(now),
        // The agency is unknown, so that the complaint will be refused.
        None => TimeZone::UTC.to_datetime(now).date(),
    };
    let series = AgencyCode::from(ComplaintNumber::SERIES);
    Ok(app.codes.next(&engine.store, &series, "", date).await?)
}

/// The dossier that a complaint names by its id or by its code.
async fn about(
    app: &App,
    request: &Request,
    body: &FileComplaintRequest,
) -> Result<Option<About>, Problem> {
    let engine = app.complaints.engine();
    if let Some(dossier) = body.dossier {
        return Ok(Some(looked_up(engine, dossier, body.position).await?));
    }
    let Some(Line(code)) = &body.dossier_code else { return Ok(None) };
    request.catch_up(Some(&app.shown)).await?;
    let asked = code.clone();
    let found = app.listed.query(Question::LookUp, move |tables| dossier_of(tables, &asked));
    // Nobody's dossier has this id, so that an unknown code is refused like that of a stranger.
    let dossier = found.await?.unwrap_or(DossierId(Uuid::nil()));
    let about = looked_up(engine, dossier, body.position).await?;
    Ok(Some(About { code: Some(DossierCode::from(&**code)), ..about }))
}

/// The dossier that a complaint names, and the event at a position of its timeline.
async fn looked_up(
    engine: &Engine,
    dossier: DossierId,
    position: Option<u64>,
) -> Result<About, Problem> {
    let mut recorded: Vec<Recorded> = Vec::new();
    for category in Category::OF_A_DOSSIER {
        let stream = StreamName::new(&category.stream(dossier));
        recorded.extend(engine.store.read_whole(&stream.map_err(|_| Problem::not_found())?).await?);
    }
    // A transfer changes the agency.
    let brief = recorded.iter().fold(None, |brief, event| {
        match IntakeEvent::decode(&event.kind, &event.data) {
            Ok(IntakeEvent::DossierSubmitted(submitted)) => Some(submitted.brief),
            Ok(IntakeEvent::DossierTransferred(transferred)) => Some(transferred.brief),
            Ok(_) | Err(_) => brief,
        }
    });
    let whose = brief.as_ref().map(dossier::contract::Brief::resource);
    let procedure = brief.map(|brief| brief.procedure.code);
    let step = position.map(|position| {
        // The complainant names only what the timeline of an applicant has.
        let is_shown = |event: &&Recorded| !timeline::hides(Role::Applicant, &event.kind);
        let mut shown = recorded.iter().filter(is_shown);
        let at = shown.find(|event| event.position == Position(position));
        AboutStep { position, event: at.map(|event| (event.id, event.kind.to_string())) }
    });
    Ok(About { dossier, code: None, whose, procedure, step })
}
