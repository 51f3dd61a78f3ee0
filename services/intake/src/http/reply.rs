//! Representation of a dossier by intake, and execution of its steps.

use dossier::access::{self, Caller, Resource};
use dossier::contract::{
    AgencyCode, Brief, ClosedAs, DocumentDigest, DossierId, Outcome, Receiver, ReceiverTask, Role,
    Subject, SupplementStage, UnitCode,
};
use dossier::intake::{FormVersion, Intake, READ_ADDRESS, READ_CONTENT, READ_DOSSIER, Stage};
use dossier::law::{Law, Succeeded};
use dossier::overview::{DossierStage, Overview, WaitingOn};
use dossier::payment::READ_TEXTS;
use dossier::review::Review;
use dossier::{Command, State};
use engine::Loaded;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    AnswerDue, DeliveryChoiceReply, Due, NextStep, Problem, Reply, Request, WindowEnd, execute,
    shown,
};

use self::claims::FeeClaimReply;
use self::past::{
    DateChangeReply, DossierDecisionReply, PastSupplementReply, TransferReply, known,
};
use crate::App;

mod claims;
mod past;

/// The one-stop unit at which a dossier was entered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiverReply {
    /// Code of its agency.
    agency: AgencyCode,
    /// Code of the officer's unit, if the agency's directory has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<UnitCode>,
    /// What it may do for the deciding agency.
    may: Vec<ReceiverTask>,
}

impl From<&Receiver> for ReceiverReply {
    fn from(Receiver { agency, unit, may }: &Receiver) -> Self {
        Self { agency: agency.clone(), unit: unit.clone(), may: may.clone() }
    }
}

/// A dossier, as recorded by intake.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DossierReply {
    /// Id of the dossier.
    pub id: Uuid,
    /// Code printed on the slips of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    pub procedure: String,
    /// Version of the procedure under which the dossier was received.
    pub procedure_version: u32,
    /// Code of the competent agency, which decides.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// The one-stop unit at which an officer entered it; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<ReceiverReply>,
    /// The officer who entered it for the applicant; shown to officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helper: Option<Subject>,
    /// Subject of the applicant.
    pub applicant: Subject,
    /// Subject of the representative who filed it; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub representative: Option<Subject>,
    /// Filing channel.
    pub channel: dossier::contract::Channel,
    /// Stage of the dossier.
    pub stage: DossierStage,
    /// Status as numbered by the national portal: 1 submitted, 2 accepted, 3 not accepted, 4 in
    /// process, 5 supplement awaited, 6 fee awaited, 7 withdrawn, 8 stopped, 9 decided, 10
    /// delivered. Absent in replies of steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub status: Option<u8>,
    /// Who has to act for the dossier to go on; absent in replies of steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<WaitingOn>,
    /// The consulted agency that it waits on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_on_agency: Option<AgencyCode>,
    /// What must happen next: first what the dossier waits on, then the soonest due. Absent in
    /// replies of steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextStep>,
    /// Time of the submission.
    pub submitted_at: Option<Timestamp>,
    /// Due instant of the one-stop unit's answer.
    #[serde(flatten)]
    #[schema(inline)]
    pub answer: AnswerDue,
    /// The appointment: due instant of the result.
    #[serde(flatten)]
    #[schema(inline)]
    pub due: Due,
    /// Whether the deadline was missed.
    pub deadline_missed: bool,
    /// Whether the clock is suspended.
    pub suspended: bool,
    /// Whether the fee was received.
    pub fee_received: bool,
    /// Claims to groups that reduce the fee, as far as they have to be proved; for the applicant,
    /// clerks, approvers, cashiers and auditors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<FeeClaimReply>,
    /// The open supplement request; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement: Option<SupplementReply>,
    /// Earlier supplement requests, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub past_supplements: Vec<PastSupplementReply>,
    /// Apologies, extensions and fixed dates, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub date_changes: Vec<DateChangeReply>,
    /// Transfers to other agencies, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<TransferReply>,
    /// Outcome of the decision; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The decision; absent until there is one. Replies of steps leave out its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DossierDecisionReply>,
    /// Written reason of the refusal, withdrawal or closure; absent if there is none, after its
    /// erasure, and for cashiers and operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ không thuộc thẩm quyền của cơ quan")]
    pub end_reason: Option<String>,
    /// Delivery as wanted at the submission. A later choice is in the result's delivery.
    pub delivery: DeliveryChoiceReply,
    /// The way in which it ended; absent unless `stage` is `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_as: Option<ClosedAs>,
    /// The form as last corrected; null after its erasure, and for cashiers and operators.
    #[schema(value_type = Option<HashMap<String, Value>>, required, example = json!({ "invoice": "INV-1" }))]
    pub form: Option<Value>,
    /// All versions of the form, oldest first; absent unless it was corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub form_versions: Vec<FormVersionReply>,
    /// Codes in the form that were no longer valid when it was submitted or last corrected, with
    /// their successors; none for cashiers and operators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub succeeded_codes: Vec<SucceededCodeReply>,
    /// Documents of the dossier; none for cashiers and operators.
    pub documents: Vec<DocumentReply>,
}

