//! Submits a dossier. The law: `libs/dossier/src/intake/submit_dossier.rs`.

use std::sync::Arc;

use dossier::access::{Caller, May, Resource, agency, any};
use dossier::contract::{
    AgencyCode, Channel, ComponentCode, Document, DocumentName, DossierId, Personal, PostEvidence,
    ProcedureCode, Role, Subject, party_name,
};
use dossier::intake::submit_dossier::SubmitDossier;
use dossier::law::Procedure;
use dossier::{Command, RefusalEntry};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use service_kit::forms::FieldError;
use service_kit::http::problem::FORM_INVALID;
use service_kit::http::{
    Counts, DeliveryRequest, FileName, Line, On, Operation, Problem, Reply, Request, TOO_LARGE,
    UNKNOWN_DOCUMENT, send,
};
use utoipa::ToSchema;

use super::reply::DossierReply;
use crate::App;

/// Documents of one step.
pub(super) const DOCUMENTS_MAX: usize = 100;

const BY_OFFICER: &[May] = &[agency(Role::Clerk)];
const BY_APPLICANT: &[May] = &[any(Role::Applicant)];

const UNKNOWN_PROCEDURE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-procedure",
    vi: "không có thủ tục này",
    en: "there is no such procedure",
};
const NOT_IN_FORCE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "procedure-not-in-force",
    vi: "thủ tục không có hiệu lực tại thời điểm này",
    en: "no version of the procedure is in force today",
};
const UNKNOWN_AGENCY: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-agency",
    vi: "không có cơ quan này",
    en: "there is no such agency",
};

/// A dossier to be submitted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitDossierRequest {
    /// The code of the procedure.
    #[schema(value_type = String, max_length = 100, example = "CO.D")]
    procedure: Line<100>,
    /// The agency that is to receive it.
    #[schema(value_type = String, max_length = 35, example = "G02.001")]
    agency: AgencyCode,
    /// How it comes in. By counter and by post, an officer enters it.
    channel: Channel,
    /// Whose dossier it is, where an officer enters it.
    applicant: Option<Line<200>>,
    /// The form, as the procedure's schema says.
    #[schema(value_type = Object)]
    form: Value,
    /// The uploaded documents.
    #[serde(default)]
    #[schema(max_items = 100)]
    documents: Vec<DocumentRequest>,
    /// Groups to which the applicant claims to belong, for reductions of the fee.
    #[serde(default)]
    #[schema(example = json!(["small_enterprise"]), value_type = Vec<String>, max_items = 20)]
    groups: Vec<Line<100>>,
    /// How the result is wanted.
    delivery: Option<DeliveryRequest>,
    /// For post: the date that the procedure counts by.
    posted_at: Option<Timestamp>,
    /// What shows that date.
    posted_by: Option<PostEvidence>,
}

