//! Returns a document of an answer to anybody who has the number and status code of the complaint.

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::DocumentName;
use web::{Counts, Operation, Problem, Reply, Request};

use super::reply::{answering, current_answer};
use super::status::{CODE, CODE_HELP, NUMBER, NUMBER_HELP, found};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaint-status/documents/{document}",
        "get_status_document",
        "Download a document of the answer with the number and code of the complaint",
    )
    .describe("Public, for complainants without an account.")
    .parameter("document", "The document's name.")
    .header(NUMBER, NUMBER_HELP)
    .header(CODE, CODE_HELP)
    .counted(Counts::LookUp)
    .bytes(DOCUMENT_TYPES)
    .handle(handle)
}

async fn handle(app: Arc<App>, document: String, request: Request) -> Result<Reply, Problem> {
    let loaded = found(&app, &request).await?;
    let other = answering(&app, &loaded.state).await?;
    let answer = current_answer(&loaded.state, other.as_ref().map(|other| &other.state));
    let name = DocumentName::from(&*document);
    let mut documents = answer.into_iter().flat_map(|answer| &answer.documents);
    if !documents.any(|of| of.document == name) {
        return Err(Problem::not_found());
    }
    Ok(Reply::document(app.documents.open(&name).await?))
}
