//! Answers a complaint. The law: `libs/dossier/src/feedback/answer_complaint.rs`.

use std::sync::Arc;

use dossier::contract::ComplaintId;
use dossier::feedback::answer_complaint::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ComplaintReply, take};
use crate::App;

/// The answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerComplaintRequest {
    /// The answer.
    #[schema(value_type = String, min_length = 1, max_length = 10000)]
    answer: Text<10000>,
}

/// Answers a complaint.
#[utoipa::path(
    post,
    path = "/v1/complaints/{complaint}/answer",
    operation_id = "answer_complaint",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    request_body = AnswerComplaintRequest,
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, complaint, &request, |body: &AnswerComplaintRequest, state, facts| {
        decide(state, body.answer.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "complaints" / ComplaintId / "answer"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