/// A code that was no longer valid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SucceededCodeReply {
    /// Field of the form, as a JSON Pointer.
    #[schema(example = "/hs_code")]
    pub field: String,
    /// The code in the form.
    #[schema(example = "0101")]
    pub code: String,
    /// The code that has replaced it.
    #[schema(example = "0102")]
    pub successor: String,
}

/// A version of the form, as submitted or corrected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FormVersionReply {
    /// Time of the submission or correction.
    pub at: Timestamp,
    /// Role of the person who submitted or corrected it.
    pub role: Role,
    /// Subject of that person, if on the applicant's side. Officers are named on the timeline, to
    /// officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "citizen-1")]
    pub subject: Option<String>,
    /// The form; null after its erasure.
    #[schema(value_type = Option<HashMap<String, Value>>, required, example = json!({ "invoice": "INV-1" }))]
    pub form: Option<Value>,
}

/// A supplement request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupplementReply {
    /// Number of the request within the dossier, from 1.
    pub request: u32,
    /// Whether the clock had started when it was requested.
    pub after_acceptance: bool,
    /// Codes of the requested components.
    #[schema(example = json!(["application-form"]))]
    pub components: Vec<String>,
    /// Written reason; null after its erasure, and for cashiers and operators.
    #[schema(example = "Thiếu trang 2")]
    pub reason: Option<String>,
    /// End of the applicant's window.
    #[serde(flatten)]
    #[schema(inline)]
    pub window: WindowEnd,
}

/// A document of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentReply {
    /// Code of the component.
    #[schema(example = "application-form")]
    pub component: String,
    /// Name of the stored document, as returned by the upload.
    #[schema(example = "AAAAAAAAAAAAAAAAAAAAAA")]
    pub document: String,
    /// Canonical media type of the file, without parameters.
    #[schema(example = "application/pdf")]
    pub media_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content when it was named; absent for older documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<DocumentDigest>,
    /// File name given by the applicant; null after its erasure.
    #[schema(example = "to-khai.pdf")]
    pub file_name: Option<String>,
}

impl DossierReply {
    /// `None` if nothing was submitted.
    pub(crate) fn new(intake: &Intake, law: &Law) -> Option<Self> {
        let submission = intake.submission.as_ref()?;
        let brief = &submission.brief;
        let agency = &brief.agency;
        let stage = DossierStage::of(intake)?;
        let closed_as =
            if let Stage::Closed(closed_as) = intake.stage() { Some(closed_as) } else { None };
        Some(Self {
            id: brief.dossier.0,
            code: brief.code.to_string(),
            procedure: brief.procedure.code.to_string(),
            procedure_version: brief.procedure.version,
            agency: brief.agency.to_string(),
            receiver: brief.receiver.as_ref().map(ReceiverReply::from),
            helper: brief.helper.as_ref().map(|helper| helper.officer.clone()),
            applicant: brief.applicant.clone(),
            representative: brief.representative.clone(),
            channel: brief.channel,
            stage,
            status: None,
            waiting_on: None,
            waiting_on_agency: None,
            next: Vec::new(),
            submitted_at: intake.submitted_at,
            answer: AnswerDue::of(law, agency, intake.answer().map(|answer| answer.running.due_at)),
            due: Due::of(law, agency, intake.promised.as_ref().map(|p| p.promise.due_at)),
            deadline_missed: intake.promised.as_ref().is_some_and(|promised| promised.missed),
            suspended: intake.is_suspended(),
            fee_received: intake.fee.received_at().is_some(),
            claims: intake.claims.iter().map(FeeClaimReply::from).collect(),
            supplement: intake.open_request().map(|open| SupplementReply {
                request: open.request.request,
                after_acceptance: open.request.stage == SupplementStage::Review,
                components: open.request.components.iter().map(ToString::to_string).collect(),
                reason: open.request.reason.known().cloned(),
                window: WindowEnd::of(law, agency, open.window.due_at),
            }),
            past_supplements: intake.reasons.past_requests.iter().map(Into::into).collect(),
            date_changes: intake
                .reasons
                .date_changes
                .iter()
                .map(|change| DateChangeReply::new(change, law, agency))
                .collect(),
            transfers: intake.transfers.iter().map(TransferReply::from).collect(),
            outcome: intake.decision().map(|decision| decision.outcome),
            decision: intake.decision().map(DossierDecisionReply::from),
            end_reason: known(intake.reasons.end.as_ref()),
            delivery: DeliveryChoiceReply::from(&brief.delivery),
            closed_as,
            form: submission.form.known().cloned(),
            form_versions: FormVersionReply::all(&intake.forms),
            succeeded_codes: succeeded(intake, law),
            documents: intake.documents.iter().map(DocumentReply::from).collect(),
        })
    }
}

