//! In logs from before `RefundOwed` was recorded, money may be owed back without an announcement.
//! This step announces it to the cashier; the usual period for a repayment begins with it.

use super::Payment;
use crate::clock;
use crate::contract::{PaymentEvent, RefundOwed};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Announces to the cashier that money is owed back.
#[derive(Debug, Clone, Copy)]
pub struct AnnounceRepayment;

impl Command for AnnounceRepayment {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "announce_repayment",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.RefundOwed.v1"],
        refusals: &[],
    };

    /// Returns no event if it was announced, or nothing is owed back any more.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        if !payment.owes_unannounced() {
            return Ok(Decision::Nothing);
        }
        let (amount, why) = (payment.owed_back(), payment.why_owed_back());
        let due_at = clock::end_of(facts.rule()?, facts.at, Payment::rules(facts)?.give_back);
        Ok(Decision::event(RefundOwed { amount, why, due_at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{EventSet, OwedBack, Role, Vnd};
    use crate::payment::PaymentDeadline;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::{actor, at, law};

    #[test]
    fn what_an_old_log_does_not_say_has_to_go_back_becomes_a_task_of_the_cashier_with_a_day() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(30_000)));
        assert!(!scene.state.owes_unannounced(), "nothing has to go back");
        // As in an old log: a second capture, and no event about its consequences.
        let captured = include_str!("../../../../schemas/samples/payment.PaymentCaptured.v1.json");
        let second = PaymentEvent::decode("payment.PaymentCaptured.v1", captured).unwrap();
        scene.record(at("2026-11-21T10:00"), &actor(Role::System), second);
        assert!(scene.state.owed_repayment().is_none() && scene.state.owed_back() > Vnd(0));
        let open = scene.open();
        let told = open.iter().find(|open| open.kind == PaymentDeadline::Announcement).unwrap();
        assert_eq!(told.due_at, at("2026-11-21T10:00"), "at once");
        let events = scene.enforce("2026-11-27T09:00", &PaymentDeadline::Announcement);
        let [PaymentEvent::RefundOwed(owed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(
            (owed.amount, owed.why, owed.due_at),
            (scene.state.owed_back(), OwedBack::OverPayment, at("2026-12-08T00:00"))
        );
        assert!(scene.open().iter().any(|open| open.kind == PaymentDeadline::Repayment));
        assert!(!scene.open().iter().any(|open| open.kind == PaymentDeadline::Announcement));
        assert!(
            scene.enforce("2026-11-27T09:01", &PaymentDeadline::Announcement).is_empty(),
            "once"
        );
    }
}
