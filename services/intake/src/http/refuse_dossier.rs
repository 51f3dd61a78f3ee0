//! Does not accept a dossier, with written reasons. The law: `libs/dossier/src/intake/refuse_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::refuse_dossier::RefuseDossier;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Does not accept a dossier, with written reasons.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/refusal",
    operation_id = "refuse_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RefuseDossier,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RefuseDossier>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(RefuseDossier::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "refusal"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
