//! Proposes to record that money was taken back. The law:
//! `libs/dossier/src/payment/report_reversal.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentId, Vnd};
use dossier::payment::report_reversal::ReportReversal;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, take_as};
use crate::App;
use crate::payment_orders::Members;

/// Money that was taken back, and how it is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportReversalRequest {
    /// Id of the attempt.
    payment: PaymentId,
    /// Amount in VND; at most what the attempt has left.
    amount_vnd: Vnd,
    /// The number of the reversal at the provider or the bank.
    transaction: Line<200>,
    /// When the money moved.
    reversed_at: Option<Timestamp>,
    /// How the cashier knows it.
    reason: Text<2000>,
    /// Whether it is what is left of the whole payment order that the attempt is a part of. It is
    /// then recorded for all its dossiers.
    #[serde(default)]
    whole_order: bool,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/reversals",
        "report_reversal",
        "Propose to record a reversal",
    )
    .describe(
        "For money that a letter or a statement says was taken back, while no message of the provider \
         does. A second person has to approve it (`proposed_entry`). The fee is then owed again, or \
         becomes a debt (`debts`).",
    )
    .step(&ReportReversal::STEP)
    .body::<ReportReversalRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let ReportReversalRequest { payment, whole_order, .. } = request.json()?;
    let of = (dossier, payment);
    let order = Members::of_attempt(&app.reports(), of)
        .await?
        .filter(|_| whole_order)
        .map(|all| all.left());
    take_as(&app, dossier, &request, |body: ReportReversalRequest| {
        let ReportReversalRequest { amount_vnd, transaction, reversed_at, reason, .. } = body;
        let (amount, number) = (amount_vnd, transaction.0);
        ReportReversal { payment, amount, number, reversed_at, reason, order }
    })
    .await
}
