//! A second person approves a refund. The law: `libs/dossier/src/payment/approve_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::approve_refund::ApproveRefund;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, standing, take_as};
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
    .body::<ApproveRefundRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ApproveRefundRequest| ApproveRefund {
        refund: body.refund,
        standing,
    })
    .await
}
