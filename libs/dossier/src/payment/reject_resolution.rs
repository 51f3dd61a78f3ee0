//! A proposed resolution is not agreed to, or taken back by who proposed it: the discrepancy stays open.

use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{PaymentEvent, Personal, ResolutionRejected, Role};
use crate::step::{Facts, Step};

pub use crate::proposals::NotProposed as Refusal;

/// This step.
pub const STEP: Step = Step {
    name: "reject_resolution",
    service: "payment",
    basis: "97/2015/QH13 Điều 14; quy định nội bộ",
    may: &[agency(Role::Cashier), agency(Role::Approver)],
    events: &["payment.ResolutionRejected.v1"],
    refusals: Refusal::ALL,
};

/// Decides.
pub fn decide(
    payment: &Payment,
    resolution: Uuid,
    reason: String,
    _facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, Refusal> {
    if payment.proposed_resolution(resolution).is_none() {
        return Err(Refusal::NothingProposed);
    }
    Ok(vec![ResolutionRejected { resolution, reason: Personal::from(reason) }.into()])
}
