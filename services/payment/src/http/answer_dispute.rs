//! Record the answer to a dispute. The law: `libs/dossier/src/payment/answer_dispute.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::answer_dispute::AnswerDispute;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/dispute-answers",
        "answer_dispute",
        "Record the answer to a dispute",
    )
    .describe(
        "The agency has sent its evidence to the provider or the bank. The dispute stays open until its outcome is known.",
    )
    .command::<AnswerDispute>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<AnswerDispute>(&app, dossier, &request).await
}
