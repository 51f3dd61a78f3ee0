//! Gives the issued result to those who may see it: to the applicant once it is delivered, which a step records first. For a
//! download that is `download_result`.

use std::sync::Arc;

use dossier::access;
use dossier::contract::DossierId;
use dossier::delivery::{READ_DOCUMENT, Stage};
use dossier::{RefusalEntry, State};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read};

use crate::App;

const NOT_DELIVERED: RefusalEntry = RefusalEntry {
    status: 409,
    code: "result-not-delivered",
    vi: "kết quả chưa được trả: hãy thực hiện bước nhận kết quả trước",
    en: "the result has not been delivered: take the step that records it first, for a download POST /downloads",
};

/// Gives the issued result.
#[utoipa::path(
    get,
    path = "/v1/deliveries/{dossier}/document",
    operation_id = "get_result_document",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.results, READ_DOCUMENT, &dossier.to_string(), &request).await?;
    let state = &loaded.state;
    let resource = state.resource().ok_or_else(Problem::not_found)?;
    let role = access::decide(request.caller()?, READ_DOCUMENT, Some(&resource))?.role;
    let valid = state.stage != Stage::Revoked;
    let issued = state.issued.as_ref().filter(|_| valid);
    let name = issued.and_then(|issued| issued.document.as_ref()).ok_or_else(Problem::not_found)?;
    if !state.is_open_to(role) {
        return Err(Problem::new(NOT_DELIVERED));
    }
    let kit = app.results.kit();
    kit.documents.reply(kit, name).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "deliveries" / DossierId / "document");
    endpoint1(app, Access::Roles(READ_DOCUMENT), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
