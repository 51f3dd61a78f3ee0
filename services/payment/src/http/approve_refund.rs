//! A second person approves a refund. The law: `libs/dossier/src/payment/approve_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentEvent};
use dossier::payment::approve_refund::ApproveRefund;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{On, Operation, Problem, Reply, Request, preview};

use super::reply::{PaymentReply, standing, take_as};
use super::request_refund::{CANNOT_REFUND, able};
use crate::App;

/// The approval of a proposed refund.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveRefundRequest {
    /// Id of the proposed refund (`proposed_refund`).
    refund: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/refund-approvals",
        "approve_refund",
        "Approve a proposed refund",
    )
    .step(&ApproveRefund::STEP)
    .refusals(&[CANNOT_REFUND])
    .body::<ApproveRefundRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    let seen = request.if_match()?;
    let ApproveRefundRequest { refund } = request.json()?;
    request.catch_up(app.payments.reactions()).await?;
    let name = dossier.to_string();
    let on = On::stream(&name, Some(dossier)).seen(&seen);
    let previewed =
        preview(&app.payments, &request, on, &ApproveRefund { refund, standing }).await?;
    // The provider may have been switched off since it was proposed.
    for event in previewed.into_iter().flatten() {
        if let PaymentEvent::RefundRequested(requested) = &event {
            let payment = requested.payment;
            able(&app, dossier, payment, event).await?;
        }
    }
    take_as(&app, dossier, &request, |body: ApproveRefundRequest| ApproveRefund {
        refund: body.refund,
        standing,
    })
    .await
}
