//! Accepts a dossier with an appointment. The law: `libs/dossier/src/intake/accept_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::accept_dossier::AcceptDossier;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Accepts a dossier with an appointment.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/acceptance",
    operation_id = "accept_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = AcceptDossier,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<AcceptDossier>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(AcceptDossier::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "acceptance"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
