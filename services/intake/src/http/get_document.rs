//! Returns a document of a dossier to callers who may read the dossier's content.

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::{DocumentName, DossierId};
use dossier::intake::READ_CONTENT;
use web::{Operation, Problem, Reply, Request};

use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/dossiers/{dossier}/documents/{document}",
        "get_document",
        "Download a document of a dossier",
    )
    .parameter("document", "The document's name.")
    .roles(READ_CONTENT)
    .bytes(DOCUMENT_TYPES)
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    document: String,
    request: Request,
) -> Result<Reply, Problem> {
    let readable = super::get_dossier::load(&app, dossier, &request, READ_CONTENT).await?;
    let super::get_dossier::Readable { loaded, resource, .. } = readable;
    request.read_as(READ_CONTENT, &resource)?;
    let name = DocumentName::from(&*document);
    if !loaded.state.documents.iter().any(|document| document.document == name) {
        return Err(Problem::not_found());
    }
    Ok(Reply::document(app.documents.open(&name).await?))
}
