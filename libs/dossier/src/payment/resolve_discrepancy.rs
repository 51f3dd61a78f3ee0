//! A cashier has asked the provider how much an attempt has really brought, and says so. What was counted is put right by
//! it: more is received money, less takes it back.

use super::Payment;
use crate::access::agency;
use crate::contract::{DiscrepancyResolved, PaymentEvent, PaymentId, Personal, Role, Vnd};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "resolve_discrepancy",
    service: "payment",
    basis: "97/2015/QH13 Điều 14",
    may: &[agency(Role::Cashier)],
    events: &[
        "payment.DiscrepancyResolved.v1",
        "payment.FeeSettled.v1",
        "payment.FeeOwedAgain.v1",
        "payment.RefundOwed.v1",
    ],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why nothing is put right.
    pub enum Refusal {
        NothingInDoubt => 409, "nothing-in-doubt",
            "giao dịch này không có sai lệch", "nothing of this payment is in doubt";
        NotSaid(Vnd) => 422, "amount-not-said",
            "số tiền phải từ 0 đến số mà cổng thanh toán đã báo",
            "the amount is from 0 to what the provider has said";
    }
}

/// The command.
#[derive(Debug, Clone)]
pub struct ResolveDiscrepancy {
    /// Which attempt.
    pub payment: PaymentId,
    /// How much it has really brought, in all.
    pub captured: Vnd,
    /// What was found.
    pub reason: String,
}

/// Decides.
pub fn decide(
    payment: &Payment,
    command: ResolveDiscrepancy,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, Refusal> {
    let ResolveDiscrepancy { payment: id, captured, reason } = command;
    let attempt = payment.attempts.get(&id).filter(|attempt| !attempt.doubts.is_empty());
    let Some(attempt) = attempt else { return Err(Refusal::NothingInDoubt) };
    if captured < Vnd::ZERO || captured > attempt.said_at_most() {
        return Err(Refusal::NotSaid(attempt.said_at_most()));
    }
    let (counted, reason) = (attempt.captured, Personal::from(reason));
    let mut after = payment.clone();
    after.take_resolution(id, captured);
    let mut events = vec![DiscrepancyResolved { payment: id, captured, counted, reason }.into()];
    events.extend(Payment::consequences(after, payment, facts)?);
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::OwedBack;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::{Scene, law};

    fn resolve(
        scene: &mut Scene<'_, Payment>,
        payment: PaymentId,
        captured: i64,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let reason = "the provider's answer of 21 November".to_owned();
        let command = ResolveDiscrepancy { payment, captured: Vnd(captured), reason };
        scene.step("2026-11-21T09:00", Role::Cashier, |s, f| decide(s, command, f))
    }

    #[test]
    fn a_hundredfold_amount_is_not_given_back_before_somebody_has_asked() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        assert!(scene.state.settled_at.is_some(), "the fee is covered either way");
        assert_eq!((scene.state.owed_back(), scene.state.in_doubt()), (Vnd(0), Vnd(2_970_000)));
        assert_eq!(resolve(&mut scene, id, 3_000_001), Err(Refusal::NotSaid(Vnd(3_000_000))));
        assert_eq!(resolve(&mut scene, id, 30_000).unwrap().len(), 1);
        assert_eq!((scene.state.received, scene.state.owed_back()), (Vnd(30_000), Vnd(0)));
        assert!(scene.state.discrepancy.is_none());
        assert_eq!(resolve(&mut scene, id, 30_000), Err(Refusal::NothingInDoubt));
    }

    #[test]
    fn what_really_came_and_is_too_much_is_owed_back() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(35_000)));
        let events = resolve(&mut scene, id, 35_000).unwrap();
        let [_, PaymentEvent::RefundOwed(owed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((owed.amount, owed.why), (Vnd(5_000), OwedBack::OverPayment));
    }

    #[test]
    fn a_capture_that_was_none_makes_the_fee_owed_again() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(30_000)));
        take(&mut scene, &say(id, "e1", Vnd(20_000)));
        assert!(scene.state.settled_at.is_some());
        let events = resolve(&mut scene, id, 20_000).unwrap();
        assert!(matches!(events[..], [_, PaymentEvent::FeeOwedAgain(_)]), "{events:?}");
        assert!(scene.state.settled_at.is_none());
        assert_eq!(scene.state.outstanding(), Vnd(10_000));
        assert!(scene.state.window.is_some_and(|window| window.due_at > facts_at()));
    }

    fn facts_at() -> jiff::Timestamp {
        crate::testing::at("2026-12-01T00:00")
    }

    #[test]
    fn money_that_was_in_doubt_and_came_settles_the_fee() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(20_000)));
        take(&mut scene, &say(id, "e2", Vnd(30_000)));
        assert_eq!(scene.state.received, Vnd(20_000), "what is doubtful counts as nothing");
        let events = resolve(&mut scene, id, 30_000).unwrap();
        assert!(matches!(events[..], [_, PaymentEvent::FeeSettled(_)]), "{events:?}");
        assert_eq!(take(&mut scene, &say(id, "e3", Vnd(30_000))), ["CaptureConfirmed"]);
    }
}
