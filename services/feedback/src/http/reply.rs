//! Representation of complaints and ratings, and execution of their steps.

use std::sync::Arc;

use dossier::access::{self, Caller, Resource};
use dossier::contract::{
    ComplaintChannel, ComplaintClass, ComplaintFiled, ComplaintId, ComplaintNumber, Contact,
    Personal, ProcedureCode, Subject,
};
use dossier::feedback::reopen_complaint::reopenable_until;
use dossier::feedback::{
    Complaint, GivenAnswer, Owed, READ_CONTACT, READ_NOTES, READ_OFFICER, READ_TEXT, Stage,
};
use dossier::law::Law;
use dossier::{Command, RefusalEntry, State};
use engine::{Loaded, Streams};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Due, Problem, Reply, Request, execute_as, shown};

use super::attachments::ComplaintDocumentReply;
use super::impartial;
use crate::App;

/// Mergers that are followed from a duplicate.
const MERGERS_MAX: usize = 16;

/// A complaint or petition, as far as the caller may read it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintReply {
    /// Id of the complaint.
    complaint: Uuid,
    /// Number for the complainant; absent for complaints that older versions recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<ComplaintNumber>,
    /// Code for `GET /v1/complaint-status`, to be given to the complainant with the number; only in
    /// the reply to the filing, and not if an officer names the complainant's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "7KQ2-M4XD-9TRB")]
    status_code: Option<String>,
    /// Code of the agency that handles it.
    #[schema(example = "G02.001")]
    agency: String,
    /// Id of the dossier that it is about; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<Uuid>,
    /// Procedure of that dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    procedure: Option<ProcedureCode>,
    /// Kind of the timeline event that it is about; absent if it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake.DossierAccepted.v1")]
    step: Option<String>,
    /// Channel by which it was received.
    channel: ComplaintChannel,
    /// Whether the complainant is not named.
    anonymous: bool,
    /// Contact of the complainant; only for complaint handlers.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactReply>,
    /// Text of the complaint; null after its erasure, and for operators.
    #[schema(example = "Đã hai tuần không có ai trả lời.")]
    text: Option<String>,
    /// Documents of the complaint; only for callers who may read the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<ComplaintDocumentReply>,
    /// Stage of the complaint.
    stage: ComplaintStage,
    /// Class of the complaint; null until it is classified.
    class: Option<ComplaintClass>,
    /// Id of the earlier complaint with which this one is answered; absent if it was not merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<Uuid>,
    /// Reason of the latest classification, extension or separation; only for callers who may read
    /// the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cán bộ thụ lý nghỉ ốm.")]
    reason: Option<String>,
    /// Answer to the complainant; only for callers who may read the text. For a merged complaint,
    /// the answer to the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ đã được giao cho cán bộ khác và có kết quả trong ngày.")]
    answer: Option<String>,
    /// Time of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    /// Documents of the answer; only for callers who may read the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answer_documents: Vec<ComplaintDocumentReply>,
    /// Complainant's rating of the latest answer; absent until it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<AnswerRatingReply>,
    /// Reason for the latest reopening; only for callers who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đến nay vẫn chưa có kết quả.")]
    reopened_because: Option<String>,
    /// Number of reopenings.
    reopened: u32,
    /// Until when it can be reopened; absent if nothing was answered, or the rules give no period.
    #[serde(flatten)]
    #[schema(inline)]
    reopenable: ReopenableUntil,
    /// When it was recorded.
    filed_at: Option<Timestamp>,
    /// When the agency received it; its period counts from then.
    received_at: Option<Timestamp>,
    /// Next obligation of the agency; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<Owed>,
    /// Due instant of the next obligation.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the due instant was missed.
    overdue: bool,
    /// When the missed obligation becomes, or became, a matter of the heads of the agency; absent
    /// if nothing was missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    escalates_at: Option<Timestamp>,
    /// Whether the period to answer was extended.
    extended: bool,
    /// Public answer; absent until it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cơ quan đã xin lỗi và bổ sung người trực.")]
    published: Option<String>,
    /// Officer to whom it is assigned; only for complaint handlers, approvers and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<Subject>,
    /// Internal notes; only for complaint handlers and auditors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<ComplaintNoteReply>,
}

/// What the complainant thinks of the latest answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerRatingReply {
    /// Score from 1 (very bad) to 5 (very good).
    #[schema(minimum = 1, maximum = 5, example = 4)]
    score: u8,
    /// Comment in the complainant's words; only for callers who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Trả lời rõ ràng.")]
    comment: Option<String>,
    /// When it was given.
    rated_at: Timestamp,
}

/// The end of the period to reopen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReopenableUntil {
    /// The first instant at which it can no longer be reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    reopenable_until: Option<Timestamp>,
    /// The last day on which it can be reopened, in the agency's time zone; for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    reopenable_on: Option<Date>,
}

