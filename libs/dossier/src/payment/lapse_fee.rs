//! The dossier ended without a result (refused, withdrawn, returned): nothing is owed any more, and nothing more is taken.
//! What of its fee stays with the agency is a matter of the procedure; the rest, and what a provider captures all the
//! same, goes back.

use uuid::Uuid;

use super::Payment;
use crate::contract::{DossierEnd, DossierEnded, FeeLapsed, PaymentEvent, Vnd};
use crate::law::Kept;
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "lapse_fee",
    service: "payment",
    basis: "118/2025/NĐ-CP Điều 21",
    may: &[],
    events: &["payment.FeeLapsed.v1", "payment.DossierEnded.v1", "payment.RefundOwed.v1"],
    refusals: &[],
};

/// How a dossier ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// How, if it was without a result.
    pub end: Option<DossierEnd>,
    /// Whether it had been accepted; nothing if the event is older than the record of that.
    pub accepted: Option<bool>,
    /// The event that ended it.
    pub cause: Uuid,
}

/// Decides; nothing if nothing is owed, the end is known, or the fee was paid for a result.
pub fn decide(
    payment: &Payment,
    ending: Ending,
    facts: &Facts<'_>,
) -> Result<Reacted<PaymentEvent>, LawError> {
    let Ending { end, accepted, cause } = ending;
    let (true, false, false) = (payment.assessed.is_some(), payment.window_expired, payment.ended)
    else {
        return Ok(Reacted::Done(Vec::new()));
    };
    let mut after = payment.clone();
    let mut events = match end {
        _ if payment.settled_at.is_none() => {
            let kept = payment.kept_of_unsettled(facts.rule()?.procedure.fees.kept);
            after.window_expired = true;
            after.take_end(kept);
            vec![FeeLapsed { cause, kept }.into()]
        }
        None => return Ok(Reacted::Done(Vec::new())),
        // What stays of the fee is not known then, and was settled in the way of that time: an old log that is read once
        // more makes nothing owed back.
        Some(_) if accepted.is_none() => return Ok(Reacted::Done(Vec::new())),
        Some(ended) => {
            let stays = match facts.rule()?.procedure.fees.kept {
                Kept::Always => true,
                Kept::AfterAcceptance => accepted == Some(true),
                Kept::Never => false,
            };
            let kept = if stays { payment.total() } else { Vnd::ZERO };
            after.take_end(kept);
            vec![DossierEnded { ended, kept, cause }.into()]
        }
    };
    events.extend(Payment::consequences(after, payment, facts)?);
    Ok(Reacted::Done(events))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{DossierId, OwedBack, Role};
    use crate::law::{Law, shipped_rules};
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::{PaymentReaction, start_payment, take_cash};
    use crate::step::{Incoming, Reaction, State};
    use crate::testing::{Scene, law};

    fn end(scene: &mut Scene<'_, Payment>, end: DossierEnd, accepted: bool) -> Vec<PaymentEvent> {
        let ending = Ending { end: Some(end), accepted: Some(accepted), cause: Uuid::nil() };
        scene
            .step("2026-11-20T10:00", Role::System, |s, f| match decide(s, ending, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            })
            .unwrap()
    }

    fn settled(law: &Law) -> Scene<'_, Payment> {
        let mut scene = assessed(law);
        let cash = |s: &Payment, f: &Facts<'_>| take_cash::decide(s, Vnd(30_000), f);
        scene.step("2026-11-20T09:30", Role::Cashier, cash).unwrap();
        scene
    }

    #[test]
    fn nothing_more_is_taken_for_a_dossier_that_has_ended() {
        let law = law();
        let mut scene = assessed(&law);
        end(&mut scene, DossierEnd::Refused, false);
        assert!(scene.state.obligations().is_empty());
        assert_eq!(scene.state.outstanding(), Vnd(0));
        let started = scene.step("2026-11-20T11:00", Role::Applicant, |s, f| {
            start_payment::decide(s, "sandbox", f)
        });
        assert_eq!(started, Err(start_payment::Refusal::WindowClosed));
        let cash = scene
            .step("2026-11-20T11:00", Role::Cashier, |s, f| take_cash::decide(s, Vnd(30_000), f));
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
                law.take(&rules, None).unwrap();
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
            let [PaymentReaction::LapseFee(_, ending)] =
                &PaymentReaction::react(&event).unwrap()[..]
            else {
                panic!("{kind}")
            };
            assert_eq!(ending.accepted, None);
            let decide = |s: &Payment, f: &Facts<'_>| match decide(s, *ending, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            };
            let events = scene.step("2026-11-20T10:00", Role::System, decide).unwrap();
            assert!(events.is_empty(), "{events:?}");
            assert_eq!(scene.state.owed_back(), Vnd(0));
        }
    }

    #[test]
    fn a_dossier_with_a_result_keeps_its_fee_without_a_word() {
        let law = law();
        let mut scene = settled(&law);
        let ending = Ending { end: None, accepted: Some(true), cause: Uuid::nil() };
        let events = scene
            .step("2026-11-20T10:00", Role::System, |s, f| match decide(s, ending, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            })
            .unwrap();
        assert!(events.is_empty());
    }
}
