//! Hands a dossier to a colleague. The law: `libs/dossier/src/review/hand_over_review.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Subject};
use dossier::review::hand_over_review::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// To whom and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOverReviewRequest {
    /// The colleague: the subject of their token.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    to: Line<200>,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Hands a dossier to a colleague.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/hand-over",
    operation_id = "hand_over_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = HandOverReviewRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &HandOverReviewRequest, state, facts| {
        decide(state, Subject::from(&*body.to.0), body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "hand-over"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
