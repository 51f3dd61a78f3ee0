//! A proposed refund is not agreed to, or taken back by who proposed it.

use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{PaymentEvent, Personal, RefundRejected, Role};
use crate::step::{Facts, Step};

pub use crate::proposals::NotProposed as Refusal;

/// This step.
pub const STEP: Step = Step {
    name: "reject_refund",
    service: "payment",
    basis: "97/2015/QH13 Điều 14; quy định nội bộ",
    may: &[agency(Role::Cashier), agency(Role::Approver)],
    events: &["payment.RefundRejected.v1"],
    refusals: Refusal::ALL,
};

/// Decides.
pub fn decide(
    payment: &Payment,
    refund: Uuid,
    reason: String,
    _facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, Refusal> {
    if payment.proposed_refund(refund).is_none() {
        return Err(Refusal::NothingProposed);
    }
    Ok(vec![RefundRejected { refund, reason: Personal::from(reason) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::approve_refund::tests::proposed;
    use crate::testing::law;

    #[test]
    fn a_rejected_refund_gives_nothing_back_and_the_money_stays_owed() {
        let law = law();
        let (mut scene, refund) = proposed(&law);
        let reject = |scene: &mut crate::testing::Scene<'_, Payment>| {
            scene.step("2026-11-20T12:00", Role::Approver, |s, f| {
                decide(s, refund, "wrong account".to_owned(), f)
            })
        };
        reject(&mut scene).unwrap();
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(0), Vnd(2_970_000)));
        assert!(scene.state.repayment.is_some() && scene.state.proposal.is_none());
        assert_eq!(reject(&mut scene), Err(Refusal::NothingProposed));
    }
}
