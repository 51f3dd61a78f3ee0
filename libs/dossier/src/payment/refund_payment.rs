//! Money goes back: what came in twice or too late, or what a sector's law gives back. Never more than there is.

use super::Payment;
use crate::access::agency;
use crate::contract::{PaymentEvent, PaymentRefunded, Personal, Role, Vnd};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "refund_payment",
    service: "payment",
    basis: "97/2015/QH13 Điều 14",
    may: &[agency(Role::Cashier)],
    events: &["payment.PaymentRefunded.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why money does not go back.
    pub enum Refusal {
        NotPositive => 422, "amount-not-positive",
            "số tiền phải lớn hơn 0", "the amount must be more than nothing";
        MoreThanReceived(Vnd) => 409, "refund-exceeds-received",
            "số tiền hoàn vượt số đã thu", "that is more than was received and not yet refunded";
    }
}

/// Decides.
pub fn decide(
    payment: &Payment,
    amount: Vnd,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, Refusal> {
    if amount <= Vnd::ZERO {
        return Err(Refusal::NotPositive);
    }
    let left = payment.received.minus(payment.refunded)?;
    if amount > left {
        return Err(Refusal::MoreThanReceived(left));
    }
    let refund = facts.id("refund");
    Ok(vec![PaymentRefunded { refund, amount, reason: Personal::from(reason) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::take_cash;
    use crate::testing::law;

    #[test]
    fn never_more_goes_back_than_came_in() {
        let law = law();
        let mut scene = assessed(&law);
        scene
            .step("2026-11-20T10:00", Role::Cashier, |s, f| take_cash::decide(s, Vnd(30_000), f))
            .unwrap();
        let mut refund = |amount| {
            let step = |s: &Payment, f: &Facts<'_>| decide(s, Vnd(amount), "twice".to_owned(), f);
            scene.step("2026-11-20T11:00", Role::Cashier, step)
        };
        assert_eq!(refund(0), Err(Refusal::NotPositive));
        refund(20_000).unwrap();
        assert_eq!(refund(20_000), Err(Refusal::MoreThanReceived(Vnd(10_000))));
    }
}
