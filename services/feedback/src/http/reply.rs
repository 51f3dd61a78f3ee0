//! Complaints and ratings as they are shown, and how their steps are taken.

use dossier::access::{self, Caller, Denied, Resource};
use dossier::contract::{
    Channel, ComplaintClass, ComplaintId, Contact, Envelope, EventSet, IntakeEvent, Personal, Role,
};
use dossier::feedback::impartial::{About, Act, Conflict, conflict};
use dossier::feedback::{Complaint, READ_CONTACT, READ_TEXT, Stage};
use dossier::law::Law;
use dossier::{Command, RefusalEntry, State, Step, delivery, intake, payment, review};
use events::StreamName;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::fold;
use service_kit::http::{Due, Problem, Reply, Request, execute, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A complaint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintReply {
    /// Its id.
    complaint: Uuid,
    /// Which agency deals with it.
    #[schema(example = "G02.001")]
    agency: String,
    /// About which dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<Uuid>,
    /// About which step of it: an event of its timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake.DossierAccepted.v1")]
    step: Option<String>,
    /// By which way it came.
    channel: Channel,
    /// How to reach the complainant; for who deals with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactReply>,
    /// The complaint itself; null once it was erased, and for operators.
    #[schema(example = "Đã hai tuần không có ai trả lời.")]
    text: Option<String>,
    /// Where it stands.
    stage: ComplaintStage,
    /// What it is about.
    class: Option<ComplaintClass>,
    /// Why it was classified so; for those who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cán bộ thụ lý nghỉ ốm.")]
    reason: Option<String>,
    /// The answer to the complainant; for those who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ đã được giao cho cán bộ khác và có kết quả trong ngày.")]
    answer: Option<String>,
    /// Why the answer before was not enough; for those who may read the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đến nay vẫn chưa có kết quả.")]
    reopened_because: Option<String>,
    /// How often it was reopened.
    reopened: u32,
    /// When it was filed.
    filed_at: Option<Timestamp>,
    /// By when the next step is due.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// What everybody may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Cơ quan đã xin lỗi và bổ sung người trực.")]
    published: Option<String>,
}

/// Where a complaint stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComplaintStage {
    /// It is to be classified.
    Filed,
    /// It is to be answered.
    Classified,
    /// It is not acceptable.
    Dismissed,
    /// It was answered; the answer is to be published.
    Answered,
    /// Everybody can read the answer.
    Published,
}

/// How to reach a complainant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactReply {
    /// The name.
    #[schema(example = "Nguyễn Văn An")]
    name: String,
    /// The address.
    #[schema(example = "Số 1, phố Tràng Tiền, Hà Nội")]
    address: String,
    /// The telephone, by E.164.
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
    /// Nothing was filed: nothing to show.
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
    /// What a caller may read of it.
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
    en: "somebody else has to deal with a complaint about your own step",
};

/// The categories of the streams in which officers act on a dossier.
const CATEGORIES: [&str; 4] = ["intake", "payment", "review", "delivery"];

/// Refuses who would deal with a complaint about their own dossier, or their own step of one.
async fn impartial(
    app: &App,
    which: Step,
    complaint: ComplaintId,
    request: &Request,
) -> Result<(), Problem> {
    let (caller, store) = (request.caller()?, &app.complaints.kit().store);
    let unreadable = |error: String| Problem::unavailable(&error);
    let stream = |category: &str, id: String| {
        StreamName::new(&format!("{category}-{id}")).map_err(|_| Problem::not_found())
    };
    let name = stream(Complaint::CATEGORY, complaint.to_string())?;
    let recorded = store.read_whole(&name).await?;
    let state: Complaint = fold(&recorded).map_err(|error| unreadable(error.to_string()))?;
    let (Some(resource), Some(filed)) = (state.resource(), &state.filed) else { return Ok(()) };
    // Whoever may not do it at all is told that by the step, and whoever complains is no handler.
    let as_handler = access::decide(caller, which.may, Some(&resource))
        .is_ok_and(|actor| actor.role == Role::ComplaintHandler);
    let Some(dossier) = filed.dossier.filter(|_| as_handler) else { return Ok(()) };
    let (mut brief, mut acts) = (None, Vec::new());
    for category in CATEGORIES {
        for event in store.read_whole(&stream(category, dossier.to_string())?).await? {
            if let Ok(IntakeEvent::DossierSubmitted(submitted)) =
                IntakeEvent::decode(&event.kind, &event.data)
            {
                brief = Some(submitted.brief);
            }
            let envelope: Envelope =
                serde_json::from_str(&event.meta).map_err(|error| unreadable(error.to_string()))?;
            acts.push((event.id, event.kind, envelope));
        }
    }
    let acts = acts.iter().map(|(id, kind, envelope): &(Uuid, _, Envelope)| {
        let Envelope { actor, cause, .. } = envelope;
        Act { id: *id, kind, actor, cause: *cause }
    });
    let acts: Vec<Act<'_>> = acts.collect();
    let steps = &[intake::STEPS, payment::STEPS, review::STEPS, delivery::STEPS];
    match conflict(filed, About { brief: brief.as_ref(), acts: &acts, steps }, caller) {
        None => Ok(()),
        Some(Conflict::Party) => Err(Problem::from(Denied::Party)),
        Some(Conflict::OwnStep) => Err(Problem::new(OWN_STEP)),
    }
}

/// Executes the command of a request and shows what came of it.
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
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.kit().law());
    shown(&loaded, reply.map(|reply| reply.for_caller(caller, resource.as_ref())))
}
