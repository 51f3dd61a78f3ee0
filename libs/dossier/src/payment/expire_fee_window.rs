//! The applicant has not paid in time, and the dossier will be returned. The window stays open for
//! a payment that was begun in time and whose outcome is unknown. Decree 137/2026/NĐ-CP, art. 11.2
//! (30 working days).

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{FeeWindowExpired, PaymentEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Ends the window to pay.
#[derive(Debug, Clone, Copy)]
pub struct ExpireFeeWindow;

impl Command for ExpireFeeWindow {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "expire_fee_window",
        basis: "137/2026/NĐ-CP Điều 11.2",
        may: &[],
        events: &[
            "payment.FeeWindowExpired.v1",
            "payment.RefundOwed.v1",
            "payment.PeriodExtended.v1",
        ],
        refusals: &[],
    };

    /// Returns no event if the fee was paid, the payment is closed, its outcome is in doubt, or the
    /// window has not ended. A partial payment is owed back, unless work was done for it.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let open = payment.is_owed() && !payment.waits_for_certainty();
        let Some(assessed) = payment.assessed().filter(|_| open) else {
            return Ok(Decision::Nothing);
        };
        let Some(due_at) = payment.window_ends_at().filter(|due_at| *due_at <= facts.at) else {
            return Ok(Decision::Nothing);
        };
        let (dossier, late_by_ms) = (assessed.brief.dossier, late_by_ms(due_at, facts.at));
        let kept = payment.kept_of_unsettled(facts.rule()?.procedure.fees.kept);
        let mut after = payment.clone();
        after.apply_expiry(kept);
        let mut events = vec![FeeWindowExpired { dossier, due_at, late_by_ms, kept }.into()];
        events.extend(Payment::consequences(after, payment, facts)?);
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::law::Law;
    use crate::payment::assess_fee::{AssessFee, tests::brief};
    use crate::payment::query_payment::QueryPayment;
    use crate::payment::start_payment::tests::sandbox;
    use crate::payment::take_notice::{Said, TakeNotice};
    use crate::testing::{Scene, at, law};

    fn assessed(law: &Law) -> Scene<'_, Payment> {
        let mut scene = Scene::new(law, "MLM.CERTIFICATE", "G02.003");
        let brief = brief(law, "MLM.CERTIFICATE", "G02.003", "2026-08-03T09:00");
        let command = AssessFee { brief, accepted: true };
        scene.execute("2026-08-03T09:00", Role::System, command).unwrap();
        scene
    }

    #[test]
    fn a_payment_that_was_begun_in_time_is_waited_for() {
        let law = law();
        let mut scene = assessed(&law);
        let window = scene.state.window_ends_at().unwrap();
        scene.execute("2026-09-16T20:00", Role::Applicant, sandbox()).unwrap();
        assert_eq!(window, at("2026-09-17T00:00"));
        assert!(
            scene.execute("2026-09-17T00:00", Role::System, ExpireFeeWindow).unwrap().is_empty()
        );
        let (payment, total) =
            (*scene.state.attempts.keys().next().unwrap(), scene.state.outstanding());
        let notice = TakeNotice {
            payment,
            provider: "sandbox".to_owned(),
            provider_event: "e1".to_owned(),
            transaction: None,
            source: crate::contract::Source::Notice,
            said: Said::Captured(total),
            paid_at: None,
            message: None,
        };
        scene.execute("2026-09-17T08:00", Role::PaymentProvider, notice).unwrap();
        assert!(
            scene.state.settled_at().is_some(),
            "paid, though the notice came after the window"
        );
        assert!(
            scene.execute("2026-09-30T00:00", Role::System, ExpireFeeWindow).unwrap().is_empty()
        );
    }

    #[test]
    fn a_payment_that_comes_to_nothing_holds_the_window_open_no_longer_than_itself() {
        let law = law();
        let mut scene = assessed(&law);
        scene.execute("2026-09-16T20:00", Role::Applicant, sandbox()).unwrap();
        scene.execute("2026-09-19T20:00", Role::System, QueryPayment).unwrap();
        assert_eq!(
            scene.execute("2026-09-19T20:00", Role::System, ExpireFeeWindow).unwrap().len(),
            1
        );
    }

    #[test]
    fn thirty_working_days_without_payment_end_the_window() {
        let law = law();
        let mut scene = assessed(&law);
        // Thirty working days from Monday 3 August: 22 August is worked, 31 August to 2 September
        // are off.
        assert!(
            scene.execute("2026-09-15T23:59", Role::System, ExpireFeeWindow).unwrap().is_empty()
        );
        assert_eq!(
            scene.execute("2026-09-17T00:00", Role::System, ExpireFeeWindow).unwrap().len(),
            1
        );
        assert!(
            scene.execute("2026-09-18T00:00", Role::System, ExpireFeeWindow).unwrap().is_empty()
        );
    }
}
