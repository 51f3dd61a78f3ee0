//! Events of money that a provider took back or that a payer disputes, and of what a payer owes
//! therefore.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    OrderMember, PaymentId, PaymentOrderId, Personal, ReceiptCorrected, RefundEffect, Source,
    Subject, Vnd, payload,
};

/// How a dispute about a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// The agency keeps the money.
    Kept,
    /// The payer gets the money; the reversal is reported by itself.
    Lost,
}

payload! {
    /// The payment order whose payment a fact is about as a whole.
    WholeOrder for Money {
        order: PaymentOrderId,
        /// All dossiers that the fact is about, with their parts of it, where it was recorded
        /// first; empty in the others, to which it was passed on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<OrderMember>,
    }
    /// Captured money was taken back without the agency: a provider or a bank reversed it.
    PaymentReversed for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the report, or the id of the entry.
        provider_event: String,
        amount: Vnd,
        /// The provider's number of the reversal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us; absent if two persons entered it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// When the money moved, by the provider's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reversed_at: Option<Timestamp>,
        /// The effect on the fee.
        effect: RefundEffect,
        /// The corrections of receipts for the reversed money.
        receipts: Vec<ReceiptCorrected>,
        /// The id of the proposal, if two persons entered it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<Uuid>,
        /// How it is known, if two persons entered it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Cashiers,
        /// Who proposed it, if two persons entered it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject> => Staff,
        /// The provider's message as it was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
        /// The payment order, if its whole payment was taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<WholeOrder>,
    }
    /// Money that the agency is entitled to was taken back after the fee was closed, or after it
    /// had been refunded: the payer owes it.
    DebtArisen for Money {
        /// The id of the debt.
        debt: Uuid,
        /// The attempt whose money was taken back.
        payment: PaymentId,
        amount: Vnd,
        /// The end of the cashier's period to collect it.
        due_at: Timestamp,
    }
    /// Two persons decided that a debt is not collected.
    DebtWrittenOff for Money {
        /// The id of the proposal.
        entry: Uuid,
        /// The id of the debt.
        debt: Uuid,
        amount: Vnd,
        /// The written reason.
        reason: Personal<String> => MoneyTexts,
        /// Who proposed it.
        proposed_by: Subject => Staff,
    }
    /// A debt was neither paid nor written off in time.
    DebtOverdue for Money {
        /// The id of the debt.
        debt: Uuid,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// A payer disputes a payment at the provider or the bank. Until the dispute has ended, nothing
    /// of this money is refunded.
    PaymentDisputed for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's number of the dispute, or the id of the first report about it.
        dispute: String,
        amount: Vnd,
        /// When the agency must have answered.
        answer_by: Timestamp,
        /// The channel by which the report reached us; absent if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// How the cashier knows it, if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Cashiers,
        /// The provider's message as it was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
        /// The payment order, if its whole payment is disputed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<WholeOrder>,
    }
    /// The agency answered a dispute, with its evidence.
    DisputeAnswered for Money {
        /// The attempt.
        payment: PaymentId,
        dispute: String,
        /// What was answered, and how.
        reason: Personal<String> => Cashiers,
        /// The payment order whose whole payment is disputed, where it was recorded first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<PaymentOrderId>,
    }
    /// It is known who keeps the money of a dispute.
    DisputeEnded for Money {
        /// The attempt.
        payment: PaymentId,
        dispute: String,
        outcome: DisputeOutcome,
        /// The channel by which the report reached us; absent if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// How the cashier knows it, if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Cashiers,
        /// The provider's message as it was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
        /// The payment order whose whole payment is disputed, where it was recorded first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<PaymentOrderId>,
    }
    /// A dispute was not answered in time.
    DisputeOverdue for Money {
        /// The attempt.
        payment: PaymentId,
        dispute: String,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
    }
}

impl WholeOrder {
    /// The sum of all parts; `None` where it was passed on.
    #[must_use]
    pub fn sum(&self) -> Option<Vnd> {
        let parts = self.members.iter().map(|member| member.amount.0);
        let sum = parts.fold(0_i64, i64::saturating_add);
        (!self.members.is_empty()).then_some(Vnd(sum))
    }

    /// The part of an attempt; nothing if the fact is not about it.
    #[must_use]
    pub fn part_of(&self, payment: PaymentId) -> Vnd {
        let member = self.members.iter().find(|member| member.payment == payment);
        member.map_or(Vnd::ZERO, |member| member.amount)
    }

    /// The same for the dossiers to which the fact is passed on.
    #[must_use]
    pub const fn passed_on(&self) -> Self {
        Self { order: self.order, members: Vec::new() }
    }
}

impl PaymentReversed {
    /// What was taken back in all: of the whole payment order, if it is about that.
    #[must_use]
    pub fn whole(&self) -> Vnd {
        self.order.as_ref().and_then(WholeOrder::sum).unwrap_or(self.amount)
    }
}
