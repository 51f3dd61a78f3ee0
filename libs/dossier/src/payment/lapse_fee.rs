//! The dossier ended (refused, withdrawn, returned, closed): nothing more is owed or accepted. The
//! procedure determines which part of the fee the agency keeps. The rest is owed back, and so is
//! money that a provider captures later.

use uuid::Uuid;

use super::{Closed, Payment};
use crate::contract::{DossierEnd, DossierEnded, FeeLapsed, PaymentEvent, Vnd};
use crate::law::Kept;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Closes the payment of a dossier that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LapseFee {
    /// The way in which it ended without a result; `None` if it was processed to its end:
    /// delivered, without a result to deliver, or ended by an officer.
    pub end: Option<DossierEnd>,
    /// Whether it had been accepted; `None` if the event is older than this field.
    pub accepted: Option<bool>,
    /// Id of the event that ended it.
    pub cause: Uuid,
}

impl Command for LapseFee {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "lapse_fee",
        basis: "118/2025/NĐ-CP Điều 21",
        may: &[],
        events: &["payment.FeeLapsed.v1", "payment.DossierEnded.v1", "payment.RefundOwed.v1"],
        refusals: &[],
    };

    /// Returns no event if no fee was assessed, the window or the dossier's end was recorded
    /// before, or the fee was paid and the dossier was processed to its end.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Self { end, accepted, cause } = *self;
        let is_over = |closed: Closed| closed.window_expired || closed.dossier_ended;
        if payment.fee.is_none() || payment.closed().is_some_and(is_over) {
            return Ok(Decision::Nothing);
        }
        let mut after = payment.clone();
        let mut events = match end {
            _ if payment.settled_at().is_none() => {
                let kept = payment.kept_of_unsettled(facts.rule()?.procedure.fees.kept);
                after.apply_lapse(kept);
                vec![FeeLapsed { cause, kept }.into()]
            }
            None => return Ok(Decision::Nothing),
            // Without `accepted`, the part that the agency keeps is unknown. Such dossiers were
            // settled under the earlier rules: reading an old log again must not create repayments.
            Some(_) if accepted.is_none() => return Ok(Decision::Nothing),
            Some(ended) => {
                let stays = match facts.rule()?.procedure.fees.kept {
                    Kept::Always => true,
                    Kept::AfterAcceptance => accepted == Some(true),
                    Kept::Never => false,
                };
                let kept = if stays { payment.total() } else { Vnd::ZERO };
                after.apply_end(kept);
                vec![DossierEnded { ended, kept, cause }.into()]
            }
        };
        events.extend(Payment::consequences(after, payment, facts)?);
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{DossierId, OwedBack, Role};
    use crate::law::{Law, shipped_rules};
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::start_payment::{self, tests::sandbox};
    use crate::payment::take_cash::{self, TakeCash};
    use crate::step::{Incoming, Subscription};
    use crate::testing::{Scene, law};

    fn end(scene: &mut Scene<'_, Payment>, end: DossierEnd, accepted: bool) -> Vec<PaymentEvent> {
        let ended = LapseFee { end: Some(end), accepted: Some(accepted), cause: Uuid::nil() };
        scene.execute("2026-11-20T10:00", Role::System, ended).unwrap()
    }

    fn settled(law: &Law) -> Scene<'_, Payment> {
        let mut scene = assessed(law);
        let cash = TakeCash { amount_vnd: Vnd(30_000) };
        scene.execute("2026-11-20T09:30", Role::Cashier, cash).unwrap();
        scene
    }

    #[test]
    fn nothing_more_is_taken_for_a_dossier_that_has_ended() {
        let law = law();
        let mut scene = assessed(&law);
        end(&mut scene, DossierEnd::Refused, false);
        assert!(scene.open().is_empty());
        assert_eq!(scene.state.outstanding(), Vnd(0));
        let started = scene.execute("2026-11-20T11:00", Role::Applicant, sandbox());
        assert_eq!(started, Err(start_payment::Refusal::WindowClosed));
        let cash = TakeCash { amount_vnd: Vnd(30_000) };
        let cash = scene.execute("2026-11-20T11:00", Role::Cashier, cash);
        assert_eq!(cash, Err(take_cash::Refusal::WindowClosed));
    }

    #[test]
    fn the_fee_of_a_dossier_that_was_never_accepted_is_owed_back() {
        let law = law();
        for how in [DossierEnd::Refused, DossierEnd::Withdrawn, DossierEnd::Closed] {
            let mut scene = settled(&law);
            let events = end(&mut scene, how, false);
            let [PaymentEvent::DossierEnded(_), PaymentEvent::RefundOwed(owed)] = &events[..]
            else {
                panic!("{events:?}")
            };
            assert_eq!((owed.amount, owed.why), (Vnd(30_000), OwedBack::DossierEnded));
            assert!(end(&mut scene, how, false).is_empty(), "once");
        }
    }

    #[test]
    fn the_fee_stays_once_work_has_begun() {
        let law = law();
        let mut scene = settled(&law);
        let events = end(&mut scene, DossierEnd::Withdrawn, true);
        let [PaymentEvent::DossierEnded(ended)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(ended.kept, Vnd(30_000));
        assert_eq!((scene.state.owed_back(), scene.state.outstanding()), (Vnd(0), Vnd(0)));
    }

    #[test]
    fn a_procedure_may_say_that_its_fee_always_or_never_stays() {
        for (kept, accepted, back) in [("always", false, 0), ("never", true, 30_000)] {
            let mut law = Law::default();
            for mut rules in shipped_rules().unwrap() {
                if rules.name == "CO.D" {
                    let text = rules.text.replace("fees:\n", &format!("fees:\n  kept: {kept}\n"));
                    rules.text = text;
                }
                law.apply(&rules, None).unwrap();
            }
            let mut scene = settled(&law);
            end(&mut scene, DossierEnd::Withdrawn, accepted);
            assert_eq!(scene.state.owed_back(), Vnd(back), "{kept}");
        }
    }

    #[test]
    fn an_end_recorded_before_its_acceptance_was_makes_nothing_owed_back() {
        let law = law();
        let old = [
            ("intake.DossierWithdrawn.v1", r#"{"reason":null}"#),
            ("intake.DossierClosed.v1", r#"{"closed_as":"not_supplemented"}"#),
        ];
        for (kind, data) in old {
            let mut scene = settled(&law);
            let mut envelope = scene.recorded().next().unwrap().1.envelope.clone();
            envelope.dossier = Some(DossierId(Uuid::nil()));
            let event = Incoming { id: Uuid::nil(), kind, data, envelope: &envelope };
            let follows = Subscription::<Payment>::react(&event).unwrap();
            let [follow] = &follows[..] else { panic!("{kind}") };
            let ended = *follow.command.get::<LapseFee>().unwrap();
            assert_eq!(ended.accepted, None);
            let events = scene.execute("2026-11-20T10:00", Role::System, ended).unwrap();
            assert!(events.is_empty(), "{events:?}");
            assert_eq!(scene.state.owed_back(), Vnd(0));
        }
    }

    #[test]
    fn a_dossier_with_a_result_keeps_its_fee_without_a_word() {
        let law = law();
        let mut scene = settled(&law);
        let ended = LapseFee { end: None, accepted: Some(true), cause: Uuid::nil() };
        let events = scene.execute("2026-11-20T10:00", Role::System, ended).unwrap();
        assert!(events.is_empty());
    }
}
