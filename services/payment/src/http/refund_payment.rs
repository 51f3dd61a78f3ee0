//! Records a refund. The law: `libs/dossier/src/payment/refund_payment.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, Vnd};
use dossier::payment::refund_payment::RefundPayment;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// The amount to be refunded, with a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPaymentRequest {
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Written reason.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/payments/{dossier}/refunds", "refund_payment", "Refund a payment")
        .describe(
            "What is more than one person may give back waits for a second one \
             (`proposed_refund`).",
        )
        .step(&RefundPayment::STEP)
        .body::<RefundPaymentRequest>()
        .reply::<PaymentReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: RefundPaymentRequest| {
        let RefundPaymentRequest { amount_vnd: amount, reason } = body;
        RefundPayment { amount, reason, standing }
    })
    .await
}