/// An internal note.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintNoteReply {
    /// Text; null after its erasure.
    #[schema(example = "Đã gọi lại cho người phản ánh lúc 10 giờ.")]
    note: Option<String>,
    /// Subject of the officer who wrote it.
    by: Subject,
    /// Time at which it was written.
    at: Timestamp,
}

/// What happens next with a complaint.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComplaintStage {
    /// To be classified.
    Filed,
    /// To be answered, or forwarded if it concerns another agency.
    Classified,
    /// Not acceptable; the complainant may ask for an answer.
    Dismissed,
    /// Answered; the answer is to be published.
    Answered,
    /// The answer is public.
    Published,
    /// A duplicate; it is answered with the complaint `merged_into`.
    Merged,
}

impl ComplaintStage {
    /// `None` if nothing was filed.
    pub(crate) const fn of(stage: &Stage) -> Option<Self> {
        Some(match stage {
            Stage::Empty => return None,
            Stage::Filed { .. } => Self::Filed,
            Stage::Misdirected { .. } | Stage::Classified { .. } => Self::Classified,
            Stage::Dismissed => Self::Dismissed,
            Stage::Answered { .. } => Self::Answered,
            Stage::Published { .. } => Self::Published,
            Stage::Merged { .. } => Self::Merged,
        })
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Classified => "classified",
            Self::Dismissed => "dismissed",
            Self::Answered => "answered",
            Self::Published => "published",
            Self::Merged => "merged",
        }
    }
}

/// Contact of a complainant. Details that were not given are absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactReply {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nguyễn Văn An")]
    name: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Số 1, phố Tràng Tiền, Hà Nội")]
    address: Option<String>,
    /// Telephone number in E.164 format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+84912345678")]
    phone: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "an.nguyen@example.com")]
    email: Option<String>,
}

impl ContactReply {
    /// `None` if it was erased, or nothing was given.
    fn of(filed: &ComplaintFiled) -> Option<Self> {
        let Contact { name, address, phone } = filed.contact.known()?;
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let (name, address, phone) = (given(name), given(address), given(phone));
        (!filed.anonymous).then(|| Self {
            name,
            address,
            phone,
            email: known(filed.email.as_ref()),
        })
    }
}

impl ComplaintReply {
    /// The complaint with everything; `other` is the one into which it was merged. `None` if
    /// nothing was filed.
    pub(crate) fn new(
        complaint: &Complaint,
        other: Option<&Complaint>,
        (law, now): (&Law, Timestamp),
    ) -> Option<Self> {
        let filed = complaint.filed.as_ref()?;
        let agency = complaint.agency().unwrap_or(&filed.agency);
        let answer = current_answer(complaint, other);
        let due = complaint.due();
        let notes = complaint.notes.iter().map(|note| ComplaintNoteReply {
            note: note.text.known().cloned(),
            by: note.by.clone(),
            at: note.at,
        });
        Some(Self {
            complaint: filed.complaint.0,
            number: filed.number.clone(),
            status_code: None,
            agency: agency.to_string(),
            dossier: filed.dossier.map(|dossier| dossier.0),
            procedure: filed.procedure.clone(),
            step: filed.step.clone(),
            channel: filed.channel,
            anonymous: filed.anonymous,
            contact: ContactReply::of(filed),
            documents: complaint.documents.iter().map(ComplaintDocumentReply::from).collect(),
            reason: known(complaint.reason.as_ref()),
            answer: known(answer.map(|answer| &answer.text)),
            answered_at: answer.map(|answer| answer.at),
            answer_documents: documents(answer),
            reopened_because: known(complaint.reopened_because.as_ref()),
            rating: complaint.rated.as_ref().map(|rated| AnswerRatingReply {
                score: rated.score,
                comment: known(rated.comment.as_ref()),
                rated_at: rated.at,
            }),
            reopened: complaint.reopened,
            reopenable: ReopenableUntil::of(complaint, (law, now)),
            text: filed.text.known().cloned(),
            stage: ComplaintStage::of(&complaint.stage)?,
            class: complaint.class(),
            merged_into: complaint.merged_into().map(|into| into.0),
            filed_at: complaint.filed_at,
            received_at: complaint.received_at(),
            owed: due.map(|due| due.what),
            due: Due::of(law, agency, due.map(|due| due.running.due_at)),
            overdue: due.is_some_and(|due| due.missed),
            escalates_at: complaint.escalates_at(),
            extended: complaint.is_extended(),
            published: complaint.published.as_ref().map(|published| published.text.clone()),
            officer: complaint.officer.clone(),
            notes: notes.collect(),
        })
    }

