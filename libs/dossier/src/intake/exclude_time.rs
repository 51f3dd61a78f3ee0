//! Time that the procedure does not count: until a consulted agency has answered or its period has
//! passed, during a verification on site, and until a fee is paid that is owed after acceptance. It
//! is recorded when it is over: the promised date moves by it, and a miss that was recorded
//! meanwhile is withdrawn unless the decision is late by the new date as well. Example: Decree
//! 61/2018/NĐ-CP, arts 19.2, 19.3 and 19.5, where sector law says that the time is not counted.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Intake, Stage};
use crate::clock::{self, Suspension};
use crate::contract::{
    DeadlineMissWithdrawn, EventSet, IntakeEvent, NotCounted, PaymentEvent, ReviewEvent,
    TimeNotCounted,
};
use crate::law::ClockStart;
use crate::step::{Command, Decision, Elsewhere, Facts, LawError, Step};

/// Moves the promised date by time that is not counted.
#[derive(Debug, Clone, Copy)]
pub struct ExcludeTime {
    pub reason: NotCounted,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The event of another service that ended the time.
    pub cause: Uuid,
}

impl ExcludeTime {
    /// The command that follows from an event of review that was recorded at `at`; none if the
    /// event does not end such a time.
    #[must_use]
    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    pub fn of(event: &ReviewEvent, cause: Uuid, at: Timestamp) -> Option<Self> {
        let (reason, from, to) = match event {
            ReviewEvent::ConsultationAnswered(answered) => {
                (NotCounted::Consultation, answered.asked_at?, at)
            }
            ReviewEvent::ConsultationSilent(silent) => {
                (NotCounted::Consultation, silent.asked_at?, silent.due_at)
            }
            ReviewEvent::VerificationRecorded(verified) => {
                (NotCounted::Verification, verified.from, verified.to)
            }
            _ => return None,
        };
        Some(Self { reason, from, to, cause })
    }
}

impl Command for ExcludeTime {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "exclude_time",
        basis: "61/2018/NĐ-CP Điều 19.2, 19.3, 19.5; quy định của từng thủ tục",
        may: &[],
        events: &["intake.TimeNotCounted.v1", "intake.DeadlineMissWithdrawn.v1"],
        refusals: &[],
    };

    /// Not yet, while intake has not recorded the acceptance; nothing, if the procedure counts the
    /// time.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let Self { reason, from, to, cause } = *self;
        let nothing = Ok(Decision::Nothing);
        match intake.stage() {
            Stage::Empty | Stage::Submitted => return Ok(Decision::NotYet),
            Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => return nothing,
            Stage::Processing | Stage::Decided => {}
        }
        let rule = facts.rule()?;
        let (Some(mut ledger), Some(submission)) = (intake.ledger(), &intake.submission) else {
            return nothing;
        };
        let known = intake.suspensions.iter().any(|suspension| suspension.cause == cause);
        if known || !rule.procedure.clock.not_counted.contains(&reason) {
            return nothing;
        }
        ledger.suspensions.push(Suspension { from, to: Some(to), cause });
        let computed = clock::promise(rule, submission.brief.channel, &ledger)?;
        // A fixed date stays. The date of a suspended clock is computed when the clock resumes.
        let running =
            intake.promised.as_ref().filter(|p| p.fixed.is_none() && !intake.is_suspended());
        let moved = running.zip(computed).filter(|(old, new)| new.due_at > old.promise.due_at);
        let mut events = Vec::new();
        if let Some((old, _)) = moved.as_ref().filter(|(old, new)| {
            let decided_at = intake.decision().map(|decision| decision.decided_at);
            old.missed && decided_at.is_none_or(|at| at <= new.due_at)
        }) {
            events.push(DeadlineMissWithdrawn { due_at: old.promise.due_at, cause }.into());
        }
        let promise = moved.map(|(_, new)| new).filter(|_| intake.stage() == Stage::Processing);
        events.push(TimeNotCounted { reason, from, to, cause, promise }.into());
        Ok(events.into())
    }
}

