//! Lines of bank statements.

use jiff::Timestamp;

use crate::terms::Vnd;

pub(crate) mod camt053;
pub(crate) mod csv;

/// A booked line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The account number; empty if the statement names none.
    pub(crate) account: String,
    /// The bank's name of the line, the same whenever it is exported.
    pub(crate) event: String,
    /// Positive if the account received it, negative if it left the account.
    pub(crate) amount: Vnd,
    /// Whether it undoes another line.
    pub(crate) is_reversal: bool,
    pub(crate) memo: String,
    pub(crate) booked_at: Option<Timestamp>,
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
