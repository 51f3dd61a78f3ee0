//! Submits a requested supplement. The law: `libs/dossier/src/intake/submit_supplement.rs`.

use std::sync::Arc;

use dossier::contract::{Brief, DossierId};
use dossier::intake::submit_supplement::SubmitSupplement;
use dossier::step::{LAW_NOT_APPLICABLE, Reasons};
use dossier::{Command, State};
use engine::Streams;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::problem::FORM_INVALID;
use web::{List, Operation, Problem, Reply, Request, UNKNOWN_DOCUMENT, execute_as};

use super::reply::{DossierReply, shown_to};
use super::submit_dossier::{DOCUMENTS_MAX, DocumentRequest, check_form, documents, named};
use crate::App;

/// The requested documents and corrections.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitSupplementRequest {
    /// Uploaded documents.
    #[serde(default)]
    #[schema(value_type = Vec<DocumentRequest>, max_items = 100)]
    documents: List<DocumentRequest, DOCUMENTS_MAX>,
    /// The whole corrected form; absent if it is not corrected.
    #[schema(value_type = Option<HashMap<String, Value>>, example = json!({ "invoice": "INV-1" }))]
    form: Option<Value>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/supplements",
        "submit_supplement",
        "Submit a supplement",
    )
    .step(&SubmitSupplement::STEP)
    .refusals(&[UNKNOWN_DOCUMENT, FORM_INVALID])
    .body::<SubmitSupplementRequest>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: SubmitSupplementRequest = request.json()?;
    let mut form = body.form.clone();
    let mut found = Reasons::default();
    if let Some(form) = &mut form {
        let stream = Streams::<dossier::intake::Intake>::name(&dossier.to_string());
        let stream = stream.map_err(|_| Problem::not_found())?;
        let loaded = app.dossiers.load(&stream).await?;
        Request::permitted_over(caller, SubmitSupplement::STEP.may, loaded.state.resource())?;
        let submission = loaded.state.submission.as_ref().ok_or_else(Problem::not_found)?;
        let law = app.engine.law();
        let procedure = law.procedure(&submission.brief.procedure);
        let procedure = procedure.ok_or(Problem::new(LAW_NOT_APPLICABLE))?;
        let Brief { agency, submitted_at, .. } = &submission.brief;
        let calendar = law.calendar_of(agency).ok_or(Problem::new(LAW_NOT_APPLICABLE))?;
        let filed = calendar.date_of(*submitted_at);
        found.found(FORM_INVALID, check_form(&app, procedure, (agency, filed), form));
    }
    let who = (caller, SubmitSupplement::STEP.may);
    let (documents, unknown) = documents(&app, who, &body.documents).await?;
    found.found(UNKNOWN_DOCUMENT, unknown);
    let id = (&*dossier.to_string(), Some(dossier));
    let command = SubmitSupplement { documents, form, found };
    let execute =
        execute_as(&app.dossiers, id, &request, |_: SubmitSupplementRequest| command.clone());
    let loaded = execute.await?;
    named(&app, &command.documents);
    shown_to(&app, &loaded, &request)
}
