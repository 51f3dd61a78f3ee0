//! Returns the issued document to callers who may read it: to the applicant once it is delivered,
//! which a step has to record first (for a download, `download_result`).

use std::sync::Arc;

use documents::DOCUMENT_TYPES;
use dossier::contract::DossierId;
use dossier::delivery::{READ_DOCUMENT, Stage};
use dossier::{RefusalEntry, State};
use web::{Operation, Problem, Reply, Request, read};

use crate::App;

const NOT_DELIVERED: RefusalEntry = RefusalEntry {
    status: 409,
    code: "result-not-delivered",
    vi: "kết quả chưa được trả: hãy thực hiện bước nhận kết quả trước, ví dụ `POST /v1/deliveries/{dossier}/downloads`",
    en: "the result has not been delivered; record its delivery first, for a download with `POST /v1/deliveries/{dossier}/downloads`",
};

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/deliveries/{dossier}/document",
        "get_result_document",
        "Download the issued result",
    )
    .describe("Applicants can read it once it is delivered; a download must be recorded first, with `download_result`.")
    .roles(READ_DOCUMENT)
    .refusals(&[NOT_DELIVERED])
    .bytes(DOCUMENT_TYPES)
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.results, READ_DOCUMENT, &dossier.to_string(), &request).await?;
    let state = &loaded.state;
    let resource = state.resource().ok_or_else(Problem::not_found)?;
    let role = request.read_as(READ_DOCUMENT, &resource)?.role;
    let valid = state.stage() != Stage::Revoked;
    let issued = state.issued().filter(|_| valid);
    let name = issued.and_then(|issued| issued.document.as_ref()).ok_or_else(Problem::not_found)?;
    if !state.is_open_to(role) {
        return Err(Problem::new(NOT_DELIVERED));
    }
    Ok(Reply::document(app.documents.open(name).await?))
}