impl DossierReply {
    /// The part that the caller may read.
    pub(crate) fn for_caller(mut self, caller: &Caller, resource: &Resource) -> Self {
        let may = |mays| access::decide(caller, mays, Some(resource)).is_ok();
        if !may(READ_ADDRESS) {
            self.delivery.address = None;
        }
        if !may(READ_TEXTS) {
            self.claims.clear();
        }
        let reader = access::decide(caller, READ_DOSSIER, Some(resource));
        if !reader.is_ok_and(|reader| reader.role.is_officer()) {
            self.helper = None;
        }
        if may(READ_CONTENT) { self } else { self.without_content() }
    }

    /// With the reason of the decision, which is recorded in the stream of the review.
    pub(crate) fn decided_because(mut self, review: &Review) -> Self {
        let reason = review.decision().and_then(|decision| decision.reason.as_ref());
        if let Some(decision) = &mut self.decision {
            decision.reason = known(reason);
        }
        self
    }

    /// Without content, for callers who may read the stage only.
    fn without_content(mut self) -> Self {
        self.end_reason = None;
        self.date_changes.iter_mut().for_each(|change| change.reason = None);
        self.transfers.iter_mut().for_each(|transfer| transfer.reason = None);
        self.past_supplements.iter_mut().for_each(|past| past.reason = None);
        if let Some(decision) = &mut self.decision {
            decision.reason = None;
        }
        self.form = None;
        self.form_versions.clear();
        self.succeeded_codes.clear();
        self.documents.clear();
        if let Some(supplement) = &mut self.supplement {
            supplement.reason = None;
        }
        self
    }
}

impl DossierReply {
    /// With what the states of all services tell about it; the officers of tasks for officers only.
    pub(crate) fn with_overview(
        mut self,
        overview: &Overview,
        law: &Law,
        for_officers: bool,
    ) -> Self {
        self.status = Some(overview.status);
        self.waiting_on = Some(overview.waiting_on());
        self.waiting_on_agency = overview.waiting_on_agency().cloned();
        self.next = NextStep::all(&overview.tasks, law, for_officers);
        self
    }
}

/// The replaced codes in the form, by the lists at the time of its submission or last correction.
fn succeeded(intake: &Intake, law: &Law) -> Vec<SucceededCodeReply> {
    let (Some(submission), Some(last)) = (&intake.submission, intake.forms.last()) else {
        return Vec::new();
    };
    let Brief { procedure, agency, submitted_at, .. } = &submission.brief;
    let under = law.procedure(procedure).zip(law.calendar_of(agency));
    let (Some((procedure, calendar)), Some(form)) = (under, last.form.known()) else {
        return Vec::new();
    };
    let coded = law.coded(
        procedure,
        form,
        last.at,
        (calendar.date_of(last.at), calendar.date_of(*submitted_at)),
    );
    let named = coded.succeeded.into_iter();
    named
        .map(|Succeeded { field, code, successor }| SucceededCodeReply { field, code, successor })
        .collect()
}

impl FormVersionReply {
    /// Empty if there is only one version, which is in `form` already.
    fn all(forms: &[FormVersion]) -> Vec<Self> {
        let versions = forms.iter().filter(|_| forms.len() > 1).map(|version| Self {
            at: version.at,
            role: version.by.role,
            subject: Some(version.by.subject.to_string())
                .filter(|_| version.by.role == Role::Applicant),
            form: version.form.known().cloned(),
        });
        versions.collect()
    }
}

impl From<&dossier::contract::Document> for DocumentReply {
    fn from(document: &dossier::contract::Document) -> Self {
        Self {
            component: document.component.to_string(),
            document: document.document.to_string(),
            media_type: document.media_type.clone(),
            bytes: document.bytes,
            sha256: document.sha256.clone(),
            file_name: document.file_name.known().cloned(),
        }
    }
}

/// The dossier after a step, as far as the caller may read it.
pub(crate) fn shown_to(
    app: &App,
    loaded: &Loaded<Intake>,
    request: &Request,
) -> Result<Reply, Problem> {
    let (caller, resource) = (request.caller()?, loaded.state.resource().unwrap_or_default());
    let reply = DossierReply::new(&loaded.state, &app.engine.law());
    shown(loaded, reply.map(|reply| reply.for_caller(caller, &resource)))
}

/// Executes the command in the body of a request, and returns the dossier afterwards.
pub(crate) async fn take<C: Command<State = Intake> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<C>(&app.dossiers, id, request).await?;
    shown_to(app, &loaded, request)
}
