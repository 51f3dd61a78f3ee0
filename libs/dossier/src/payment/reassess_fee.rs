//! The one-stop unit rejected a claim to a reduction of a fee that is due before acceptance: the
//! rest of the fee is owed, with a new period to pay. If it then confirms the claim while the fee
//! is unpaid, the reduced fee is owed, or settled by what was paid before. Law 97/2015/QH13, art.
//! 10; Decree 61/2018/NĐ-CP, art. 22.

use super::Payment;
use super::state::settles;
use crate::clock;
use crate::contract::{Brief, FeeReassessed, PaymentEvent};
use crate::law::fee_of;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Assesses the fee again, without the groups whose claims were rejected.
#[derive(Debug, Clone)]
pub struct ReassessFee {
    /// The brief, with the groups whose claims are not rejected.
    pub brief: Brief,
}

impl Command for ReassessFee {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "reassess_fee",
        basis: "97/2015/QH13 Điều 10; 61/2018/NĐ-CP Điều 22",
        may: &[],
        events: &["payment.FeeReassessed.v1", "payment.FeeSettled.v1", "payment.RefundOwed.v1"],
        refusals: &[],
    };

    /// Returns no event if the fee was assessed for these groups already, or the payment is closed.
    /// Not yet, before the first assessment. The fee may also be no higher than before, if the
    /// dossier was transferred to an agency with other reductions: intake waits for it too.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some(assessed) = payment.assessed() else { return Ok(Decision::NotYet) };
        let (lines, total) = fee_of(facts.law, &self.brief)?;
        if payment.is_closed() || assessed.brief.groups == self.brief.groups {
            return Ok(Decision::Nothing);
        }
        let brief = self.brief.clone();
        let mut reassessed = FeeReassessed { brief, lines, total, window_ends_at: None };
        let mut after = payment.clone();
        after.apply_assessment(&reassessed, None);
        if !settles(&after) {
            let rule = facts.rule()?;
            let window = rule.procedure.fees.window;
            reassessed.window_ends_at = window.map(|window| clock::end_of(rule, facts.at, window));
        }
        let mut events = vec![reassessed.into()];
        events.extend(Payment::consequences(after, payment, facts)?);
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::{Role, Vnd};
    use crate::law::Law;
    use crate::payment::assess_fee::{AssessFee, tests::brief};
    use crate::payment::expire_fee_window::ExpireFeeWindow;
    use crate::payment::take_cash::TakeCash;
    use crate::testing::{Scene, at, law};

    /// A certificate of origin at half the fee of 30,000 đ.
    fn reduced(law: &Law) -> Scene<'_, Payment> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        let mut brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
        brief.groups = vec!["digital_citizen".to_owned()];
        let command = AssessFee { brief, accepted: false };
        scene.execute("2026-11-20T09:00", Role::System, command).unwrap();
        assert_eq!(scene.state.total(), Vnd(15_000));
        scene
    }

    fn pay(scene: &mut Scene<'_, Payment>, moment: &str, amount: i64) {
        scene.execute(moment, Role::Cashier, TakeCash { amount_vnd: Vnd(amount) }).unwrap();
    }

    fn reject(scene: &mut Scene<'_, Payment>, moment: &str) -> Vec<PaymentEvent> {
        let brief = brief(scene.law, "CO.D", "G02.001", "2026-11-20T09:00");
        scene.execute(moment, Role::System, ReassessFee { brief }).unwrap()
    }

    #[test]
    fn the_rest_of_a_fee_is_owed_with_a_new_window_and_settled_when_it_is_paid() {
        let law = law();
        let mut scene = reduced(&law);
        pay(&mut scene, "2026-11-20T10:00", 15_000);
        let events = reject(&mut scene, "2026-11-23T09:00");
        assert!(matches!(events[..], [PaymentEvent::FeeReassessed(_)]), "{events:?}");
        let state = &scene.state;
        assert_eq!((state.total(), state.outstanding()), (Vnd(30_000), Vnd(15_000)));
        assert!(state.is_owed() && state.settled_at().is_none());
        // Fifteen working days from Monday 23 November, with Tuesday 24 off.
        assert_eq!(state.window_ends_at(), Some(at("2026-12-16T00:00")));
        assert!(reject(&mut scene, "2026-11-23T09:01").is_empty(), "once");
        pay(&mut scene, "2026-11-25T09:00", 15_000);
        assert!(scene.state.settled_at().is_some());
        let receipts: Vec<_> = scene.state.receipts.iter().map(|one| one.amount).collect();
        assert_eq!(receipts, [Vnd(15_000), Vnd(15_000)]);
    }

    #[test]
    fn a_claim_that_is_confirmed_after_all_settles_the_fee_by_what_was_paid() {
        let law = law();
        let mut scene = reduced(&law);
        pay(&mut scene, "2026-11-20T10:00", 15_000);
        reject(&mut scene, "2026-11-23T09:00");
        let mut brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
        brief.groups = vec!["digital_citizen".to_owned()];
        let confirm = ReassessFee { brief };
        let events = scene.execute("2026-11-23T10:00", Role::System, confirm.clone()).unwrap();
        assert!(
            matches!(events[..], [PaymentEvent::FeeReassessed(_), PaymentEvent::FeeSettled(_)]),
            "{events:?}"
        );
        assert_eq!((scene.state.total(), scene.state.owed_back()), (Vnd(15_000), Vnd(0)));
        assert!(scene.state.window_ends_at().is_some() && scene.state.settled_at().is_some());
        // The rest was paid at the same moment: it is owed back.
        let mut scene = reduced(&law);
        pay(&mut scene, "2026-11-20T10:00", 15_000);
        reject(&mut scene, "2026-11-23T09:00");
        pay(&mut scene, "2026-11-23T09:59", 15_000);
        let events = scene.execute("2026-11-23T10:00", Role::System, confirm).unwrap();
        assert!(matches!(events.last(), Some(PaymentEvent::RefundOwed(_))), "{events:?}");
        assert_eq!(scene.state.owed_back(), Vnd(15_000));
    }

    #[test]
    fn a_rest_that_is_not_paid_in_its_window_is_owed_back_with_the_part_that_was_paid() {
        let law = law();
        let mut scene = reduced(&law);
        pay(&mut scene, "2026-11-20T10:00", 15_000);
        reject(&mut scene, "2026-11-23T09:00");
        assert!(
            scene.execute("2026-12-15T23:59", Role::System, ExpireFeeWindow).unwrap().is_empty()
        );
        scene.execute("2026-12-16T00:00", Role::System, ExpireFeeWindow).unwrap();
        assert_eq!(scene.state.owed_back(), Vnd(15_000));
    }

    #[test]
    fn money_paid_above_the_reduced_fee_covers_the_rest_and_is_receipted_then() {
        let law = law();
        let mut scene = reduced(&law);
        pay(&mut scene, "2026-11-20T10:00", 15_000);
        let mut over = scene.state.clone();
        over.received = Vnd(40_000);
        scene.state = over;
        let events = reject(&mut scene, "2026-11-23T09:00");
        assert!(
            matches!(events[..], [PaymentEvent::FeeReassessed(_), PaymentEvent::FeeSettled(_)]),
            "{events:?}"
        );
        assert_eq!(scene.state.owed_back(), Vnd(10_000));
        let receipts: Vec<_> = scene.state.receipts.iter().map(|one| one.amount).collect();
        assert_eq!(receipts, [Vnd(15_000), Vnd(15_000)]);
    }

    #[test]
    fn a_fee_that_does_not_rise_is_settled_again_and_the_excess_is_owed_back() {
        let law = law();
        let mut scene = reduced(&law);
        // The agency that transferred the dossier charged more.
        let mut charged = scene.state.clone();
        if let Some(fee) = &mut charged.fee {
            Arc::make_mut(&mut fee.assessed).total = Vnd(35_000);
        }
        scene.state = charged;
        pay(&mut scene, "2026-11-20T10:00", 35_000);
        let events = reject(&mut scene, "2026-11-23T09:00");
        assert!(
            matches!(
                events[..],
                [
                    PaymentEvent::FeeReassessed(_),
                    PaymentEvent::FeeSettled(_),
                    PaymentEvent::RefundOwed(_)
                ]
            ),
            "{events:?}"
        );
        let state = &scene.state;
        assert_eq!((state.total(), state.owed_back()), (Vnd(30_000), Vnd(5_000)));
        assert!(state.settled_at().is_some());
        assert!(reject(&mut scene, "2026-11-23T09:01").is_empty(), "once");
    }

    #[test]
    fn without_an_assessment_it_waits_for_one() {
        let law = law();
        let mut scene = Scene::<Payment>::new(&law, "CO.D", "G02.001");
        let brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
        let decided = scene.decide("2026-11-20T09:00", Role::System, &ReassessFee { brief });
        assert!(matches!(decided, Ok(Decision::NotYet)), "{decided:?}");
    }
}
