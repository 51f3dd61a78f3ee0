//! Events of the books: what banks and payment providers report about an account on a day, how the
//! day is closed, and the entries by which it is corrected afterwards.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AgencyCode, Personal, Subject, Vnd, events, payload};

/// What a line of a statement or settlement file reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Money of a payer came in.
    Received,
    /// Money went back to a payer.
    Refunded,
    /// Money that had come in was taken back by the bank or the provider.
    Reversed,
    /// A refund came back, because it could not be credited to the payer.
    CameBack,
    /// A provider paid out to a bank account, net of its charges; in the file of the provider.
    PaidOut,
    /// The payout of a provider arrived; in the statement of the bank.
    PaidIn,
    /// The bank or the provider took a charge.
    Charge,
}

impl LineKind {
    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Reversed => "reversed",
            Self::CameBack => "came_back",
            Self::PaidOut => "paid_out",
            Self::PaidIn => "paid_in",
            Self::Charge => "charge",
        }
    }

    /// Whether it adds to the balance of the account.
    #[must_use]
    pub const fn is_credit(self) -> bool {
        matches!(self, Self::Received | Self::CameBack | Self::PaidIn)
    }
}

payload! {
    /// A line of a statement or settlement file.
    StatementLine for Books {
        /// The bank's or provider's name of the line: the same in every file.
        event: String,
        kind: LineKind,
        /// Positive; the kind says in which direction it moved.
        amount: Vnd,
        /// The charge that was withheld from the amount.
        #[serde(default, skip_serializing_if = "Vnd::is_zero")]
        fee: Vnd,
        /// Our reference, as far as the line has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The provider's number of the payout that has the line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payout: Option<String>,
        booked_at: Timestamp,
        /// The text of the transfer, in which payers write names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memo: Option<Personal<String>> => BookTexts,
    }
    /// The sums of an account on a day, in đồng.
    BookTotals for Books {
        /// The number of lines of statements.
        lines: u64,
        /// What came in by the statements.
        stated_in: Vnd,
        /// What went out to payers, or was taken back, by the statements.
        stated_out: Vnd,
        /// What the bank or the provider took for its service.
        charged: Vnd,
        /// Paid out to bank accounts, net.
        paid_out: Vnd,
        /// Payouts of providers that arrived.
        paid_in: Vnd,
        /// The number of recorded movements of money.
        movements: u64,
        /// What came in by the records of payments.
        recorded_in: Vnd,
        /// What went out by the records of payments.
        recorded_out: Vnd,
        /// The part of what came in for which receipts are valid.
        receipted: Vnd,
        /// The number of open differences.
        open: u64,
    }
    /// Lines of a statement or settlement file that were not known before.
    StatementImported for Books {
        agency: AgencyCode,
        /// The name of the account within the agency.
        account: String,
        day: Date,
        /// A digest of the file, by which it is recognised.
        file: String => Nobody("a keyed digest, by which a file is recognised"),
        lines: Vec<StatementLine>,
    }
    /// A person proposed to close an account for a day.
    ClosingProposed for Books {
        closing: Uuid,
        agency: AgencyCode,
        account: String,
        day: Date,
        totals: BookTotals,
        /// The cash that was counted, for a till.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counted: Option<Vnd>,
        /// Why there are differences.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => BookTexts,
    }
    /// A proposed closing was rejected or withdrawn.
    ClosingRejected for Books {
        closing: Uuid,
        reason: Personal<String> => BookTexts,
    }
    /// A second person closed an account for a day. It never changes again.
    DayClosed for Books {
        closing: Uuid,
        totals: BookTotals,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counted: Option<Vnd>,
        proposed_by: Subject,
    }
    /// A person proposed a correction of the books.
    CorrectionProposed for Books {
        correction: Uuid,
        agency: AgencyCode,
        account: String,
        day: Date,
        /// Lines that the statements lack.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<StatementLine>,
        /// Keys of differences that are explained by the reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accepts: Vec<String>,
        reason: Personal<String> => BookTexts,
    }
    /// A proposed correction was rejected or withdrawn.
    CorrectionRejected for Books {
        correction: Uuid,
        reason: Personal<String> => BookTexts,
    }
    /// A second person entered a correction into the books.
    CorrectionEntered for Books {
        correction: Uuid,
        /// Lines that the statements lacked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<StatementLine>,
        /// Keys of differences that are explained by the reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accepts: Vec<String>,
        reason: Personal<String> => BookTexts,
        proposed_by: Subject,
    }
}

events! {
    /// The events of an account on a day.
    pub enum BookEvent {
        StatementImported = "books.StatementImported.v1",
        ClosingProposed = "books.ClosingProposed.v1",
        ClosingRejected = "books.ClosingRejected.v1",
        DayClosed = "books.DayClosed.v1",
        CorrectionProposed = "books.CorrectionProposed.v1",
        CorrectionRejected = "books.CorrectionRejected.v1",
        CorrectionEntered = "books.CorrectionEntered.v1",
    }
}
