//! Takes a dossier from the queue. The law: `libs/dossier/src/review/claim_review.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::claim_review::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimReviewRequest {}

/// Takes a dossier from the queue.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/claim",
    operation_id = "claim_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ClaimReviewRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |_: &ClaimReviewRequest, state, facts| decide(state, facts))
        .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "claim"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
