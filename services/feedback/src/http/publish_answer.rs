//! Publishes an answer, in words that name nobody. The law: `libs/dossier/src/feedback/publish_answer.rs`.

use std::sync::Arc;

use dossier::contract::ComplaintId;
use dossier::feedback::publish_answer::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ComplaintReply, take};
use crate::App;

/// What everybody may read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishAnswerRequest {
    /// The text that everybody may read.
    #[schema(value_type = String, min_length = 1, max_length = 10000)]
    text: Text<10000>,
}

/// Publishes an answer, in words that name nobody.
#[utoipa::path(
    post,
    path = "/v1/complaints/{complaint}/publication",
    operation_id = "publish_answer",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    request_body = PublishAnswerRequest,
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, complaint, &request, |body: &PublishAnswerRequest, state, facts| {
        decide(state, body.text.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "complaints" / ComplaintId / "publication"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
