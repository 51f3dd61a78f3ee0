//! Approves what a colleague proposed: the dossier is decided. The law: `libs/dossier/src/review/approve_decision.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::approve_decision::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{ReviewReply, take};
use crate::App;

/// Which proposal is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveDecisionRequest {
    /// Which proposal.
    #[schema(value_type = Uuid)]
    proposal: Uuid,
}

/// Approves what a colleague proposed: the dossier is decided.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/decision",
    operation_id = "approve_decision",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ApproveDecisionRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ApproveDecisionRequest, state, facts| {
        decide(state, body.proposal, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "decision"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
