//! Records that the whole outstanding amount was paid in cash. The law:
//! `libs/dossier/src/payment/take_cash.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::take_cash::TakeCash;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/payments/{dossier}/cash", "take_cash", "Record a cash payment of the fee")
        .command::<TakeCash>()
        .reply::<PaymentReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<TakeCash>(&app, dossier, &request).await
}
