//! The cashier has not given back in time what has to go back. It stays owed; that it is late is recorded for whoever
//! supervises the cashier.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{PaymentEvent, RepaymentMissed};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "repayment";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_repayment",
    service: "payment",
    basis: "97/2015/QH13 Điều 14; quy định nội bộ",
    may: &[],
    events: &["payment.RepaymentMissed.v1", "payment.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if it went back, or is not due.
#[must_use]
pub fn decide(payment: &Payment, facts: &Facts<'_>) -> Vec<PaymentEvent> {
    let Some((owed, _)) = payment.repayment.filter(|(owed, _)| !owed.missed) else {
        return Vec::new();
    };
    let due_at = owed.running.due_at;
    if due_at > facts.at {
        return Vec::new();
    }
    let (late_by_ms, amount) = (late_by_ms(due_at, facts.at), payment.owed_back());
    vec![RepaymentMissed { due_at, late_by_ms, amount }.into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::enforce;
    use crate::contract::{Role, Vnd};
    use crate::payment::balance::Standing;
    use crate::payment::refund_payment;
    use crate::payment::take_notice::tests::paid_twice;
    use crate::step::State;
    use crate::testing::{at, law};

    #[test]
    fn what_is_owed_back_is_due_in_six_working_days_and_a_miss_does_not_end_it() {
        let law = law();
        let mut scene = paid_twice(&law);
        let due = || "2026-12-01T00:00";
        let open = scene.state.obligations();
        let repayment = open.iter().find(|open| open.kind == KIND).unwrap();
        // Six working days from Friday 20 November; Tuesday 24 is off.
        assert_eq!(repayment.due_at, at("2026-12-02T00:00"));
        let enforce = |s: &Payment, f: &Facts<'_>| enforce(s, KIND, f);
        assert!(scene.step(due(), Role::System, enforce).unwrap().is_empty());
        let missed = scene.step("2026-12-02T00:00", Role::System, enforce).unwrap();
        let [PaymentEvent::RepaymentMissed(missed)] = &missed[..] else { panic!("{missed:?}") };
        assert_eq!((missed.amount, missed.late_by_ms), (Vnd(30_000), 0));
        assert!(scene.state.obligations().is_empty(), "missed once");
        assert!(scene.state.repayment.is_some(), "and still owed");
        scene
            .step("2026-12-03T09:00", Role::Cashier, |s, f| {
                refund_payment::decide(s, Vnd(30_000), "late".to_owned(), Standing::InProcess, f)
            })
            .unwrap();
        assert!(scene.state.repayment.is_none());
    }

    #[test]
    fn what_went_back_in_time_is_not_missed() {
        let law = law();
        let mut scene = paid_twice(&law);
        scene
            .step("2026-11-23T09:00", Role::Cashier, |s, f| {
                refund_payment::decide(s, Vnd(30_000), "twice".to_owned(), Standing::InProcess, f)
            })
            .unwrap();
        assert!(scene.state.obligations().is_empty());
        let enforce = |s: &Payment, f: &Facts<'_>| enforce(s, KIND, f);
        assert!(scene.step("2026-12-03T00:00", Role::System, enforce).unwrap().is_empty());
    }
}
