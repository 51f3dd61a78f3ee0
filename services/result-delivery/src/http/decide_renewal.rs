//! Decides whether a result is valid for longer. The law: `libs/dossier/src/delivery/decide_renewal.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Outcome};
use dossier::delivery::decide_renewal::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// What was decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideRenewalRequest {
    /// `approved` or `refused`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// Why, if it is refused.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    reason: Option<Text<2000>>,
}

/// Decides whether a result is valid for longer.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/renewal/decision",
    operation_id = "decide_renewal",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = DecideRenewalRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &DecideRenewalRequest, state, facts| {
        let reason = body.reason.as_ref().map(|reason| reason.0.clone());
        decide(state, body.outcome, reason, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "renewal" / "decision"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
