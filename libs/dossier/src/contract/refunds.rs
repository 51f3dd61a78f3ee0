//! Events of money that goes back, and of entries on which two persons decide.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    OwedBack, PaymentId, PaymentOrderId, Personal, ReceiptBecomes, RefundEffect, RefundOutcome,
    Subject, Vnd, payload,
};

/// The content of an entry on which two persons decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// The outcome of a refund through a provider is another one than was recorded.
    RefundOutcome {
        /// Id of the refund.
        refund: Uuid,
        /// The right outcome.
        outcome: RefundOutcome,
        /// The provider's number of the refund, if the money went back.
        #[schema(example = "14422575")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
    },
    /// Money of an attempt was taken back.
    Reversal {
        /// Id of the attempt.
        payment: PaymentId,
        amount: Vnd,
        /// The provider's or the bank's number of the reversal.
        #[schema(example = "CB-4711")]
        transaction: String,
        /// When the money moved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reversed_at: Option<Timestamp>,
        /// Id of the payment order, if the amount is what is left of its whole payment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<PaymentOrderId>,
    },
    /// A debt is not collected.
    DebtWrittenOff {
        /// Id of the debt.
        debt: Uuid,
    },
}

payload! {
    /// Money is owed back.
    RefundOwed for Money {
        /// The total owed back.
        amount: Vnd,
        /// The reason.
        why: OwedBack,
        /// The end of the cashier's period to refund it.
        due_at: Timestamp,
    }
    /// A cashier proposed a refund above the amount that one person may refund: a second person has
    /// to approve.
    RefundProposed for Money {
        /// The id of the refund.
        refund: Uuid,
        amount: Vnd,
        /// The written reason.
        reason: Personal<String> => Cashiers,
        /// The end of the second person's period to approve or reject it; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// The attempt through whose provider it goes back; absent if a cashier returns it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentId>,
    }
    /// A proposal was neither approved nor rejected in time.
    ProposalOverdue for Money {
        /// The id of the refund or the resolution.
        proposal: Uuid,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// A proposed refund was rejected or withdrawn.
    RefundRejected for Money {
        /// The id of the refund.
        refund: Uuid,
        /// The written reason.
        reason: Personal<String> => Cashiers,
    }
    /// Money is to go back through the provider that took it. It is on its way from now on, until
    /// `RefundEnded`; the provider recognises a repeated request by the id.
    RefundRequested for Money {
        /// The id of the refund.
        refund: Uuid,
        /// The attempt of which money goes back.
        payment: PaymentId,
        provider: String,
        /// The provider's number of the transaction of which money goes back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        amount: Vnd,
        /// The amount of that transaction.
        captured: Vnd,
        /// The written reason.
        reason: Personal<String> => MoneyTexts,
        /// Who proposed it, if a second person approved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject> => Staff,
    }
    /// It is known what became of a refund through a provider.
    RefundEnded for Money {
        /// The id of the refund.
        refund: Uuid,
        /// The attempt of which money was to go back.
        payment: PaymentId,
        provider: String,
        outcome: RefundOutcome,
        /// The provider's code of the outcome; absent if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The provider's number of the refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// When the money moved, by the provider's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refunded_at: Option<Timestamp>,
        /// How the cashier knows it, if a cashier recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Cashiers,
        /// The provider's message as it was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
    }
    /// Money was refunded.
    PaymentRefunded for Money {
        /// The id of the refund.
        refund: Uuid,
        amount: Vnd,
        /// The written reason.
        reason: Personal<String> => MoneyTexts,
        /// The effect on the fee.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<RefundEffect>,
        /// Who proposed it, if a second person approved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject> => Staff,
        /// The corrections of receipts for the refunded money; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipts: Option<Vec<ReceiptCorrected>>,
        /// The attempt through whose provider it went back; absent if a cashier returned it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentId>,
        /// The provider's number of the refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
    }
    /// The correction of a receipt for money that was refunded or not received. The receipt's
    /// number is not reused.
    ReceiptCorrected for Money {
        /// The event that recorded the money, for which the receipt was or will be issued.
        source: Uuid => Nobody("internal id"),
        payment: PaymentId,
        /// The amount of the correction.
        off: Vnd,
        /// The amount for which the receipt remains valid.
        left: Vnd,
        /// The new status of the receipt.
        becomes: ReceiptBecomes,
    }
    /// Two persons corrected the recorded outcome of a refund through a provider.
    RefundCorrected for Money {
        /// The id of the proposal.
        entry: Uuid,
        /// The id of the refund.
        refund: Uuid,
        /// The attempt of which money was to go back.
        payment: PaymentId,
        provider: String,
        /// The amount of the refund.
        amount: Vnd,
        /// The right outcome. If the money went back, `PaymentRefunded` follows; else it is counted
        /// as received again.
        outcome: RefundOutcome,
        /// The provider's number of the refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// How it is known.
        reason: Personal<String> => Cashiers,
        /// Who proposed it.
        proposed_by: Subject => Staff,
    }
    /// A cashier proposed an entry on which two persons decide.
    EntryProposed for Money {
        /// The id of the proposal.
        entry: Uuid,
        /// What is to be recorded.
        what: Entry,
        /// The written reason.
        reason: Personal<String> => Cashiers,
        /// The end of the second person's period to approve or reject it.
        due_at: Timestamp,
    }
    /// A proposed entry was rejected or withdrawn.
    EntryRejected for Money {
        /// The id of the proposal.
        entry: Uuid,
        /// The written reason.
        reason: Personal<String> => Cashiers,
    }
}
