//! A dossier as intake shows it, and how its steps are taken.

use dossier::Command;
use dossier::contract::{Brief, ClosedAs, DossierId, Outcome, Role, SupplementStage};
use dossier::intake::{FormVersion, Intake, Stage};
use dossier::law::{Law, Succeeded};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service_kit::http::{AnswerDue, Due, Problem, Reply, Request, WindowEnd, execute, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A dossier, as intake shows it to those who may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DossierReply {
    /// Our own id.
    pub id: Uuid,
    /// The code on its slips.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// The code of the procedure.
    #[schema(example = "CO.D")]
    pub procedure: String,
    /// The version of the procedure under which it was received.
    pub procedure_version: u32,
    /// The agency that received it.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// The way in which it came.
    pub channel: dossier::contract::Channel,
    /// Where it is in the procedure.
    pub stage: StageReply,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// By when the one-stop unit must answer.
    #[serde(flatten)]
    #[schema(inline)]
    pub answer: AnswerDue,
    /// The appointment: by when the result is due.
    #[serde(flatten)]
    #[schema(inline)]
    pub due: Due,
    /// Whether the deadline was missed.
    pub deadline_missed: bool,
    /// Whether the clock stands still.
    pub suspended: bool,
    /// Whether the fee was received.
    pub fee_received: bool,
    /// What the applicant is asked to supply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement: Option<SupplementReply>,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_as: Option<ClosedAs>,
    /// The form as it was last corrected; null once it was erased, and for cashiers and operators.
    #[schema(value_type = Object)]
    pub form: Option<Value>,
    /// The form in each of its versions, the first one first, where it was corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub form_versions: Vec<FormVersionReply>,
    /// Codes in the form that had ended when it was submitted or last corrected, with those that stand for them; none for
    /// cashiers and operators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub succeeded_codes: Vec<SucceededCodeReply>,
    /// The documents; none for cashiers and operators.
    pub documents: Vec<DocumentReply>,
}

/// Where a dossier is in the procedure.
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

/// A code that had ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SucceededCodeReply {
    /// The field of the form, as a JSON Pointer.
    #[schema(example = "/hs_code")]
    pub field: String,
    /// The code.
    #[schema(example = "0101")]
    pub code: String,
    /// The one that stands for it.
    #[schema(example = "0102")]
    pub successor: String,
}

/// A form as somebody submitted or corrected it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FormVersionReply {
    /// When.
    pub at: Timestamp,
    /// In what capacity somebody did it.
    pub role: Role,
    /// Who, if on the applicant's side; an officer is named on the timeline, to officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "citizen-1")]
    pub subject: Option<String>,
    /// The form; null once it was erased.
    #[schema(value_type = Object)]
    pub form: Option<Value>,
}

/// What the applicant is asked to supply.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupplementReply {
    /// Counts the requests of this dossier from 1.
    pub request: u32,
    /// Whether the clock had started.
    pub after_acceptance: bool,
    /// The components.
    #[schema(example = json!(["application-form"]))]
    pub components: Vec<String>,
    /// The written reason; null once it was erased, and for cashiers and operators.
    #[schema(example = "Thiếu trang 2")]
    pub reason: Option<String>,
    /// The end of the applicant's window.
    #[serde(flatten)]
    #[schema(inline)]
    pub window: WindowEnd,
}

/// A document of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentReply {
    /// Which component it is.
    #[schema(example = "application-form")]
    pub component: String,
    /// Its name.
    #[schema(example = "AAAAAAAAAAAAAAAAAAAAAA")]
    pub document: String,
    /// Its media type.
    #[schema(example = "application/pdf")]
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// The applicant's own name for the file; null once it was erased.
    #[schema(example = "to-khai.pdf")]
    pub file_name: Option<String>,
}

impl DossierReply {
    /// Nothing was submitted: nothing to show.
    pub(crate) fn new(intake: &Intake, law: &Law) -> Option<Self> {
        let submission = intake.submission.as_ref()?;
        let brief = &submission.brief;
        let agency = &brief.agency;
        let (stage, closed_as) = match intake.stage {
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
            answer: AnswerDue::of(law, agency, intake.answer.map(|answer| answer.running.due_at)),
            due: Due::of(law, agency, intake.promised.as_ref().map(|p| p.promise.due_at)),
            deadline_missed: intake.promised.as_ref().is_some_and(|promised| promised.missed),
            suspended: intake.is_suspended(),
            fee_received: intake.fee_received_at.is_some(),
            supplement: intake.open_request.as_ref().map(|open| SupplementReply {
                request: open.request.request,
                after_acceptance: open.request.stage == SupplementStage::Review,
                components: open.request.components.iter().map(ToString::to_string).collect(),
                reason: open.request.reason.known().cloned(),
                window: WindowEnd::of(law, agency, open.window.due_at),
            }),
            outcome: intake.decision.as_ref().map(|decision| decision.outcome),
            closed_as,
            form: submission.form.known().cloned(),
            form_versions: FormVersionReply::all(&intake.forms),
            succeeded_codes: succeeded(intake, law),
            documents: intake.documents.iter().map(DocumentReply::from).collect(),
        })
    }
}

impl DossierReply {
    /// For those whose work needs to know where a dossier stands, and no more.
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

/// What the lists of codes said of the form when it was submitted or last corrected.
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
    /// None where there is only the one that stands beside it.
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

/// Executes the command that is the body of a request, and shows what came of it.
pub(crate) async fn take<C: Command<State = Intake> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<C>(&app.dossiers, id, request).await?;
    shown(&loaded, DossierReply::new(&loaded.state, &app.kit.law()))
}
