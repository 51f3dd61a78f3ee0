//! Rejects or withdraws a proposed resolution. The law:
//! `libs/dossier/src/payment/reject_resolution.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::reject_resolution::RejectResolution;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/resolution-rejections",
        "reject_resolution",
        "Reject or withdraw a proposed resolution",
    )
    .command::<RejectResolution>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectResolution>(&app, dossier, &request).await
}
