//! Records a dispute about a payment. The law:
//! `libs/dossier/src/payment/record_dispute.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentId, Vnd};
use dossier::payment::record_dispute::RecordDispute;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, take_as};
use crate::App;
use crate::payment_orders::Members;

/// A dispute, and how it is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordDisputeRequest {
    /// Id of the attempt.
    payment: PaymentId,
    /// The provider's number of the dispute.
    dispute: Line<200>,
    /// Disputed amount in VND.
    amount_vnd: Vnd,
    /// When it must be answered; without it, in the period for discrepancies.
    answer_by: Option<Timestamp>,
    /// How the cashier knows it.
    reason: Text<2000>,
    /// Whether the whole payment order is disputed that the attempt is a part of. The dispute is
    /// then recorded for all its dossiers, and answered and ended for all of them with one.
    #[serde(default)]
    whole_order: bool,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/disputes",
        "record_dispute",
        "Record a dispute about a payment",
    )
    .describe(
        "From a letter of the provider or the bank. Until it has ended, nothing of the attempt is refunded.",
    )
    .step(&RecordDispute::STEP)
    .body::<RecordDisputeRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let RecordDisputeRequest { payment, whole_order, .. } = request.json()?;
    let of = (dossier, payment);
    let order = Members::of_attempt(&app.reports(), of)
        .await?
        .filter(|_| whole_order)
        .map(|all| all.brought());
    take_as(&app, dossier, &request, |body: RecordDisputeRequest| {
        let RecordDisputeRequest { dispute, amount_vnd: amount, answer_by, reason, .. } = body;
        RecordDispute { payment, number: dispute.0, amount, answer_by, reason, order }
    })
    .await
}
