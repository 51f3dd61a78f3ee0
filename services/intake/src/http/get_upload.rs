//! Shows what was stored of an upload, to callers who may name it in a step.

use std::sync::Arc;

use documents::NamedError;
use dossier::contract::DocumentName;
use dossier::intake::submit_dossier::{NAME_UPLOAD, UPLOAD};
use web::{Operation, Problem, Reply, Request};

use super::upload_document::DocumentUploadedReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/documents/{document}", "get_upload", "Show an upload")
        .describe(
            "Its type, size and digest. For callers who may name it in a step; others get a 404, as \
             for a document that was removed.",
        )
        .parameter("document", "The document's name.")
        .roles(UPLOAD)
        .reply::<DocumentUploadedReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, document: String, request: Request) -> Result<Reply, Problem> {
    let named = vec![(String::new(), DocumentName::from(&*document))];
    let found = app.documents.to_be_named((request.caller()?, NAME_UPLOAD), named).await;
    let stored = found.map_err(|error| match error {
        NamedError::Unknown(_) => Problem::not_found(),
        NamedError::Home(error) => error.into(),
    })?;
    let stored = stored.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&DocumentUploadedReply::from(stored)))
}
