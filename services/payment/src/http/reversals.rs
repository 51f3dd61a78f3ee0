//! Doubtful reports, reversals, disputes and debts in the reply of a payment.

use dossier::contract::{AgencyCode, DisputeOutcome, Doubt, PaymentId, Source, Vnd};
use dossier::law::Law;
use dossier::payment::{Debt, Dispute, DoubtfulWord, Reversal};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Due;

/// Money that a provider or a bank took back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReversalReply {
    /// Time at which it was recorded.
    at: Timestamp,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// The provider's number of it.
    #[schema(example = "CB-4711")]
    transaction: Option<String>,
}

impl From<&Reversal> for ReversalReply {
    fn from(reversal: &Reversal) -> Self {
        let Reversal { at, amount, transaction, .. } = reversal;
        Self { at: *at, amount_vnd: *amount, transaction: transaction.clone() }
    }
}

/// A dispute about a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeReply {
    /// The provider's number of it, or the id of the first report about it.
    #[schema(example = "D-4711")]
    dispute: String,
    /// Disputed amount in VND.
    amount_vnd: Vnd,
    /// When it must be answered.
    answer_by: Timestamp,
    /// Whether the agency has answered it.
    answered: bool,
    /// Whether it was not answered in time.
    missed: bool,
    /// How it ended; null while it is open.
    outcome: Option<DisputeOutcome>,
}

impl From<&Dispute> for DisputeReply {
    fn from(dispute: &Dispute) -> Self {
        Self {
            dispute: dispute.number.clone(),
            amount_vnd: dispute.amount,
            answer_by: dispute.owed.running.due_at,
            answered: dispute.is_answered,
            missed: dispute.owed.missed,
            outcome: dispute.outcome,
        }
    }
}

/// Money that the payer owes after it was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DebtReply {
    /// Id of the debt.
    debt: Uuid,
    /// Id of the attempt whose money was taken back.
    payment: PaymentId,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Due instant of its collection.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was neither paid nor written off in time.
    missed: bool,
}

impl DebtReply {
    pub(super) fn new(law: &Law, agency: &AgencyCode, debt: &Debt) -> Self {
        Self {
            debt: debt.id,
            payment: debt.payment,
            amount_vnd: debt.amount,
            due: Due::of(law, agency, debt.owed.running.due_at),
            missed: debt.owed.missed,
        }
    }
}

/// A provider's report that contradicts others or cannot be assigned to a capture.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoubtReply {
    /// The provider's id of the report.
    #[schema(example = "ipn-4711")]
    event: String,
    /// The provider's transaction number.
    #[schema(example = "T1")]
    transaction: Option<String>,
    /// The way in which it was reported.
    source: Source,
    /// Kind of discrepancy.
    doubt: Doubt,
    /// Reported amount in VND.
    said_vnd: Vnd,
    /// Time at which it was recorded.
    since: Timestamp,
}

impl From<&DoubtfulWord> for DoubtReply {
    fn from(doubtful: &DoubtfulWord) -> Self {
        let DoubtfulWord { word, source, doubt, since } = doubtful.clone();
        let (event, transaction, said_vnd) = (word.event, word.transaction, word.amount);
        Self { event, transaction, source, doubt, said_vnd, since }
    }
}
