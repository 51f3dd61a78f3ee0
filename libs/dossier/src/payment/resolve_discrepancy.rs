//! A cashier has asked the provider for the total that an attempt has brought, and records it. The
//! received amount is corrected, upwards or downwards. If the total exceeds the attempt's amount by
//! more than one person may refund, a second person has to approve, as for the refund itself.

use super::{Attempt, Payment, Standing};
use crate::access::agency;
use crate::clock;
use crate::contract::{
    DiscrepancyResolved, PaymentEvent, PaymentId, Personal, RefundEffect, ResolutionProposed, Role,
    Subject, Vnd,
};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// Records the confirmed total of an attempt.
#[derive(Debug, Clone)]
pub struct ResolveDiscrepancy {
    /// The attempt.
    pub payment: PaymentId,
    /// The total that it has brought.
    pub captured: Vnd,
    /// The finding, in the cashier's words.
    pub reason: Text<2000>,
    /// Progress of the dossier at intake; after its end nothing more is charged.
    pub standing: Standing,
}

refusals! {
    /// Refusals of `resolve_discrepancy`.
    pub enum Refusal {
        NothingInDoubt => 409, "nothing-in-doubt",
            "giao dịch này không có sai lệch", "this payment has no discrepancy";
        NotSaid(Vnd) => 422, "amount-not-said" at "/captured_vnd",
            "số tiền phải từ 0 đến số mà cổng thanh toán đã báo",
            "the amount must be from 0 to the amount that the provider has reported";
        AlreadyProposed => 409, "resolution-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Command for ResolveDiscrepancy {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "resolve_discrepancy",
        basis: "97/2015/QH13 Điều 14",
        may: &[agency(Role::Cashier)],
        events: &[
            "payment.DiscrepancyResolved.v1",
            "payment.ResolutionProposed.v1",
            "payment.FeeSettled.v1",
            "payment.FeeOwedAgain.v1",
            "payment.RefundOwed.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { payment: id, captured, standing, .. } = *self;
        let attempt = payment.doubtful(id, captured).map_err(Refusal::unfounded)?;
        let reason = self.reason.personal();
        let alone = payment.resolved_alone.plus(attempt.above(captured))?;
        if attempt.above(captured) > Vnd::ZERO && alone > Payment::rules(facts)?.second_person_above
        {
            if payment.proposal.is_some() {
                return Err(Refusal::AlreadyProposed);
            }
            let (resolution, counted) = (facts.id("resolution"), attempt.captured);
            let due_at = Payment::proposal_due(facts)?;
            let payment = id;
            return Ok(Decision::event(ResolutionProposed {
                resolution,
                payment,
                captured,
                counted,
                reason,
                due_at,
            }));
        }
        let found = Found { payment: id, captured, reason, proposed_by: None };
        Ok(resolved(payment, found, standing, facts)?.into())
    }
}

/// Reasons why an amount cannot be the total of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfounded {
    /// There are no doubtful reports.
    NothingInDoubt,
    /// Negative, or more than the reports allow, which is this amount.
    NotSaid(Vnd),
}

impl Refusal {
    const fn unfounded(unfounded: Unfounded) -> Self {
        match unfounded {
            Unfounded::NothingInDoubt => Self::NothingInDoubt,
            Unfounded::NotSaid(most) => Self::NotSaid(most),
        }
    }
}

impl Payment {
    /// The attempt, if it has doubtful reports and they allow this total.
    pub(super) fn doubtful(&self, id: PaymentId, captured: Vnd) -> Result<&Attempt, Unfounded> {
        let attempt = self.attempts.get(&id).filter(|attempt| !attempt.doubts.is_empty());
        let attempt = attempt.ok_or(Unfounded::NothingInDoubt)?;
        let most = attempt.said_at_most();
        let said = captured >= Vnd::ZERO && captured <= most;
        said.then_some(attempt).ok_or(Unfounded::NotSaid(most))
    }
}

/// A finding that passed all checks.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) payment: PaymentId,
    pub(super) captured: Vnd,
    pub(super) reason: Personal<String>,
    pub(super) proposed_by: Option<Subject>,
}

