//! Returns a document attached to a message.

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::{DocumentName, DossierId};
use dossier::notes::READ_MESSAGES;
use web::{Operation, Problem, Reply, Request};

use super::on_dossier::OnDossier;
use crate::notes::App;

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/dossiers/{dossier}/messages/{message}/documents/{document}";
    Operation::get(address, "get_message_document", "Download a document of a message")
        .parameter("message", "The message's number.")
        .parameter("document", "The document's name.")
        .roles(READ_MESSAGES)
        .bytes(DOCUMENT_TYPES)
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    message: u32,
    document: String,
    request: Request,
) -> Result<Reply, Problem> {
    let (_, notes) = OnDossier::to_read(&app, dossier, &request, READ_MESSAGES).await?;
    let name = DocumentName::from(&*document);
    let message = notes.state.messages.iter().find(|one| one.number == message);
    let documents = message.map(|message| message.documents.as_slice()).unwrap_or_default();
    if !documents.iter().any(|attached| attached.document == name) {
        return Err(Problem::not_found());
    }
    Ok(Reply::document(app.documents.open(&name).await?))
}
