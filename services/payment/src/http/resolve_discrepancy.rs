//! Puts right what was counted for an attempt. The law: `libs/dossier/src/payment/resolve_discrepancy.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, PaymentId, Vnd};
use dossier::payment::resolve_discrepancy::{ResolveDiscrepancy, STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{PaymentReply, standing, take};
use crate::App;

/// What the provider was found to have captured.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveDiscrepancyRequest {
    /// Which attempt.
    #[schema(value_type = Uuid)]
    payment: Uuid,
    /// How much it has really brought, in all.
    #[schema(value_type = i64, minimum = 0)]
    captured_vnd: i64,
    /// What was found, in writing.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Says how much an attempt has really brought, after the provider was asked about what did not agree. So much more than it
/// was begun for that one person could not give it back waits for a second one (`proposed_resolution`).
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/resolutions",
    operation_id = "resolve_discrepancy",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ResolveDiscrepancyRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take(&app, STEP, dossier, &request, |body: &ResolveDiscrepancyRequest, state, facts| {
        let (payment, captured) = (PaymentId(body.payment), Vnd(body.captured_vnd));
        let reason = body.reason.0.clone();
        decide(state, ResolveDiscrepancy { payment, captured, reason }, standing, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "resolutions");
    endpoint1(app, Access::Roles(STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
