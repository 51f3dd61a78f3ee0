//! Gives the issued result to those who may see it. Reading it is no delivery: that is a step, `download_result`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::{READ_DOCUMENT, Stage};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read};

use crate::App;

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
    let valid = loaded.state.stage != Stage::Revoked;
    let issued = loaded.state.issued.as_ref().filter(|_| valid);
    let name = issued.and_then(|issued| issued.document.as_ref()).ok_or_else(Problem::not_found)?;
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
