//! Lines of bank statements.

use jiff::Timestamp;

use crate::reference::Reference;
use crate::terms::Vnd;

pub(crate) mod camt053;
pub(crate) mod csv;

/// How a statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV with the columns that the partner's file names.
    Csv,
    /// `camt.053` of ISO 20022.
    Camt053,
}

/// A booked line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The number of its line in a CSV file, or of its entry in a camt.053 document, from 1.
    pub place: u64,
    /// The account number; empty if the statement names none.
    pub account: String,
    /// The bank's name of the line, the same whenever it is exported.
    pub event: String,
    /// Positive if the account received it, negative if it left the account.
    pub amount: Vnd,
    /// Whether it undoes another line.
    pub is_reversal: bool,
    pub memo: String,
    pub booked_at: Option<Timestamp>,
}

impl Line {
    /// Our reference in the memo; `None` if it has none, or two.
    #[must_use]
    pub fn reference(&self) -> Option<Reference> {
        let mut references = Reference::found_in(&self.memo);
        references.pop().filter(|_| references.is_empty())
    }
}

/// How a CSV statement is written: separators, and names of columns (empty: there is none).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format<'a> {
    pub(crate) separator: u8,
    /// Between thousands in amounts.
    pub(crate) thousands: &'a str,
    /// In the notation of `strptime`, in Vietnam.
    pub(crate) time_format: &'a str,
    pub(crate) account: &'a str,
    pub(crate) event: &'a str,
    pub(crate) credit: &'a str,
    pub(crate) debit: &'a str,
    pub(crate) memo: &'a str,
    pub(crate) booked_at: &'a str,
}