/// The resolution and the events that follow from it.
pub(super) fn resolved(
    payment: &Payment,
    found: Found,
    standing: Standing,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, LawError> {
    let Found { payment: id, captured, reason, proposed_by } = found;
    let counted = payment.attempts.get(&id).map_or(Vnd::ZERO, |attempt| attempt.captured);
    let (effect, receipts, window_ends_at) = (None, None, None);
    let mut resolved = DiscrepancyResolved {
        payment: id,
        captured,
        counted,
        reason,
        effect,
        proposed_by,
        receipts,
        window_ends_at,
    };
    let mut after = payment.clone();
    after.apply_resolution(&resolved);
    let missing = after.settled_at().is_some() && after.outstanding() > Vnd::ZERO;
    resolved.effect = missing.then_some(match standing {
        Standing::AtItsEnd => RefundEffect::AtTheEnd,
        Standing::Unanswered | Standing::InProcess => RefundEffect::OwedAgain,
    });
    // While money was in doubt the rest could not be paid, and the window may have passed
    // meanwhile.
    let can_pay_again = payment.waits_for_certainty() && after.settled_at().is_none();
    if can_pay_again && after.outstanding() > Vnd::ZERO {
        let rule = facts.rule()?;
        let window = rule.procedure.fees.window.filter(|_| payment.window().is_some());
        resolved.window_ends_at = window.map(|window| clock::end_of(rule, facts.at, window));
    }
    let mut after = payment.clone();
    after.apply_resolution(&resolved);
    resolved.receipts = Some(after.correct_receipts(None));
    let mut events = vec![resolved.into()];
    let in_process = standing == Standing::InProcess;
    events.extend(Payment::consequences_in(after, payment, (in_process, facts.at), facts)?);
    Ok(events)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::OwedBack;
    use crate::payment::expire_fee_window::ExpireFeeWindow;
    use crate::payment::lapse_fee::LapseFee;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::TakeNotice;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::{Scene, law};

    fn resolve(
        scene: &mut Scene<'_, Payment>,
        payment: PaymentId,
        captured: i64,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        resolve_when(scene, payment, captured, Standing::Unanswered)
    }

    fn resolve_when(
        scene: &mut Scene<'_, Payment>,
        payment: PaymentId,
        captured: i64,
        standing: Standing,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let (captured, reason) = (Vnd(captured), "the provider's answer of 21 November".into());
        let command = ResolveDiscrepancy { payment, captured, reason, standing };
        scene.execute("2026-11-21T09:00", Role::Cashier, command)
    }

    #[test]
    fn a_hundredfold_amount_is_not_given_back_before_somebody_has_asked() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        assert!(scene.state.settled_at().is_some(), "the fee is covered either way");
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
        assert!(scene.state.settled_at().is_some());
        let events = resolve(&mut scene, id, 20_000).unwrap();
        assert!(matches!(events[..], [_, PaymentEvent::FeeOwedAgain(_)]), "{events:?}");
        assert!(scene.state.settled_at().is_none());
        assert_eq!(scene.state.outstanding(), Vnd(10_000));
        assert!(scene.state.window().is_some_and(|window| window.due_at > facts_at()));
    }

    #[test]
    fn a_correction_after_the_decision_only_says_what_came() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(30_000)));
        take(&mut scene, &say(id, "e1", Vnd(20_000)));
        let events = resolve_when(&mut scene, id, 20_000, Standing::AtItsEnd).unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
        let expired = scene.execute("2027-03-01T09:00", Role::System, ExpireFeeWindow);
        assert!(expired.unwrap().is_empty());
        let state = &scene.state;
        assert_eq!((state.net(), state.outstanding()), (Vnd(20_000), Vnd(0)));
        assert_eq!(state.owed_back(), Vnd(0));
        assert!(state.settled_at().is_some());
    }

    #[test]
    fn what_is_there_for_a_dossier_in_process_stays_when_the_rest_does_not_come() {
        let law = law();
        for delivered in [false, true] {
            let (mut scene, id) = started(&law);
            take(&mut scene, &say(id, "e1", Vnd(30_000)));
            take(&mut scene, &say(id, "e1", Vnd(20_000)));
            let events = resolve_when(&mut scene, id, 20_000, Standing::InProcess).unwrap();
            assert!(matches!(events[..], [_, PaymentEvent::FeeOwedAgain(_)]), "{events:?}");
            let (accepted, cause) = (Some(true), uuid::Uuid::nil());
            let (moment, ended) = ("2027-03-01T09:00", LapseFee { end: None, accepted, cause });
            let events = if delivered {
                scene.execute(moment, Role::System, ended).unwrap()
            } else {
                scene.execute(moment, Role::System, ExpireFeeWindow).unwrap()
            };
            assert_eq!(events.len(), 1, "{events:?}");
            assert_eq!(
                (scene.state.closed().map(|closed| closed.kept), scene.state.owed_back()),
                (Some(Vnd(20_000)), Vnd(0))
            );
        }
    }

    #[test]
    fn what_was_looked_into_is_not_doubted_again() {
        let law = law();
        let (mut scene, id) = started(&law);
        let numbered = |event: &str, number: &str, amount| TakeNotice {
            transaction: Some(number.to_owned()),
            ..say(id, event, Vnd(amount))
        };
        take(&mut scene, &numbered("e1", "T1", 30_000));
        assert_eq!(take(&mut scene, &numbered("e2", "T2", 30_000)), ["DiscrepancyFound"]);
        resolve(&mut scene, id, 60_000).unwrap();
        assert_eq!(scene.state.owed_back(), Vnd(30_000));
        let due_at = scene.state.owed_repayment().unwrap().0.running.due_at;
        for line in [numbered("line-1", "T1", 30_000), numbered("line-2", "T2", 30_000)] {
            assert_eq!(take(&mut scene, &line), ["CaptureConfirmed"]);
        }
        // After another doubtful report, the amount to be repaid is still owed.
        assert_eq!(take(&mut scene, &numbered("e3", "T3", 30_000)), ["DiscrepancyFound"]);
        assert_eq!(scene.state.owed_back(), Vnd(30_000));
        assert_eq!(scene.state.owed_repayment().unwrap().0.running.due_at, due_at);
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
