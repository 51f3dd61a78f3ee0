//! Takes a dossier back before it is decided. The law: `libs/dossier/src/intake/withdraw_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::withdraw_dossier::WithdrawDossier;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Takes a dossier back before it is decided.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/withdrawal",
    operation_id = "withdraw_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = WithdrawDossier,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<WithdrawDossier>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(WithdrawDossier::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "withdrawal"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
