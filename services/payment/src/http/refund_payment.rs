//! Records that money goes back. The law: `libs/dossier/src/payment/refund_payment.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Vnd};
use dossier::payment::refund_payment::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{PaymentReply, standing, take};
use crate::App;

/// Money that goes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPaymentRequest {
    /// How much.
    #[schema(value_type = i64, minimum = 1)]
    amount_vnd: i64,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Gives money back; what is more than one person may give back waits for a second one (`proposed_refund`).
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/refunds",
    operation_id = "refund_payment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RefundPaymentRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take(&app, STEP, dossier, &request, |body: &RefundPaymentRequest, state, facts| {
        decide(state, Vnd(body.amount_vnd), body.reason.0.clone(), standing, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "payments" / DossierId / "refunds"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
