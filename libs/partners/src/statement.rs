//! Lines of bank statements.

use jiff::Timestamp;

use crate::notice::Vnd;

pub mod camt053;
pub mod csv;

/// A booked line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
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

/// How a CSV statement is written: separators, and names of columns (empty: there is none).
#[derive(Debug, Clone, Copy)]
pub struct Format<'a> {
    pub separator: u8,
    /// Between thousands in amounts.
    pub thousands: &'a str,
    /// In the notation of `strptime`, in Vietnam.
    pub time_format: &'a str,
    pub account: &'a str,
    pub event: &'a str,
    pub credit: &'a str,
    pub debit: &'a str,
    pub memo: &'a str,
    pub booked_at: &'a str,
}