    /// With the status code, for the reply to the filing.
    pub(super) fn with_status_code(self, status_code: Option<String>) -> Self {
        Self { status_code, ..self }
    }

    /// The part that the caller may read.
    pub(crate) fn for_caller(self, caller: &Caller, resource: Option<&Resource>) -> Self {
        let may = |mays| access::decide(caller, mays, resource).is_ok();
        let contact = self.contact.filter(|_| may(READ_CONTACT));
        let officer = self.officer.filter(|_| may(READ_OFFICER));
        let notes = if may(READ_NOTES) { self.notes } else { Vec::new() };
        if may(READ_TEXT) {
            return Self { contact, officer, notes, ..self };
        }
        let (text, reason, answer, reopened_because) = (None, None, None, None);
        let (documents, answer_documents) = (Vec::new(), Vec::new());
        let rating = self.rating.map(|rating| AnswerRatingReply { comment: None, ..rating });
        Self {
            contact,
            text,
            documents,
            reason,
            answer,
            answer_documents,
            rating,
            reopened_because,
            officer,
            notes,
            ..self
        }
    }
}

impl ReopenableUntil {
    fn of(complaint: &Complaint, (law, now): (&Law, Timestamp)) -> Self {
        let until = reopenable_until(complaint, law, now);
        let agency = complaint.agency().map(|agency| law.present(agency, now));
        let day = until.zip(agency).and_then(|(until, agency)| law.last_day(agency, until));
        Self { reopenable_until: until, reopenable_on: day }
    }
}

fn known(text: Option<&Personal<String>>) -> Option<String> {
    text.and_then(Personal::known).cloned()
}

/// The answer to a complaint; for a merged one, that to the `other` into which it was merged,
/// unless that was reopened.
pub(super) fn current_answer<'a>(
    complaint: &'a Complaint,
    other: Option<&'a Complaint>,
) -> Option<&'a GivenAnswer> {
    match other {
        Some(other) => other.answer.as_ref().filter(|_| other.is_answered()),
        None => complaint.answer.as_ref(),
    }
}

pub(super) fn documents(answer: Option<&GivenAnswer>) -> Vec<ComplaintDocumentReply> {
    let all = answer.into_iter().flat_map(|answer| &answer.documents);
    all.map(ComplaintDocumentReply::from).collect()
}

pub(super) const OWN_STEP: RefusalEntry = RefusalEntry {
    status: 403,
    code: "own-step",
    vi: "phản ánh, kiến nghị về chính việc do mình thực hiện phải do người khác giải quyết",
    en: "a complaint about your own step must be handled by another person",
};

/// The complaint as it is now; empty if there is none.
pub(super) async fn loaded(
    app: &App,
    complaint: ComplaintId,
) -> Result<Arc<Loaded<Complaint>>, Problem> {
    let stream = Streams::<Complaint>::name(&complaint.to_string());
    Ok(app.complaints.load(&stream.map_err(|_| Problem::not_found())?).await?)
}

/// The complaint with which a duplicate is answered; `None` if it was not merged.
pub(super) async fn answering(
    app: &App,
    complaint: &Complaint,
) -> Result<Option<Arc<Loaded<Complaint>>>, Problem> {
    let mut next = complaint.merged_into();
    let mut found = None;
    // Each complaint is merged into an earlier one, so that this ends; the limit is for time.
    for _ in 0..MERGERS_MAX {
        let Some(into) = next else { break };
        let other = loaded(app, into).await?;
        next = other.state.merged_into();
        found = Some(other);
    }
    Ok(found)
}

/// Executes the command in the body of a request, and returns the complaint afterwards.
pub(crate) async fn take<C: Command<State = Complaint> + DeserializeOwned>(
    app: &App,
    complaint: ComplaintId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, complaint, request, |command: C| command).await
}

/// Like [`take`], but makes the command from the body.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = Complaint>>(
    app: &App,
    complaint: ComplaintId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    impartial::check(app, C::STEP.may, complaint, request).await?;
    let id = (&*complaint.to_string(), None);
    let loaded = execute_as(&app.complaints, id, request, command).await?;
    show(app, &loaded, request).await
}

/// The complaint, as far as the caller may read it.
pub(super) async fn show(
    app: &App,
    loaded: &Loaded<Complaint>,
    request: &Request,
) -> Result<Reply, Problem> {
    let other = answering(app, &loaded.state).await?;
    let other = other.as_ref().map(|other| &other.state);
    let (caller, engine) = (request.caller()?, app.complaints.engine());
    let reply = ComplaintReply::new(&loaded.state, other, (&engine.law(), engine.clock.now()));
    let resource = loaded.state.resource();
    shown(loaded, reply.map(|reply| reply.for_caller(caller, resource.as_ref())))
}
