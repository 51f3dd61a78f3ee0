//! Events of payment: fees, providers' reports about money, and receipts. A report is recorded as
//! an additional fact, not as a new status, so that reports in any order and number lead to the
//! same state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, DebtArisen, DebtOverdue, DebtWrittenOff, DisputeAnswered, DisputeEnded,
    DisputeOverdue, DossierEnd, DossierId, Doubt, EntryProposed, EntryRejected, PaymentDisputed,
    PaymentId, PaymentOpened, PaymentRefunded, PaymentReversed, PaymentStarted, PeriodExtended,
    Personal, ProposalOverdue, ReceiptCorrected, RefundCorrected, RefundEffect, RefundEnded,
    RefundOwed, RefundProposed, RefundRejected, RefundRequested, Source, Subject, Vnd, events,
    payload,
};
use crate::law::FeeKind;

payload! {
    /// A line of a fee.
    ChargedLine for Everyone {
        /// The code of the rule in the tariff.
        rule: String,
        kind: FeeKind,
        /// The name of the fee in Vietnamese.
        name_vi: String,
        /// The name of the fee in English.
        name_en: String,
        /// The amount before the reduction.
        full: Vnd,
        /// The code of the reduction that was applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reduction: Option<String>,
        /// The amount after the reduction.
        charged: Vnd,
    }
    /// The fee of a dossier, by the tariff of the day of submission. It does not change with the
    /// tariff.
    FeeAssessed for Money {
        brief: Brief => Everyone,
        /// The lines, with phí and lệ phí separate.
        lines: Vec<ChargedLine>,
        /// The sum of the lines.
        total: Vnd,
        /// The end of the applicant's period to pay, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
    }
    /// The fee of a dossier after a decision on the applicant's claims to reductions. It is owed
    /// until it is settled again.
    FeeReassessed for Money {
        /// The brief, with the groups whose claims were not rejected.
        brief: Brief => Everyone,
        /// The lines, with phí and lệ phí separate.
        lines: Vec<ChargedLine>,
        /// The sum of the lines.
        total: Vnd,
        /// The end of the applicant's period to pay the rest, if anything is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
    }
    /// A further fee was charged while the dossier is being processed.
    FurtherFeeCharged for Money {
        /// The line of the tariff.
        line: ChargedLine,
        /// The fee with it.
        total: Vnd,
        /// The written reason.
        reason: Personal<String> => MoneyTexts,
    }
    /// A provider reported a capture.
    PaymentCaptured for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the report.
        provider_event: String,
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// When the money moved, by the provider's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid_at: Option<Timestamp>,
        /// The provider's message as it was sent; absent if it came with a token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
    }
    /// A cashier matched a notice that named none of our payments with an attempt.
    NoticeMatched for Money {
        /// The event that recorded the notice.
        notice: Uuid => Nobody("internal id"),
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the notice.
        provider_event: String,
        /// How the cashier knows that the money belongs to the attempt.
        reason: Personal<String> => Cashiers,
        /// Names of money of the same amount and days that the cashier has compared: it is another
        /// transfer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        distinct_from: Vec<String>,
    }
    /// A known capture was reported again under another id: evidence, not additional money.
    CaptureConfirmed for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the report.
        provider_event: String,
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        source: Source,
        /// The id of the report with which the capture was counted.
        of: String,
    }
    /// A provider's report contradicts what is known: it is not counted until a cashier resolves
    /// the discrepancy.
    DiscrepancyFound for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the report.
        provider_event: String,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        source: Source,
        /// The contradiction.
        doubt: Doubt,
        /// The amount in the report.
        said: Vnd,
        /// The amount counted for the attempt.
        counted: Vnd,
        /// The end of the cashier's period to resolve it.
        due_at: Timestamp,
    }
    /// A cashier found that an attempt brought more than it was started for, by so much that a
    /// second person has to approve.
    ResolutionProposed for Money {
        /// The id of the proposal.
        resolution: Uuid,
        /// The attempt.
        payment: PaymentId,
        /// The total that the attempt brought.
        captured: Vnd,
        /// The total that was counted for it.
        counted: Vnd,
        /// The written finding.
        reason: Personal<String> => Cashiers,
        /// The end of the second person's period to approve or reject it.
        due_at: Timestamp,
    }
    /// A proposed resolution was rejected or withdrawn: the discrepancy stays open.
    ResolutionRejected for Money {
        /// The id of the proposal.
        resolution: Uuid,
        /// The written reason.
        reason: Personal<String> => Cashiers,
    }
    /// A cashier recorded the total that an attempt brought, as confirmed by the provider.
    DiscrepancyResolved for Money {
        /// The attempt.
        payment: PaymentId,
        /// The total that the attempt brought.
        captured: Vnd,
        /// The total that was counted for it before.
        counted: Vnd,
        /// The written finding.
        reason: Personal<String> => MoneyTexts,
        /// The effect on a settled fee that is no longer covered; absent if it is covered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<RefundEffect>,
        /// Who proposed it, if a second person approved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject> => Staff,
        /// The corrections of receipts for money that was not received; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipts: Option<Vec<ReceiptCorrected>>,
        /// The new end of the applicant's period to pay, if nothing could be paid while the amount
        /// was in doubt and less was received.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
    }
    /// A provider reported that an attempt failed. A later capture of the same attempt still
    /// counts.
    PaymentFailed for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// The provider's id of the report.
        provider_event: String,
        /// The provider's reason.
        reason: String,
    }
    /// A provider has not reported an outcome in time: it is queried.
    PaymentOutcomeUnknown for Money {
        /// The attempt.
        payment: PaymentId,
        /// Number of queries, this one included.
        queries: u32,
        /// When it is queried again.
        query_at: Timestamp,
    }
    /// An attempt ended without a capture.
    PaymentExpired for Money {
        /// The attempt.
        payment: PaymentId,
    }
    /// A cashier received cash at the counter.
    CashReceived for Money {
        payment: PaymentId,
        amount: Vnd,
        /// The id of the debt that it settles; absent if it pays the fee.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        debt: Option<Uuid>,
    }
    /// The fee of the dossier is covered.
    FeeSettled for Money {
        dossier: DossierId,
        /// The fee.
        amount: Vnd,
        /// When the fee was covered: when the money moved, by the provider's clock, but not before
        /// the attempt began and not after this was recorded.
        paid_at: Timestamp,
    }
    /// The applicant's period to pay has ended.
    FeeWindowExpired for Money {
        dossier: DossierId,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
        /// The part of the received money that the agency keeps; the rest is owed back.
        #[serde(default, skip_serializing_if = "Vnd::is_zero")]
        kept: Vnd,
    }
    /// The dossier was transferred to another agency.
    FeeTransferred for Money {
        /// The agency that transferred it.
        from: AgencyCode,
        /// The agency that has it from this event on.
        to: AgencyCode,
        /// Whether the fee stays with the agency at which its payment began, which gives the
        /// receipts and the refunds.
        kept: bool,
    }
    /// The dossier ended before its fee was paid: nothing is owed any more.
    FeeLapsed for Money {
        /// The event that ended the dossier.
        cause: Uuid => Nobody("internal id"),
        /// The part of the received money that the agency keeps; the rest is owed back.
        #[serde(default, skip_serializing_if = "Vnd::is_zero")]
        kept: Vnd,
    }
    /// The dossier ended without a result after its fee was settled.
    DossierEnded for Money {
        ended: DossierEnd,
        /// The part of the fee that the agency keeps; the rest is owed back.
        kept: Vnd,
        /// The event that ended the dossier.
        cause: Uuid => Nobody("internal id"),
    }
    /// A settled fee is no longer covered: it is owed again.
    FeeOwedAgain for Money {
        dossier: DossierId,
        /// The missing amount.
        amount: Vnd,
        /// The new end of the applicant's period to pay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_ends_at: Option<Timestamp>,
        /// Whether the dossier is in processing for the part of the fee that is covered.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_process: bool,
    }
    /// The cashier has not refunded in time what is owed back.
    RepaymentMissed for Money {
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
        /// The total owed back.
        amount: Vnd,
    }
    /// The cashier has not resolved a discrepancy in time.
    DiscrepancyOverdue for Money {
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The receipt of a payment was numbered.
    ReceiptNumbered for Money {
        payment: PaymentId,
        /// The symbol of the series of receipts.
        symbol: String,
        year: i16,
        /// The number within symbol and year.
        number: u64,
        /// The event that recorded the money; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Uuid> => Nobody("internal id"),
        /// The amount of the receipt; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Vnd>,
    }
}

