//! Approves what a colleague proposed: the dossier is decided. The law: `libs/dossier/src/review/approve_decision.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::approve_decision::ApproveDecision;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Approves what a colleague proposed: the dossier is decided.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/decision",
    operation_id = "approve_decision",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ApproveDecision,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ApproveDecision>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ApproveDecision::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "decision"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
