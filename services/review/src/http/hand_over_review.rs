//! Hands a dossier to a colleague. The law: `libs/dossier/src/review/hand_over_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::hand_over_review::HandOverReview;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Hands a dossier to a colleague.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/hand-over",
    operation_id = "hand_over_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = HandOverReview,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<HandOverReview>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(HandOverReview::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "hand-over"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
