//! Answers a complaint. The law: `libs/dossier/src/feedback/answer_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::answer_complaint::AnswerComplaint;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{List, Operation, Problem, Reply, Request, Text, UNKNOWN_DOCUMENT};

use super::attachments::{ComplaintDocumentRequest, DOCUMENTS_MAX, attachments, named};
use super::reply::{ComplaintReply, OWN_STEP, take_as};
use crate::App;

/// The answer to the complainant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerComplaintRequest {
    /// Text for the complainant; only parties and handlers can read it. Complainants whose
    /// complaints were merged into this one read it, too.
    answer: Text<10000>,
    /// Uploaded documents that belong to the answer.
    #[serde(default)]
    #[schema(value_type = Vec<ComplaintDocumentRequest>, max_items = 20)]
    documents: List<ComplaintDocumentRequest, DOCUMENTS_MAX>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/complaints/{complaint}/answer", "answer_complaint", "Answer a complaint")
        .step(&AnswerComplaint::STEP)
        .refusals(&[OWN_STEP, UNKNOWN_DOCUMENT])
        .body::<AnswerComplaintRequest>()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let who = (request.caller()?, AnswerComplaint::STEP.may);
    let body: AnswerComplaintRequest = request.json()?;
    let (documents, unknown) = attachments(&app, who, &body.documents).await?;
    if !unknown.is_empty() {
        return Err(Problem::fields(UNKNOWN_DOCUMENT, unknown));
    }
    let command = |body: AnswerComplaintRequest| AnswerComplaint {
        answer: body.answer,
        documents: documents.clone(),
    };
    let reply = take_as(&app, complaint, &request, command).await?;
    named(&app, &documents);
    Ok(reply)
}
