//! Proposes the right outcome of a refund through a provider. The law:
//! `libs/dossier/src/payment/correct_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, RefundOutcome};
use dossier::payment::correct_refund::CorrectRefund;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, take_as};
use crate::App;

/// The right outcome of a refund, and how it is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectRefundRequest {
    /// Id of the refund (`sent_refunds`).
    refund: Uuid,
    /// The right outcome; another one than is recorded.
    outcome: RefundOutcome,
    /// The number of the refund at the provider or the bank; required if the money went back.
    transaction: Option<Line<200>>,
    /// How the cashier knows it, for example from the statement.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/refund-corrections",
        "correct_refund",
        "Propose the right outcome of a refund",
    )
    .describe(
        "For a refund through a provider whose recorded outcome is wrong. A second person has to \
         approve it (`proposed_entry`). Money that did not go back is then owed back again, with a \
         new due date.",
    )
    .step(&CorrectRefund::STEP)
    .body::<CorrectRefundRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take_as(&app, dossier, &request, |body: CorrectRefundRequest| {
        let CorrectRefundRequest { refund, outcome, transaction, reason } = body;
        let number = transaction.map(|number| number.0);
        CorrectRefund { refund, outcome, number, reason }
    })
    .await
}
