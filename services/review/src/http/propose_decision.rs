//! Proposes a decision. The law: `libs/dossier/src/review/propose_decision.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::propose_decision::ProposeDecision;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Proposes a decision.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/decision-proposals",
    operation_id = "propose_decision",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ProposeDecision,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ProposeDecision>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ProposeDecision::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "decision-proposals"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
