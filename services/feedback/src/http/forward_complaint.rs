//! Passes a complaint on to another agency. The law: `libs/dossier/src/feedback/forward_complaint.rs`.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ComplaintId};
use dossier::feedback::forward_complaint::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{ComplaintReply, take};
use crate::App;

/// To which agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForwardComplaintRequest {
    /// The code of the agency.
    #[schema(value_type = String, min_length = 1, max_length = 35)]
    to: Line<35>,
}

/// Passes a complaint on to another agency.
#[utoipa::path(
    post,
    path = "/v1/complaints/{complaint}/forwarding",
    operation_id = "forward_complaint",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    request_body = ForwardComplaintRequest,
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, complaint, &request, |body: &ForwardComplaintRequest, state, facts| {
        decide(state, AgencyCode::from(&*body.to.0), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "complaints" / ComplaintId / "forwarding"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