/// An uploaded document and what it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRequest {
    /// Which component of the dossier it is.
    component: Line<100>,
    /// The name that the upload answered with.
    document: Line<100>,
    /// The applicant's own name for the file.
    file_name: FileName,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers", "submit_dossier", "Submit a dossier")
        .step(&SubmitDossier::STEP)
        .refusals(&[
            UNKNOWN_PROCEDURE,
            NOT_IN_FORCE,
            UNKNOWN_AGENCY,
            UNKNOWN_DOCUMENT,
            FORM_INVALID,
        ])
        .body::<SubmitDossierRequest>()
        .created::<DossierReply>()
        .counted(Counts::Filing)
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let mut body: SubmitDossierRequest = request.json()?;
    // An officer who enters a dossier does so at the own agency; an applicant may file at any.
    let mays = if body.applicant.is_some() { BY_OFFICER } else { BY_APPLICANT };
    // Nor does an officer enter a dossier of their own.
    let at = Resource {
        owners: body.applicant.iter().map(|named| Subject::from(&*party_name(&named.0))).collect(),
        agencies: vec![body.agency.clone()],
        ..Resource::default()
    };
    Request::permitted_over(caller, mays, Some(at))?;
    if body.groups.len() > 20 || body.documents.len() > DOCUMENTS_MAX {
        return Err(Problem::new(TOO_LARGE).about("groups or documents"));
    }
    let law = app.kit.law();
    let agency = law.agency(&body.agency).ok_or(Problem::new(UNKNOWN_AGENCY))?;
    let calendar = law.calendar_of(&body.agency).ok_or(Problem::new(UNKNOWN_AGENCY))?;
    let today = calendar.date_of(app.kit.clock.now());
    let code = ProcedureCode::from(&*body.procedure.0);
    let Some(procedure) = law.in_force(&code, today) else {
        let known = law.knows(&code);
        return Err(Problem::new(if known { NOT_IN_FORCE } else { UNKNOWN_PROCEDURE }));
    };
    check_form(&app, procedure, (&body.agency, today), &mut body.form)?;
    let (applicant, representative) = parties(caller, body.applicant);
    let documents = documents(&app, (caller, mays), &body.documents).await?;
    let dossier = DossierId(request.new_id(&app.dossiers, caller, "dossier").await?);
    let reserved = app.kit.codes.next(&app.kit.store, &body.agency, &agency.system, today).await?;
    let code = reserved.code.clone();
    let command = SubmitDossier {
        dossier,
        code: code.clone(),
        agency: body.agency.clone(),
        channel: body.channel,
        applicant,
        representative,
        form: body.form,
        documents,
        groups: body.groups.into_iter().map(|group| group.0).collect(),
        delivery: body.delivery.map(Into::into),
        posted_at: body.posted_at,
        posted_by: body.posted_by,
    };
    let (id, reference) = (dossier.to_string(), procedure.reference());
    let on = On::stream(&id, Some(dossier)).beginning(&reference, &body.agency).by(mays);
    let taken = send(&app.dossiers, &request, on, &command).await;
    // Whether it was used where the store did not answer, nobody knows: then it is left out.
    let unused = match &taken {
        Ok(loaded) => loaded.state.submission.as_ref().is_none_or(|s| s.brief.code != code),
        Err(problem) => problem.status().is_client_error(),
    };
    if unused {
        app.kit.codes.give_back(reserved);
    }
    let loaded = taken?;
    named(&app, &loaded.state.documents);
    let body = DossierReply::new(&loaded.state, &app.kit.law()).ok_or_else(Problem::not_found)?;
    let location = format!("/v1/dossiers/{dossier}");
    Ok(Reply::created(&location, &body).version(loaded.version).position(loaded.position))
}

/// Whether the form of a dossier that was filed on a day keeps to its schema, and its codes are on their lists on the agency's day; its
/// tax codes and telephone numbers are put into their one spelling.
pub(super) fn check_form(
    app: &App,
    procedure: &Procedure,
    (agency, filed): (&AgencyCode, Date),
    form: &mut Value,
) -> Result<(), Problem> {
    let forms = app.kit.forms();
    let mut errors = forms.check(procedure, form);
    let (law, now) = (app.kit.law(), app.kit.clock.now());
    if let Some(calendar) = law.calendar_of(agency) {
        let faults =
            law.coded(procedure, form, now, (calendar.date_of(now), filed)).faults.into_iter();
        errors
            .extend(faults.map(|fault| FieldError { pointer: fault.field, detail: fault.reason }));
    }
    for error in &mut errors {
        error.pointer.insert_str(0, "/form");
    }
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    forms.spell(procedure, form);
    Ok(())
}

/// The applicant and who represents the applicant.
fn parties(caller: &Caller, named: Option<Line<200>>) -> (Subject, Option<Subject>) {
    match (named, &caller.on_behalf_of) {
        (Some(named), _) => (Subject::from(&*party_name(&named.0)), None),
        (None, Some(represented)) => (represented.clone(), Some(caller.subject.clone())),
        (None, None) => (caller.subject.clone(), None),
    }
}

/// The documents with what is known of their files, if the caller may name them.
pub(super) async fn documents(
    app: &App,
    who: (&Caller, &[May]),
    requested: &[DocumentRequest],
) -> Result<Vec<Document>, Problem> {
    let named = requested.iter().enumerate().map(|(place, request)| {
        let name = DocumentName::from(&*request.document.0);
        (format!("/documents/{place}/document"), name)
    });
    let stored = app.kit.documents.to_be_named(&app.kit, who, named.collect()).await?;
    let with_files = requested.iter().zip(stored).map(|(request, stored)| Document {
        component: ComponentCode::from(&*request.component.0),
        document: stored.name,
        media_type: stored.media_type,
        bytes: stored.bytes,
        sha256: Some(stored.sha256),
        file_name: Personal::from(request.file_name.0.clone()),
    });
    Ok(with_files.collect())
}

/// What was recorded names its documents: they wait for nothing any more.
pub(super) fn named(app: &App, documents: &[Document]) {
    app.kit.documents.named(documents.iter().map(|document| &document.document));
}
