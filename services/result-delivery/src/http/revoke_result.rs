//! Revokes a result. The law: `libs/dossier/src/delivery/revoke_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::revoke_result::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// Why it is revoked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeResultRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Revokes a result.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/revocation",
    operation_id = "revoke_result",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RevokeResultRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RevokeResultRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "revocation"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
