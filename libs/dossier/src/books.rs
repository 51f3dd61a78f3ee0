//! The books of the accounts on which fees arrive. For each account and day: the lines of the
//! bank's or provider's statements, compared with the recorded payments, and the closing by two
//! persons. A closed day is never changed: corrections are entries of their own, also by two
//! persons. Law 97/2015/QH13, art. 14 (who collects fees accounts for them, for each kind
//! separately); Law 88/2015/QH13 on accounting, art. 27 (corrections of books).
//!
//! Cash is the account [`TILL`](crate::law::TILL) of each agency. It has no statements: what was
//! recorded is compared with what was counted.

use crate::access::{May, agency, any};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod approve_closing;
pub mod enter_correction;
pub mod import_statement;
pub mod limits;
pub mod matching;
pub mod propose_closing;
pub mod propose_correction;
pub mod reject_closing;
pub mod reject_correction;

mod account;
mod book;
mod difference;
mod transfer;

pub use account::{BookId, NoBook, account_of, accounts, partner_of};
pub use book::{Book, Closed, Correction, ProposedClosing, ProposedCorrection, RejectedProposal};
pub use difference::{Difference, due};
pub use propose_closing::expected;
pub use transfer::Transfer;

use approve_closing::ApproveClosing;
use enter_correction::EnterCorrection;
use import_statement::ImportStatement;
use propose_closing::ProposeClosing;
use propose_correction::ProposeCorrection;
use reject_closing::RejectClosing;
use reject_correction::RejectCorrection;

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] = &[
    ImportStatement::STEP,
    ProposeClosing::STEP,
    ApproveClosing::STEP,
    RejectClosing::STEP,
    ProposeCorrection::STEP,
    EnterCorrection::STEP,
    RejectCorrection::STEP,
];

/// Permission to read books and differences.
pub const READ: &[May] =
    &[agency(Role::Cashier), agency(Role::Approver), agency(Role::Auditor), any(Role::Operator)];

/// Permission to read the texts of transfers and the reasons of officers.
pub const READ_TEXTS: &[May] =
    &[agency(Role::Cashier), agency(Role::Approver), agency(Role::Auditor)];

/// The two persons of a closing or a correction.
const BOTH: &[May] = &[agency(Role::Cashier), agency(Role::Approver)];
