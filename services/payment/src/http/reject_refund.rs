//! Rejects or withdraws a proposed refund. The law: `libs/dossier/src/payment/reject_refund.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::reject_refund::RejectRefund;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/refund-rejections",
        "reject_refund",
        "Reject or withdraw a proposed refund",
    )
    .command::<RejectRefund>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectRefund>(&app, dossier, &request).await
}
