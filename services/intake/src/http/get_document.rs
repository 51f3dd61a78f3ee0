//! Gives a document of a dossier to those who may see the dossier.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId};
use dossier::intake::READ_CONTENT;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint2};

use crate::App;

/// Gives a document of a dossier.
#[utoipa::path(
    get,
    path = "/v1/dossiers/{dossier}/documents/{document}",
    operation_id = "get_document",
    params(
        ("dossier" = Uuid, Path, description = "The dossier"),
        ("document" = String, Path, description = "The document's name"),
    ),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)),
)]
async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    document: String,
    request: Request,
) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let (loaded, resource) = super::get_dossier::load(&app, dossier, &request, caller).await?;
    Request::permitted_over(caller, READ_CONTENT, Some(resource))?;
    let name = DocumentName::from(&*document);
    if !loaded.state.documents.iter().any(|document| document.document == name) {
        return Err(Problem::not_found());
    }
    app.kit.documents.reply(&app.kit, &name).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "dossiers" / DossierId / "documents" / String);
    endpoint2(app, Access::Roles(READ_CONTENT), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
