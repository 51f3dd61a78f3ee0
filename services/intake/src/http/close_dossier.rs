//! Ends a dossier of a procedure that has no result. The law: `libs/dossier/src/intake/close_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::close_dossier::CloseDossier;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Ends a dossier of a procedure that has no result.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/closure",
    operation_id = "close_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = CloseDossier,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<CloseDossier>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(CloseDossier::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "closure"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
