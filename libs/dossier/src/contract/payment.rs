//! Events of payment: what is owed, what the providers say about money, and receipts. What a provider says is a fact that
//! is added, never a state that is set, so that any order and any number of notices end in the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, DossierId, PaymentId, PeriodExtended, Personal, Vnd, events, payload,
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
    }
    /// The dossier ended before its fee was paid: nothing is owed any more.
    FeeLapsed {
        /// The event that ended it.
        cause: Uuid,
    }
    /// Money went back.
    PaymentRefunded {
        /// The refund.
        refund: Uuid,
        /// How much.
        amount: Vnd,
        /// The written reason.
        reason: Personal<String>,
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
        PaymentRefunded = "payment.PaymentRefunded.v1",
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
