//! Adds documents to a complaint. The law:
//! `libs/dossier/src/feedback/add_complaint_documents.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::add_complaint_documents::AddComplaintDocuments;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{List, Operation, Problem, Reply, Request, UNKNOWN_DOCUMENT};

use super::attachments::{ComplaintDocumentRequest, DOCUMENTS_MAX, attachments, named};
use super::reply::{ComplaintReply, OWN_STEP, take_as};
use crate::App;

/// Documents for a complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddComplaintDocumentsRequest {
    /// Uploaded documents, at least one.
    #[schema(value_type = Vec<ComplaintDocumentRequest>, max_items = 20)]
    documents: List<ComplaintDocumentRequest, DOCUMENTS_MAX>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/documents",
        "add_complaint_documents",
        "Add documents to a complaint",
    )
    .step(&AddComplaintDocuments::STEP)
    .refusals(&[OWN_STEP, UNKNOWN_DOCUMENT])
    .body::<AddComplaintDocumentsRequest>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let who = (request.caller()?, AddComplaintDocuments::STEP.may);
    let body: AddComplaintDocumentsRequest = request.json()?;
    let (documents, unknown) = attachments(&app, who, &body.documents).await?;
    if !unknown.is_empty() {
        return Err(Problem::fields(UNKNOWN_DOCUMENT, unknown));
    }
    let command =
        |_: AddComplaintDocumentsRequest| AddComplaintDocuments { documents: documents.clone() };
    let reply = take_as(&app, complaint, &request, command).await?;
    named(&app, &documents);
    Ok(reply)
}
