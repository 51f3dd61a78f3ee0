//! Takes a dossier from the queue. The law: `libs/dossier/src/review/claim_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::claim_review::ClaimReview;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Takes a dossier from the queue.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/claim",
    operation_id = "claim_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ClaimReview,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ClaimReview>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ClaimReview::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "claim"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
