//! Asks for a result to be valid for longer. The law: `libs/dossier/src/delivery/request_renewal.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::request_renewal::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// Why it should be valid for longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestRenewalRequest {
    /// In words.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    reason: Option<Text<2000>>,
}

/// Asks for a result to be valid for longer.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/renewal",
    operation_id = "request_renewal",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RequestRenewalRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RequestRenewalRequest, state, facts| {
        decide(state, body.reason.as_ref().map(|reason| reason.0.clone()), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "renewal"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