events! {
    /// The events of a dossier's payments.
    pub enum PaymentEvent {
        FeeAssessed = "payment.FeeAssessed.v1",
        FeeReassessed = "payment.FeeReassessed.v1",
        FurtherFeeCharged = "payment.FurtherFeeCharged.v1",
        PaymentStarted = "payment.PaymentStarted.v1",
        PaymentOpened = "payment.PaymentOpened.v1",
        PaymentCaptured = "payment.PaymentCaptured.v1",
        PaymentFailed = "payment.PaymentFailed.v1",
        PaymentOutcomeUnknown = "payment.PaymentOutcomeUnknown.v1",
        PaymentExpired = "payment.PaymentExpired.v1",
        CashReceived = "payment.CashReceived.v1",
        FeeSettled = "payment.FeeSettled.v1",
        FeeWindowExpired = "payment.FeeWindowExpired.v1",
        FeeTransferred = "payment.FeeTransferred.v1",
        FeeLapsed = "payment.FeeLapsed.v1",
        NoticeMatched = "payment.NoticeMatched.v1",
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
        RefundRequested = "payment.RefundRequested.v1",
        RefundEnded = "payment.RefundEnded.v1",
        ProposalOverdue = "payment.ProposalOverdue.v1",
        PaymentRefunded = "payment.PaymentRefunded.v1",
        RefundCorrected = "payment.RefundCorrected.v1",
        EntryProposed = "payment.EntryProposed.v1",
        EntryRejected = "payment.EntryRejected.v1",
        PaymentReversed = "payment.PaymentReversed.v1",
        DebtArisen = "payment.DebtArisen.v1",
        DebtWrittenOff = "payment.DebtWrittenOff.v1",
        DebtOverdue = "payment.DebtOverdue.v1",
        PaymentDisputed = "payment.PaymentDisputed.v1",
        DisputeAnswered = "payment.DisputeAnswered.v1",
        DisputeEnded = "payment.DisputeEnded.v1",
        DisputeOverdue = "payment.DisputeOverdue.v1",
        FeeOwedAgain = "payment.FeeOwedAgain.v1",
        ReceiptNumbered = "payment.ReceiptNumbered.v1",
        PeriodExtended = "payment.PeriodExtended.v1",
    }
}
