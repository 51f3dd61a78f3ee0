//! Records what became of a refund that the provider does not tell. The law:
//! `libs/dossier/src/payment/end_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, RefundOutcome};
use dossier::payment::Payment;
use dossier::payment::end_refund::EndRefund;
use engine::Streams;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;
use crate::payment_orders::Members;

/// The outcome of a refund, and how it is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRefundRequest {
    /// Id of the refund (`sent_refunds`).
    refund: Uuid,
    /// Whether the money went back.
    outcome: RefundOutcome,
    /// The number of the refund at the provider or the bank; required if the money went back.
    transaction: Option<Line<200>>,
    /// How the cashier knows it, for example from the provider's portal.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/ended-refunds",
        "end_refund",
        "Record the outcome of a refund through a provider",
    )
    .describe(
        "For a refund whose outcome the provider has not told within 24 hours. What was refused is \
         owed back again.",
    )
    .step(&EndRefund::STEP)
    .body::<EndRefundRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    let loaded = app.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
    let EndRefundRequest { refund, .. } = request.json()?;
    let sent = loaded.state.sent_refund(refund);
    let order = match sent {
        Some(sent) => {
            Members::of_attempt(&app.reports(), (dossier, sent.requested.payment)).await?
        }
        None => None,
    };
    let order = order.map(|members| members.of(refund));
    take_as(&app, dossier, &request, |body: EndRefundRequest| {
        let EndRefundRequest { refund, outcome, transaction, reason } = body;
        let number = transaction.map(|number| number.0);
        EndRefund { refund, outcome, number, reason, standing, order }
    })
    .await
}
