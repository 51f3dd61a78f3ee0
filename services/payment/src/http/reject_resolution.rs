//! A proposed resolution is not agreed to, or taken back. The law: `libs/dossier/src/payment/reject_resolution.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::reject_resolution::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{PaymentReply, take};
use crate::App;

/// Which resolution is not agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectResolutionRequest {
    /// Which proposed resolution.
    #[schema(value_type = Uuid)]
    resolution: Uuid,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Does not agree to a proposed resolution, or takes it back: the discrepancy stays open.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/resolution-rejections",
    operation_id = "reject_resolution",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RejectResolutionRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RejectResolutionRequest, state, facts| {
        decide(state, body.resolution, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "resolution-rejections");
    endpoint1(app, Access::Roles(STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
