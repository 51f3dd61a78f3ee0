//! The cashier has not refunded in time what is owed back. It is still owed; the delay is recorded
//! for the cashier's supervisors.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{PaymentEvent, RepaymentMissed, Vnd};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that money was not refunded in time.
#[derive(Debug, Clone, Copy)]
pub struct MissRepayment;

impl Command for MissRepayment {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_repayment",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.RepaymentMissed.v1", "payment.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if it was refunded, was recorded as missed, or is not due yet.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some((owed, _)) = payment.owed_repayment().filter(|(owed, _)| !owed.missed) else {
            return Ok(Decision::Nothing);
        };
        let due_at = owed.running.due_at;
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let (late_by_ms, amount) = (late_by_ms(due_at, facts.at), payment.owed_back());
        // What is on its way back is not there yet.
        let amount = Vnd(amount.0.saturating_add(payment.on_its_way().0));
        Ok(Decision::event(RepaymentMissed { due_at, late_by_ms, amount }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment::PaymentDeadline;
    use crate::payment::balance::Standing;
    use crate::payment::refund_payment::RefundPayment;
    use crate::payment::take_notice::tests::paid_twice;
    use crate::testing::{at, law};

    fn refund() -> RefundPayment {
        let (amount, standing) = (Vnd(30_000), Standing::InProcess);
        RefundPayment { amount, reason: "twice".into(), standing }
    }

    #[test]
    fn what_is_owed_back_is_due_in_six_working_days_and_a_miss_does_not_end_it() {
        let law = law();
        let mut scene = paid_twice(&law);
        let due = || "2026-12-01T00:00";
        let open = scene.open();
        let repayment = open.iter().find(|open| open.kind == PaymentDeadline::Repayment).unwrap();
        // Six working days from Friday 20 November; Tuesday 24 is off.
        assert_eq!(repayment.due_at, at("2026-12-02T00:00"));
        assert!(scene.enforce(due(), &PaymentDeadline::Repayment).is_empty());
        let missed = scene.enforce("2026-12-02T00:00", &PaymentDeadline::Repayment);
        let [PaymentEvent::RepaymentMissed(missed)] = &missed[..] else { panic!("{missed:?}") };
        assert_eq!((missed.amount, missed.late_by_ms), (Vnd(30_000), 0));
        assert!(scene.open().is_empty(), "missed once");
        assert!(scene.state.owed_repayment().is_some(), "and still owed");
        scene.execute("2026-12-03T09:00", Role::Cashier, refund()).unwrap();
        assert!(scene.state.owed_repayment().is_none());
    }

    #[test]
    fn what_went_back_in_time_is_not_missed() {
        let law = law();
        let mut scene = paid_twice(&law);
        scene.execute("2026-11-23T09:00", Role::Cashier, refund()).unwrap();
        assert!(scene.open().is_empty());
        assert!(scene.enforce("2026-12-03T00:00", &PaymentDeadline::Repayment).is_empty());
    }
}
