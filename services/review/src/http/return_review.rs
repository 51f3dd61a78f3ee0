//! Puts a dossier back into the queue. The law: `libs/dossier/src/review/return_review.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::return_review::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// Why it is put back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnReviewRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Puts a dossier back into the queue.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/return",
    operation_id = "return_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ReturnReviewRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ReturnReviewRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "return"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
