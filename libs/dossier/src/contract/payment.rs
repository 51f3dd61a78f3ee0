//! Events of payment: what is owed, what the providers say about money, and receipts. What a provider says is a fact that
//! is added, never a state that is set, so that any order and any number of notices end in the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, DossierEnd, DossierId, Doubt, OwedBack, PaymentId, PeriodExtended, Personal,
    ReceiptBecomes, RefundEffect, Source, Subject, Vnd, events, payload,
};
use crate::law::FeeKind;

payload! {
    /// A line of what is owed.
    ChargedLine {
        /// The rule of the tariff.
        rule: String,
        /// Which kind of money.
        kind: FeeKind,
        /// What for, in Vietnamese.
        name_vi: String,
        /// What for, in English.
        name_en: String,
        /// The full amount.
        full: Vnd,
        /// The reduction that was applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reduction: Option<String>,
        /// What is charged.
        charged: Vnd,
    }
    /// What a dossier owes, frozen by the tariff of the day it was submitted.
    FeeAssessed {
        /// The dossier.
        brief: Brief,
        /// The lines, phí and lệ phí apart.
        lines: Vec<ChargedLine>,
        /// Their sum.
        total: Vnd,
        /// The end of the applicant's window to pay, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
    }
    /// The applicant began to pay.
    PaymentStarted {
        /// The attempt.
        payment: PaymentId,
        /// Through which provider.
        provider: String,
        /// How much.
        amount: Vnd,
        /// Our reference, which the provider sends back: it contains the dossier.
        reference: String,
        /// When the provider is asked if it has said nothing.
        query_at: Timestamp,
        /// When the attempt is given up.
        expires_at: Timestamp,
        /// Whether the provider never captures twice for one attempt, as it was known when the attempt began.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        captures_once: bool,
    }
    /// A provider says that it has the money.
    PaymentCaptured {
        /// The attempt.
        payment: PaymentId,
        /// Which provider.
        provider: String,
        /// The provider's own name of this fact.
        provider_event: String,
        /// How much.
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// By which way it was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
    }
    /// The same capture was told once more under another name: evidence, and no further money.
    CaptureConfirmed {
        /// The attempt.
        payment: PaymentId,
        /// Which provider.
        provider: String,
        /// The provider's own name of this fact.
        provider_event: String,
        /// How much.
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// By which way it was told.
        source: Source,
        /// The name under which the capture was counted.
        of: String,
    }
    /// What a provider says does not agree with what is known: nothing is counted by it until a cashier has looked.
    DiscrepancyFound {
        /// The attempt.
        payment: PaymentId,
        /// Which provider.
        provider: String,
        /// The provider's own name of this fact.
        provider_event: String,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// By which way it was told.
        source: Source,
        /// What does not agree.
        doubt: Doubt,
        /// How much the provider says.
        said: Vnd,
        /// How much is counted for the attempt.
        counted: Vnd,
        /// By when a cashier has to look into it.
        due_at: Timestamp,
    }
    /// A cashier says that an attempt has brought so much more than it was begun for that a second person has to agree.
    ResolutionProposed {
        /// The proposal.
        resolution: Uuid,
        /// The attempt.
        payment: PaymentId,
        /// How much it has brought, in all.
        captured: Vnd,
        /// How much was counted for it.
        counted: Vnd,
        /// What was found, in writing.
        reason: Personal<String>,
        /// By when a second person has to agree or not.
        due_at: Timestamp,
    }
    /// A proposed resolution was not agreed to, or taken back: the discrepancy stays open.
    ResolutionRejected {
        /// The proposal.
        resolution: Uuid,
        /// The written reason.
        reason: Personal<String>,
    }
    /// A cashier has asked the provider how much an attempt has really brought.
    DiscrepancyResolved {
        /// The attempt.
        payment: PaymentId,
        /// How much it has brought, in all.
        captured: Vnd,
        /// How much was counted for it before.
        counted: Vnd,
        /// What was found, in writing.
        reason: Personal<String>,
        /// What it does to a fee that was settled and is not there after all; nothing if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<RefundEffect>,
        /// Who proposed it, if a second person agreed to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject>,
        /// What became of the receipts of what had not come; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipts: Option<Vec<ReceiptCorrected>>,
        /// The end of the applicant's new window to pay, where nothing could be paid while the amount was in doubt and less came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
    }
    /// A provider says that an attempt failed. A later capture of the same attempt still counts.
    PaymentFailed {
        /// The attempt.
        payment: PaymentId,
        /// Which provider.
        provider: String,
        /// The provider's own name of this fact.
        provider_event: String,
        /// The provider's reason.
        reason: String,
    }
    /// A provider has said nothing for too long: it is asked.
    PaymentOutcomeUnknown {
        /// The attempt.
        payment: PaymentId,
        /// How often it has been asked, this time included.
        queries: u32,
        /// When it is asked again.
        query_at: Timestamp,
    }
    /// An attempt came to nothing in its time.
    PaymentExpired {
        /// The attempt.
        payment: PaymentId,
    }
    /// A cashier took money at the counter.
    CashReceived {
        /// The payment.
        payment: PaymentId,
        /// How much.
        amount: Vnd,
    }
    /// What the dossier owed is there.
    FeeSettled {
        /// The dossier.
        dossier: DossierId,
        /// How much was owed.
        amount: Vnd,
        /// When it was there.
        paid_at: Timestamp,
    }
    /// The applicant's window to pay is over.
    FeeWindowExpired {
        /// The dossier.
        dossier: DossierId,
        /// When it ended.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
        /// What stays with the agency of what came in; the rest goes back.
        #[serde(default, skip_serializing_if = "Vnd::is_zero")]
        kept: Vnd,
    }
    /// The dossier ended before its fee was paid: nothing is owed any more.
    FeeLapsed {
        /// The event that ended it.
        cause: Uuid,
        /// What stays with the agency of what came in; the rest goes back.
        #[serde(default, skip_serializing_if = "Vnd::is_zero")]
        kept: Vnd,
    }
    /// The dossier ended without a result after its fee was settled.
    DossierEnded {
        /// How.
        ended: DossierEnd,
        /// How much of the fee stays with the agency; the rest goes back.
        kept: Vnd,
        /// The event that ended it.
        cause: Uuid,
    }
    /// Money is here that has to go back.
    RefundOwed {
        /// How much, in all.
        amount: Vnd,
        /// Why.
        why: OwedBack,
        /// By when.
        due_at: Timestamp,
    }
    /// A cashier wants to give more money back than one person may: a second one has to agree.
    RefundProposed {
        /// The refund.
        refund: Uuid,
        /// How much.
        amount: Vnd,
        /// The written reason.
        reason: Personal<String>,
        /// By when a second person has to agree or not; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// Nobody has agreed in time to what was proposed, nor rejected it.
    ProposalOverdue {
        /// The refund or the resolution.
        proposal: Uuid,
        /// When it was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// A proposed refund was not agreed to, or taken back.
    RefundRejected {
        /// The refund.
        refund: Uuid,
        /// The written reason.
        reason: Personal<String>,
    }
    /// Money went back.
    PaymentRefunded {
        /// The refund.
        refund: Uuid,
        /// How much.
        amount: Vnd,
        /// The written reason.
        reason: Personal<String>,
        /// What it did to the fee.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<RefundEffect>,
        /// Who proposed it, if a second person agreed to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject>,
        /// What became of the receipts of what went back; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipts: Option<Vec<ReceiptCorrected>>,
    }
    /// What becomes of a receipt when money that it was issued for went back, or had not come. Its number stays its own.
    ReceiptCorrected {
        /// The event that brought the money, for which it was issued or will be.
        source: Uuid,
        /// The payment.
        payment: PaymentId,
        /// How much is taken off it.
        off: Vnd,
        /// For how much it stays good.
        left: Vnd,
        /// What becomes of it.
        becomes: ReceiptBecomes,
    }
    /// A fee that was settled is not covered any more: it is owed again.
    FeeOwedAgain {
        /// The dossier.
        dossier: DossierId,
        /// How much is missing.
        amount: Vnd,
        /// The end of the applicant's new window to pay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
        /// Whether the dossier is being worked on for what was there of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_process: bool,
    }
    /// The cashier has not given back in time what has to go back.
    RepaymentMissed {
        /// When it was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
        /// How much.
        amount: Vnd,
    }
    /// The cashier has not looked into a discrepancy in time.
    DiscrepancyOverdue {
        /// When it was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// The receipt of a payment has its number.
    ReceiptNumbered {
        /// The payment.
        payment: PaymentId,
        /// The symbol of the receipts.
        symbol: String,
        /// Their year.
        year: i16,
        /// The number.
        number: u64,
        /// The event that brought the money; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Uuid>,
        /// For how much it was issued; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Vnd>,
    }
}

events! {
    /// The events of a dossier's payments.
    pub enum PaymentEvent {
        FeeAssessed = "payment.FeeAssessed.v1",
        PaymentStarted = "payment.PaymentStarted.v1",
        PaymentCaptured = "payment.PaymentCaptured.v1",
        PaymentFailed = "payment.PaymentFailed.v1",
        PaymentOutcomeUnknown = "payment.PaymentOutcomeUnknown.v1",
        PaymentExpired = "payment.PaymentExpired.v1",
        CashReceived = "payment.CashReceived.v1",
        FeeSettled = "payment.FeeSettled.v1",
        FeeWindowExpired = "payment.FeeWindowExpired.v1",
        FeeLapsed = "payment.FeeLapsed.v1",
        CaptureConfirmed = "payment.CaptureConfirmed.v1",
        DiscrepancyFound = "payment.DiscrepancyFound.v1",
        DiscrepancyResolved = "payment.DiscrepancyResolved.v1",
        ResolutionProposed = "payment.ResolutionProposed.v1",
        ResolutionRejected = "payment.ResolutionRejected.v1",
        DiscrepancyOverdue = "payment.DiscrepancyOverdue.v1",
        DossierEnded = "payment.DossierEnded.v1",
        RefundOwed = "payment.RefundOwed.v1",
        RepaymentMissed = "payment.RepaymentMissed.v1",
        RefundProposed = "payment.RefundProposed.v1",
        RefundRejected = "payment.RefundRejected.v1",
        ProposalOverdue = "payment.ProposalOverdue.v1",
        PaymentRefunded = "payment.PaymentRefunded.v1",
        FeeOwedAgain = "payment.FeeOwedAgain.v1",
        ReceiptNumbered = "payment.ReceiptNumbered.v1",
        PeriodExtended = "payment.PeriodExtended.v1",
    }
}

payload! {
    /// A receipt. It is an event in the stream of its symbol and year, and its number is its place there: neither a
    /// double nor a hole is possible (Decree 254/2026/NĐ-CP, art. 23.2).
    ReceiptIssued {
        /// The number, from 1 each year.
        number: u64,
        /// The symbol.
        symbol: String,
        /// The year.
        year: i16,
        /// The collector.
        agency: AgencyCode,
        /// The dossier.
        dossier: DossierId,
        /// The payment.
        payment: PaymentId,
        /// The event that brought the money.
        source: Uuid,
        /// The lines.
        lines: Vec<ChargedLine>,
        /// How much.
        amount: Vnd,
    }
}

events! {
    /// The events of a numbering stream.
    pub enum ReceiptEvent {
        ReceiptIssued = "payment.ReceiptIssued.v1",
    }
}
