//! Take cash for a debt. The law: `libs/dossier/src/payment/settle_debt.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::settle_debt::SettleDebt;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/payments/{dossier}/settled-debts", "settle_debt", "Take cash for a debt")
        .describe("For money that was taken back after the fee was closed.")
        .command::<SettleDebt>()
        .reply::<PaymentReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<SettleDebt>(&app, dossier, &request).await
}
