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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::approve_resolution::tests::resolution_proposed;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::law;

    #[test]
    fn what_is_not_agreed_to_stays_in_doubt_and_may_be_looked_into_again() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        let resolution = resolution_proposed(&mut scene, id, 3_000_000);
        let mut reject = || {
            scene.step("2026-11-20T12:00", Role::Approver, |s, f| {
                decide(s, resolution, "hundredths".to_owned(), f)
            })
        };
        reject().unwrap();
        assert_eq!(reject(), Err(Refusal::NothingProposed));
        assert!(scene.state.discrepancy.is_some() && scene.state.proposal.is_none());
        resolution_proposed(&mut scene, id, 3_000_000);
    }
}
