//! Representation of a dossier by intake, and execution of its steps.

use dossier::Command;
use dossier::contract::{Brief, ClosedAs, DossierId, Outcome, Role, SupplementStage};
use dossier::intake::{FormVersion, Intake, Stage};
use dossier::law::{Law, Succeeded};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{AnswerDue, Due, Problem, Reply, Request, WindowEnd, execute, shown};

use crate::App;

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
    /// Code of the agency that received it.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Filing channel.
    pub channel: dossier::contract::Channel,
    /// Stage of the dossier.
    pub stage: StageReply,
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
    /// The open supplement request; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement: Option<SupplementReply>,
    /// Outcome of the decision; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
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

/// Stage of a dossier.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DossierStage)]
pub(crate) enum StageReply {
    Submitted,
    Processing,
    Decided,
    Refused,
    Withdrawn,
    Closed,
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
        let (stage, closed_as) = match intake.stage() {
            Stage::Empty => return None,
            Stage::Submitted => (StageReply::Submitted, None),
            Stage::Processing => (StageReply::Processing, None),
            Stage::Decided => (StageReply::Decided, None),
            Stage::Refused => (StageReply::Refused, None),
            Stage::Withdrawn => (StageReply::Withdrawn, None),
            Stage::Closed(closed_as) => (StageReply::Closed, Some(closed_as)),
        };
        Some(Self {
            id: brief.dossier.0,
            code: brief.code.to_string(),
            procedure: brief.procedure.code.to_string(),
            procedure_version: brief.procedure.version,
            agency: brief.agency.to_string(),
            channel: brief.channel,
            stage,
            submitted_at: intake.submitted_at,
            answer: AnswerDue::of(law, agency, intake.answer().map(|answer| answer.running.due_at)),
            due: Due::of(law, agency, intake.promised.as_ref().map(|p| p.promise.due_at)),
            deadline_missed: intake.promised.as_ref().is_some_and(|promised| promised.missed),
            suspended: intake.is_suspended(),
            fee_received: intake.fee.received_at().is_some(),
            supplement: intake.open_request().map(|open| SupplementReply {
                request: open.request.request,
                after_acceptance: open.request.stage == SupplementStage::Review,
                components: open.request.components.iter().map(ToString::to_string).collect(),
                reason: open.request.reason.known().cloned(),
                window: WindowEnd::of(law, agency, open.window.due_at),
            }),
            outcome: intake.decision().map(|decision| decision.outcome),
            closed_as,
            form: submission.form.known().cloned(),
            form_versions: FormVersionReply::all(&intake.forms),
            succeeded_codes: succeeded(intake, law),
            documents: intake.documents.iter().map(DocumentReply::from).collect(),
        })
    }
}

impl DossierReply {
    /// Without content, for callers who may read the stage only.
    pub(crate) fn without_content(mut self) -> Self {
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
            file_name: document.file_name.known().cloned(),
        }
    }
}

/// Executes the command in the body of a request, and returns the dossier afterwards.
pub(crate) async fn take<C: Command<State = Intake> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<C>(&app.dossiers, id, request).await?;
    shown(&loaded, DossierReply::new(&loaded.state, &app.engine.law()))
}
