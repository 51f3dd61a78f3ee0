//! Representation of complaints and ratings, and execution of their steps.

use dossier::access::{self, Caller, Denied, Resource};
use dossier::contract::{
    Channel, ComplaintClass, ComplaintId, Contact, Envelope, IntakeEvent, Personal, Role,
};
use dossier::feedback::impartial::{About, Act, Conflict, conflict};
use dossier::feedback::{Complaint, READ_CONTACT, READ_TEXT, Stage};
use dossier::law::Law;
use dossier::services::{Category, ServiceName};
use dossier::{Command, RefusalEntry, State, Step};
use engine::{decode, envelope, fold};
use events::StreamName;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Due, Problem, Reply, Request, execute, shown};

use crate::App;

/// A complaint or petition, as far as the caller may read it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintReply {
    /// Id of the complaint.
    complaint: Uuid,
    /// Code of the agency that handles it.
    #[schema(example = "G02.001")]
    agency: String,
    /// Id of the dossier that it is about; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<Uuid>,
    /// Kind of the timeline event that it is about; absent if it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake.DossierAccepted.v1")]
    step: Option<String>,
    /// Channel by which it was received.
    channel: Channel,
    /// Contact of the complainant; only for complaint handlers.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactReply>,
    /// Text of the complaint; null after its erasure, and for operators.
    #[schema(example = "Đã hai tuần không có ai trả lời.")]
    text: Option<String>,
    /// Stage of the complaint.
    stage: ComplaintStage,
    /// Class of the complaint; null until it is classified.
    class: Option<ComplaintClass>,
    /// Reason of the classification; only for callers who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cán bộ thụ lý nghỉ ốm.")]
    reason: Option<String>,
    /// Answer to the complainant; only for callers who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ đã được giao cho cán bộ khác và có kết quả trong ngày.")]
    answer: Option<String>,
    /// Reason for the latest reopening; only for callers who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đến nay vẫn chưa có kết quả.")]
    reopened_because: Option<String>,
    /// Number of reopenings.
    reopened: u32,
    /// Time of filing.
    filed_at: Option<Timestamp>,
    /// Due instant of the next obligation.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Public answer; absent until it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cơ quan đã xin lỗi và bổ sung người trực.")]
    published: Option<String>,
}

/// What happens next with a complaint.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComplaintStage {
    /// To be classified.
    Filed,
    /// To be answered, or forwarded if it concerns another agency.
    Classified,
    /// Not acceptable; nothing more is done.
    Dismissed,
    /// Answered; the answer is to be published.
    Answered,
    /// The answer is public.
    Published,
}

/// Contact of a complainant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactReply {
    /// Full name.
    #[schema(example = "Nguyễn Văn An")]
    name: String,
    /// Postal address.
    #[schema(example = "Số 1, phố Tràng Tiền, Hà Nội")]
    address: String,
    /// Telephone number in E.164 format.
    #[schema(example = "+84912345678")]
    phone: String,
}

impl From<&Contact> for ContactReply {
    fn from(contact: &Contact) -> Self {
        let Contact { name, address, phone } = contact.clone();
        Self { name, address, phone }
    }
}

impl ComplaintReply {
    /// `None` if nothing was filed.
    pub(crate) fn new(complaint: &Complaint, law: &Law) -> Option<Self> {
        let filed = complaint.filed.as_ref()?;
        let agency = complaint.agency().unwrap_or(&filed.agency);
        let stage = match complaint.stage {
            Stage::Empty => return None,
            Stage::Filed => ComplaintStage::Filed,
            Stage::Classified => ComplaintStage::Classified,
            Stage::Dismissed => ComplaintStage::Dismissed,
            Stage::Answered => ComplaintStage::Answered,
            Stage::Published => ComplaintStage::Published,
        };
        Some(Self {
            complaint: filed.complaint.0,
            agency: agency.to_string(),
            dossier: filed.dossier.map(|dossier| dossier.0),
            step: filed.step.clone(),
            channel: filed.channel,
            contact: filed.contact.known().map(ContactReply::from),
            reason: known(complaint.reason.as_ref()),
            answer: known(complaint.answer.as_ref()),
            reopened_because: known(complaint.reopened_because.as_ref()),
            reopened: complaint.reopened,
            text: filed.text.known().cloned(),
            stage,
            class: complaint.class,
            filed_at: complaint.filed_at,
            due: Due::of(law, agency, complaint.due.map(|due| due.running.due_at)),
            published: complaint.published.clone(),
        })
    }
}

