//! Mandates (ủy quyền): one person or firm acts for another before the authority. Civil Code
//! 91/2015/QH13, arts 138 (representation by mandate), 141 (its scope), 562 and 563 (the contract
//! and its term), 569 (either party may end it), 140.3 (how it ends).
//!
//! A principal grants a mandate, or a clerk records one on evidence; it is in force from its
//! acceptance by the representative until its end. Who invokes it acts as the principal, see
//! [`acting`]. A firm's programs act for the firm by a [`Credential`].

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::access::{May, agency, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod accept_mandate;
pub mod acting;
mod answer;
mod credential;
mod deadlines;
pub mod decline_mandate;
pub mod expire_mandate;
pub mod grant_mandate;
pub mod limits;
mod mandate;
pub mod register_credential;
pub mod revoke_credential;
pub mod revoke_mandate;

pub use credential::Credential;
pub use deadlines::MandateDeadline;
pub use mandate::{Granted, Mandate, MandateStatus};

use accept_mandate::AcceptMandate;
use decline_mandate::DeclineMandate;
use expire_mandate::ExpireMandate;
use grant_mandate::GrantMandate;
use register_credential::RegisterCredential;
use revoke_credential::RevokeCredential;
use revoke_mandate::RevokeMandate;

/// The last whole or begun day of a term that ends at this instant, by the time of Vietnam (UTC+7),
/// where a mandate belongs to no agency with a calendar of its own.
#[must_use]
pub fn last_day(ends_at: Timestamp) -> Date {
    let last = ends_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(ends_at);
    Offset::constant(7).to_datetime(last).date()
}

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] = &[
    GrantMandate::STEP,
    AcceptMandate::STEP,
    DeclineMandate::STEP,
    RevokeMandate::STEP,
    ExpireMandate::STEP,
    RegisterCredential::STEP,
    RevokeCredential::STEP,
];

/// Permissions to read a mandate: its parties, and the agency that recorded it.
pub const READ: &[May] = &[own(Role::Applicant), agency(Role::Clerk), agency(Role::Auditor)];

/// Permissions to list mandates and credentials of one's own.
pub const LIST: &[May] = &[own(Role::Applicant)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn a_term_that_ends_at_midnight_has_the_day_before_as_its_last_one() {
        let day = |moment| last_day(at(moment)).to_string();
        assert_eq!(day("2027-06-30T00:00"), "2027-06-29");
        assert_eq!(day("2027-06-30T00:01"), "2027-06-30");
    }
}
