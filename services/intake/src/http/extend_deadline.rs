//! Makes the period longer, where the procedure allows it. The law: `libs/dossier/src/intake/extend_deadline.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::extend_deadline::ExtendDeadline;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Makes the period longer, where the procedure allows it.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/extension",
    operation_id = "extend_deadline",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ExtendDeadline,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ExtendDeadline>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ExtendDeadline::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "extension"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