fn known(text: Option<&Personal<String>>) -> Option<String> {
    text.and_then(Personal::known).cloned()
}

impl ComplaintReply {
    /// The part that the caller may read.
    pub(crate) fn for_caller(self, caller: &Caller, resource: Option<&Resource>) -> Self {
        let may = |mays| access::decide(caller, mays, resource).is_ok();
        let contact = self.contact.filter(|_| may(READ_CONTACT));
        if may(READ_TEXT) {
            return Self { contact, ..self };
        }
        let (text, reason, answer, reopened_because) = (None, None, None, None);
        Self { contact, text, reason, answer, reopened_because, ..self }
    }
}

pub(super) const OWN_STEP: RefusalEntry = RefusalEntry {
    status: 403,
    code: "own-step",
    vi: "phản ánh, kiến nghị về chính việc do mình thực hiện phải do người khác giải quyết",
    en: "a complaint about your own step must be handled by another person",
};

/// Refuses a caller who would handle a complaint about their own dossier or their own act.
async fn impartial(
    app: &App,
    which: Step,
    complaint: ComplaintId,
    request: &Request,
) -> Result<(), Problem> {
    let (caller, store) = (request.caller()?, &app.complaints.engine().store);
    let stream = |category: Category, id: String| {
        StreamName::new(&category.stream(id)).map_err(|_| Problem::not_found())
    };
    let name = stream(Category::Complaint, complaint.to_string())?;
    let recorded = store.read_whole(&name).await?;
    let state: Complaint = fold(&recorded)?;
    let (Some(resource), Some(filed)) = (state.resource(), &state.filed) else { return Ok(()) };
    // A caller without permission is refused by the step itself. Complainants act in another role
    // and are not checked here.
    let as_handler = access::decide(caller, which.may, Some(&resource))
        .is_ok_and(|actor| actor.role == Role::ComplaintHandler);
    let Some(dossier) = filed.dossier.filter(|_| as_handler) else { return Ok(()) };
    let (mut brief, mut acts) = (None, Vec::new());
    for category in Category::HANDLING {
        for event in store.read_whole(&stream(category, dossier.to_string())?).await? {
            if category == Category::Intake
                && let IntakeEvent::DossierSubmitted(submitted) = decode(&event)?
            {
                brief = Some(submitted.brief);
            }
            let envelope = envelope(&event)?;
            acts.push((event.id, event.kind, envelope));
        }
    }
    let acts = acts.iter().map(|(id, kind, envelope)| {
        let Envelope { actor, cause, .. } = envelope;
        Act { id: *id, kind, actor, cause: *cause }
    });
    let acts: Vec<Act<'_>> = acts.collect();
    let modules = ServiceName::ALL.into_iter().flat_map(ServiceName::modules);
    let steps: Vec<&[Step]> = modules.map(|module| module.steps).collect();
    match conflict(filed, About { brief: brief.as_ref(), acts: &acts, steps: &steps }, caller) {
        None => Ok(()),
        Some(Conflict::Party) => Err(Problem::from(Denied::Party)),
        Some(Conflict::OwnStep) => Err(Problem::new(OWN_STEP)),
    }
}

/// Executes the command in the body of a request, and returns the complaint afterwards.
pub(crate) async fn take<C: Command<State = Complaint> + DeserializeOwned>(
    app: &App,
    complaint: ComplaintId,
    request: &Request,
) -> Result<Reply, Problem> {
    if C::STEP.may.iter().any(|may| may.role == Role::ComplaintHandler) {
        impartial(app, C::STEP, complaint, request).await?;
    }
    let id = (&*complaint.to_string(), None);
    let loaded = execute::<C>(&app.complaints, id, request).await?;
    let (caller, resource) = (request.caller()?, loaded.state.resource());
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.engine().law());
    shown(&loaded, reply.map(|reply| reply.for_caller(caller, resource.as_ref())))
}
