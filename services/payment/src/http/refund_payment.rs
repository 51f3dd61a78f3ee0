//! Records that money goes back. The law: `libs/dossier/src/payment/refund_payment.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, Vnd};
use dossier::payment::refund_payment::RefundPayment;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// Money that goes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPaymentRequest {
    /// How much.
    amount_vnd: Vnd,
    /// The written reason.
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
    take_as(&app, dossier, &request, |body: RefundPaymentRequest| {
        let RefundPaymentRequest { amount_vnd: amount, reason } = body;
        RefundPayment { amount, reason, standing }
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(RefundPayment::STEP.may),
        warp::path!("v1" / "payments" / DossierId / "refunds"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
