//! Returns the copy of the evidence of a mandate.

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::{DocumentName, MandateId};
use dossier::mandates::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{ACTS_FOR_OTHERS, party};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/mandates/{mandate}/documents/{document}",
        "get_mandate_document",
        "Download the evidence of a mandate",
    )
    .parameter("document", "The document's name.")
    .roles(READ)
    .refusals(&[ACTS_FOR_OTHERS])
    .bytes(DOCUMENT_TYPES)
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    mandate: MandateId,
    document: String,
    request: Request,
) -> Result<Reply, Problem> {
    party(request.caller()?)?;
    let loaded = read(&app.mandates, READ, &mandate.to_string(), &request).await?;
    let name = DocumentName::from(&*document);
    let copy = loaded.state.granted().and_then(|granted| granted.terms.document.as_ref());
    if copy != Some(&name) {
        return Err(Problem::not_found());
    }
    Ok(Reply::document(app.documents.open(&name).await?))
}