/// Whether the promised date will still move: another service waits for an answer or a fee, or has
/// recorded an event that intake has not received yet.
pub(super) fn is_awaited(intake: &Intake, facts: &Facts<'_>) -> Result<bool, LawError> {
    let clock = &facts.rule()?.procedure.clock;
    let not_counted = &clock.not_counted;
    let stops = clock.start == ClockStart::FeeReceived || not_counted.contains(&NotCounted::Fee);
    // Intake may not have received payment's newest event about the fee yet.
    let known = intake.fee.received_at().map_or(LastOfFee::OwedAgain, LastOfFee::ThereSince);
    let last = last_of_fee(facts.elsewhere);
    if stops && last != LastOfFee::Nothing && last != known {
        return Ok(true);
    }
    if not_counted.is_empty() {
        return Ok(false);
    }
    let counts = |reason| !not_counted.contains(&reason);
    let (mut consulted, mut unknown) = (Vec::new(), false);
    if !counts(NotCounted::Fee) && intake.fee.received_at().is_none() {
        let mut elsewhere = facts.elsewhere.iter();
        unknown |= elsewhere.any(|event| event.kind == "payment.FeeAssessed.v1");
    }
    for recorded in facts.elsewhere {
        let Ok(event) = ReviewEvent::decode(&recorded.kind, &recorded.data) else { continue };
        if let ReviewEvent::ConsultationRequested(asked) = &event {
            consulted.push(asked.consultation);
        } else if let ReviewEvent::ConsultationAnswered(answered) = &event {
            consulted.retain(|open| *open != answered.consultation);
        } else if let ReviewEvent::ConsultationSilent(silent) = &event {
            consulted.retain(|open| *open != silent.consultation);
        }
        let excluded = ExcludeTime::of(&event, recorded.id, recorded.at);
        let known = || intake.suspensions.iter().any(|span| span.cause == recorded.id);
        unknown |= excluded.is_some_and(|excluded| !counts(excluded.reason)) && !known();
    }
    Ok(unknown || !counts(NotCounted::Consultation) && !consulted.is_empty())
}

/// Payment's newest event about the fee.
#[derive(Debug, PartialEq, Eq)]
enum LastOfFee {
    Nothing,
    ThereSince(Timestamp),
    OwedAgain,
}

