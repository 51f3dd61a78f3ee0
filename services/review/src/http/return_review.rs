//! Puts a dossier back into the queue. The law: `libs/dossier/src/review/return_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::return_review::ReturnReview;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Puts a dossier back into the queue.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/return",
    operation_id = "return_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ReturnReview,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ReturnReview>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ReturnReview::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "return"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
