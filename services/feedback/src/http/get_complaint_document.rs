//! Returns a document of a complaint or of its answer to callers who may read its texts.

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::{ComplaintId, DocumentName};
use dossier::feedback::{GivenAnswer, READ_TEXT};
use web::{Operation, Problem, Reply, Request, read};

use super::impartial;
use super::reply::{OWN_STEP, answering};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaints/{complaint}/documents/{document}",
        "get_complaint_document",
        "Download a document of a complaint or of its answer",
    )
    .parameter("document", "The document's name.")
    .roles(READ_TEXT)
    .refusals(&[OWN_STEP])
    .bytes(DOCUMENT_TYPES)
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    complaint: ComplaintId,
    document: String,
    request: Request,
) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ_TEXT, &complaint.to_string(), &request).await?;
    impartial::check(&app, READ_TEXT, complaint, &request).await?;
    let other = answering(&app, &loaded.state).await?;
    let name = DocumentName::from(&*document);
    let of_answer = |answer: Option<&GivenAnswer>| {
        answer.is_some_and(|answer| answer.documents.iter().any(|of| of.document == name))
    };
    let own = loaded.state.documents.iter().any(|of| of.document == name);
    let answer = loaded.state.answer.as_ref();
    // The same answer as `get_complaint` shows: not one that was contested by a reopening.
    let others = other.as_ref().map(|other| &other.state);
    let others = others.filter(|other| other.is_answered()).and_then(|other| other.answer.as_ref());
    if !own && !of_answer(answer) && !of_answer(others) {
        return Err(Problem::not_found());
    }
    Ok(Reply::document(app.documents.open(&name).await?))
}
