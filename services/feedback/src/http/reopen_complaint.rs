//! Is not content with the answer. The law: `libs/dossier/src/feedback/reopen_complaint.rs`.

use std::sync::Arc;

use dossier::contract::ComplaintId;
use dossier::feedback::reopen_complaint::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ComplaintReply, take};
use crate::App;

/// Why it is reopened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReopenComplaintRequest {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    reason: Text<4000>,
}

/// Is not content with the answer.
#[utoipa::path(
    post,
    path = "/v1/complaints/{complaint}/reopening",
    operation_id = "reopen_complaint",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    request_body = ReopenComplaintRequest,
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, complaint, &request, |body: &ReopenComplaintRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "complaints" / ComplaintId / "reopening"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