fn last_of_fee(elsewhere: &[Elsewhere]) -> LastOfFee {
    let of_fee = |event: &&Elsewhere| {
        ["payment.FeeSettled.v1", "payment.FeeOwedAgain.v1"].contains(&&*event.kind)
    };
    let Some(last) = elsewhere.iter().rev().find(of_fee) else { return LastOfFee::Nothing };
    match PaymentEvent::decode(&last.kind, &last.data) {
        Ok(PaymentEvent::FeeSettled(settled)) => LastOfFee::ThereSince(settled.paid_at),
        Ok(PaymentEvent::FeeOwedAgain(_)) => LastOfFee::OwedAgain,
        Ok(_) | Err(_) => LastOfFee::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{
        ConsultationId, ConsultationRequested, DossierId, FeeOwedAgain, FeeSettled, Outcome,
        Personal, Role, Vnd,
    };
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::intake::record_decision::RecordDecision;
    use crate::intake::record_fee::RecordFee;
    use crate::law::{Law, shipped_rules};
    use crate::testing::{Scene, at, law};

    /// The shipped law; the promotion procedure does not count consultations and verifications.
    fn uncounted() -> Law {
        let mut law = Law::default();
        for mut rules in shipped_rules().unwrap() {
            let more = "clock:\n  not_counted: [consultation, verification]\n";
            if rules.name == "2.000004" {
                let review = "review:\n  consultation: { amount: 30, unit: working_days }\n";
                rules.text = rules.text.replace("clock:\n", more).replace("review:\n", review);
            }
            law.apply(&rules, None).unwrap();
        }
        law
    }

    fn exclude(scene: &mut Scene<'_, Intake>, now: &str, from: &str, to: &str) -> Vec<IntakeEvent> {
        let command = ExcludeTime {
            reason: NotCounted::Consultation,
            from: at(from),
            to: at(to),
            cause: Uuid::from_u128(9),
        };
        scene.execute(now, Role::System, command).unwrap()
    }

    fn due(scene: &Scene<'_, Intake>) -> Timestamp {
        scene.state.promised.as_ref().unwrap().promise.due_at
    }

    #[test]
    fn two_nights_of_consultation_move_the_date_by_two_days_where_they_are_not_counted() {
        let law = uncounted();
        let mut scene = accepted(&law);
        assert_eq!(due(&scene), at("2026-12-01T00:00"));
        exclude(&mut scene, "2026-11-27T09:00", "2026-11-25T10:00", "2026-11-27T09:00");
        assert_eq!(due(&scene), at("2026-12-03T00:00"));
        let explained =
            clock::explanation(&scene.state, &IntakeDeadline::Decision, &law).unwrap().unwrap();
        assert_eq!(explained.due_at, due(&scene));
        assert!(explained.spans.iter().any(|span| span.cause == Some(Uuid::from_u128(9))));
        let again = exclude(&mut scene, "2026-11-27T10:00", "2026-11-25T10:00", "2026-11-27T09:00");
        assert!(again.is_empty(), "once");
        let shipped = law_of_the_ministry();
        let mut scene = accepted(&shipped);
        let counted =
            exclude(&mut scene, "2026-11-27T09:00", "2026-11-25T10:00", "2026-11-27T09:00");
        assert!(counted.is_empty(), "this procedure counts it");
    }

    fn law_of_the_ministry() -> Law {
        law()
    }

    #[test]
    fn nothing_is_missed_while_a_fee_is_awaited_and_its_time_is_not_counted() {
        let mut law = Law::default();
        for mut rules in shipped_rules().unwrap() {
            let fees = "fees:
  due: after_acceptance
  window: { amount: 30, unit: working_days }
  lines:
    - { rule: r, kind: phi, name: { vi: Phí, en: Fee }, amount: 1000, effective: { from: 2020-01-01 }, basis: B }
clock:
  not_counted: [fee]
";
            if rules.name == "2.000004" {
                rules.text = rules.text.replace("clock:\n", fees);
            }
            law.apply(&rules, None).unwrap();
        }
        let mut scene = accepted(&law);
        assert_eq!(due(&scene), at("2026-12-01T00:00"));
        scene.elsewhere.push(Elsewhere {
            id: Uuid::from_u128(6),
            kind: "payment.FeeAssessed.v1".to_owned(),
            data: include_str!("../../../../schemas/samples/payment.FeeAssessed.v1.json")
                .to_owned(),
            at: at("2026-11-20T10:00"),
        });
        let held = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        assert!(held.is_empty(), "{held:?}");
        let paid = RecordFee {
            amount: Vnd(1_000),
            paid_at: at("2026-12-01T09:00"),
            cause: Uuid::from_u128(8),
        };
        let events = scene.execute("2026-12-01T09:01", Role::System, paid).unwrap();
        assert!(matches!(
            events[..],
            [IntakeEvent::FeeReceived(_), IntakeEvent::TimeNotCounted(_)]
        ));
        // No working day began while the clock was running; five do after 1 December.
        assert_eq!(due(&scene), at("2026-12-09T00:00"));
        let explained =
            clock::explanation(&scene.state, &IntakeDeadline::Decision, &law).unwrap().unwrap();
        assert!(explained.spans.iter().any(|span| span.cause == Some(Uuid::from_u128(8))));
    }

    #[test]
    fn nothing_is_missed_while_it_has_not_arrived_that_the_fee_which_started_the_clock_is_missing()
    {
        let law = law();
        let mut scene = crate::intake::return_fee::tests::started(&law);
        let owed = |kind: &str, data: String| Elsewhere {
            id: Uuid::from_u128(6),
            kind: kind.to_owned(),
            data,
            at: at("2026-12-16T10:00"),
        };
        let paid_at = scene.state.fee.received_at().unwrap();
        let (dossier, amount) = (DossierId(Uuid::nil()), Vnd(1));
        let settled = PaymentEvent::from(FeeSettled { dossier, amount, paid_at });
        scene.elsewhere.push(owed(settled.kind(), settled.encode()));
        let again = FeeOwedAgain { dossier, amount, window_ends_at: None, in_process: true };
        let again = PaymentEvent::from(again);
        scene.elsewhere.push(owed(again.kind(), again.encode()));
        let held = scene.enforce("2026-12-17T00:00", &IntakeDeadline::Decision);
        assert!(held.is_empty(), "{held:?}");
        scene.elsewhere.pop();
        let missed = scene.enforce("2026-12-17T00:00", &IntakeDeadline::Decision);
        assert_eq!(missed.len(), 1, "what payment says is known here");
    }

    #[test]
    fn nothing_is_missed_while_an_opinion_is_awaited() {
        let law = uncounted();
        let mut scene = accepted(&law);
        let asked = ConsultationRequested {
            consultation: ConsultationId(Uuid::from_u128(5)),
            agency: "G01".into(),
            question: Personal::from("?".to_owned()),
            due_at: None,
        };
        scene.elsewhere.push(Elsewhere {
            id: Uuid::from_u128(6),
            kind: "review.ConsultationRequested.v1".to_owned(),
            data: ReviewEvent::from(asked).encode(),
            at: at("2026-11-26T09:00"),
        });
        let held = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        assert!(held.is_empty(), "{held:?}");
        scene.elsewhere.clear();
        let missed = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        assert_eq!(missed.len(), 1);
        exclude(&mut scene, "2026-12-01T09:00", "2026-11-26T09:00", "2026-11-30T09:00");
        assert!(!scene.state.promised.as_ref().unwrap().missed, "it was not missed after all");
        assert_eq!(due(&scene), at("2026-12-03T00:00"));
    }

    #[test]
    fn a_decision_that_arrives_before_the_consultation_it_rests_on_ends_as_in_time() {
        let law = uncounted();
        let mut scene = accepted(&law);
        let command = RecordDecision {
            outcome: Outcome::Approved,
            by: crate::contract::DecidedBy::Officers,
            decided_at: at("2026-12-01T09:00"),
            cause: Uuid::nil(),
            brief: None,
            reason: None,
        };
        scene.execute("2026-12-01T09:00", Role::System, command).unwrap();
        assert!(scene.state.promised.as_ref().unwrap().missed);
        exclude(&mut scene, "2026-12-01T09:01", "2026-11-26T09:00", "2026-11-30T09:00");
        assert!(!scene.state.promised.as_ref().unwrap().missed);
    }
}
