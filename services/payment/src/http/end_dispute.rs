//! Record the end of a dispute. The law: `libs/dossier/src/payment/end_dispute.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::end_dispute::EndDispute;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/ended-disputes",
        "end_dispute",
        "Record the end of a dispute",
    )
    .describe(
        "From a letter of the provider or the bank. It moves no money: what the payer gets is a reversal.",
    )
    .command::<EndDispute>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<EndDispute>(&app, dossier, &request).await
}
