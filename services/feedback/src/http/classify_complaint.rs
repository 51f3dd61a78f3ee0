//! Says what a complaint is about. The law: `libs/dossier/src/feedback/classify_complaint.rs`.

use std::sync::Arc;

use dossier::contract::{ComplaintClass, ComplaintId};
use dossier::feedback::classify_complaint::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ComplaintReply, take};
use crate::App;

/// What it is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassifyComplaintRequest {
    /// `conduct_or_delay`, `content_of_rules`, `complex`, `not_ours` or `not_acceptable`; for a request about
    /// one's own data `personal_data_access`, `personal_data_objection` or `personal_data_erasure`.
    #[schema(value_type = String, example = "conduct_or_delay")]
    class: ComplaintClass,
    /// Why, for the complainant.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    reason: Option<Text<2000>>,
}

/// Says what a complaint is about.
#[utoipa::path(
    post,
    path = "/v1/complaints/{complaint}/classification",
    operation_id = "classify_complaint",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    request_body = ClassifyComplaintRequest,
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, complaint, &request, |body: &ClassifyComplaintRequest, state, facts| {
        decide(state, body.class, body.reason.as_ref().map(|reason| reason.0.clone()), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "complaints" / ComplaintId / "classification"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
