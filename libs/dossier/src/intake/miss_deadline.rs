//! The period has passed without a decision: the miss is recorded permanently, whatever follows.
//! Where the law attaches an outcome to the agency's silence, the dossier is thereby decided (for
//! example Decree 137/2026/NĐ-CP, art. 27.5).

use jiff::Timestamp;

use super::Intake;
use super::record_decision::decided;
use crate::clock::late_by_ms;
use crate::contract::{DeadlineMissed, DecidedBy, DossierDecided, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the period has passed without a decision.
#[derive(Debug, Clone, Copy)]
pub struct MissDeadline;

impl Command for MissDeadline {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_deadline",
        basis: "61/2018/NĐ-CP Điều 19; 137/2026/NĐ-CP Điều 27.5",
        may: &[],
        events: &[
            "intake.DeadlineMissed.v1",
            "intake.DossierDecided.v1",
            "intake.DossierClosed.v1",
            "intake.DeadlineRestated.v1",
        ],
        refusals: &[],
    };

    /// Nothing, if the deadline was met, is suspended, or was recorded as missed before.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let running = intake.clock_runs();
        let Some(promised) = intake.promised.as_ref().filter(|p| running && !p.missed) else {
            return Ok(Decision::Nothing);
        };
        let due_at = promised.promise.due_at;
        if facts.at < due_at {
            return Ok(Decision::Nothing);
        }
        let missed = DeadlineMissed { due_at, late_by_ms: late_by_ms(due_at, facts.at) };
        let mut events = vec![missed.into()];
        if let Some(outcome) = facts.rule()?.procedure.clock.silence {
            let (by, brief) =
                (DecidedBy::Silence, intake.submission.as_ref().map(|s| s.brief.clone()));
            let decision = DossierDecided { outcome, by, decided_at: due_at, brief, paper: None };
            events.extend(decided(intake, None, decision, facts)?);
        }
        Ok(events.into())
    }
}

/// A miss that was not yet recorded when another event ended or stopped the clock at `ended_at`.
/// The outcome must not depend on whether enforcement or that event came first.
pub(super) fn unrecorded(intake: &Intake, ended_at: Timestamp) -> Option<IntakeEvent> {
    let running = intake.clock_runs();
    let promised = intake.promised.as_ref().filter(|promised| running && !promised.missed)?;
    let due_at = promised.promise.due_at;
    (ended_at > due_at)
        .then(|| DeadlineMissed { due_at, late_by_ms: late_by_ms(due_at, ended_at) }.into())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::{Outcome, Role};
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::{self, tests::accepted};
    use crate::intake::request_supplement::tests::asked;
    use crate::intake::submit_dossier::tests::promotion;
    use crate::step::Elsewhere;
    use crate::testing::{Scene, at, law};

    #[test]
    fn a_deadline_is_missed_at_its_instant_and_once() {
        let law = law();
        let mut scene = accepted(&law);
        assert!(scene.enforce("2026-11-30T23:59", &IntakeDeadline::Decision).is_empty());
        let events = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        let due_at = at("2026-12-01T00:00");
        assert_eq!(events, [DeadlineMissed { due_at, late_by_ms: 0 }.into()]);
        assert!(scene.enforce("2026-12-02T00:00", &IntakeDeadline::Decision).is_empty());
    }

    #[test]
    fn a_decision_that_was_recorded_in_time_and_has_not_arrived_keeps_the_deadline() {
        let law = law();
        let mut scene = accepted(&law);
        scene.elsewhere.push(Elsewhere {
            id: Uuid::nil(),
            kind: "review.DecisionMade.v1".to_owned(),
            data: String::new(),
            at: at("2026-11-30T16:59"),
        });
        assert!(scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision).is_empty());
    }

    #[test]
    fn where_the_law_makes_something_of_silence_the_dossier_is_decided_and_closed() {
        let shipped = include_str!("../../procedures/promotion_registration.yaml");
        let silent = shipped
            .replace("  start: submitted", "  start: submitted\n  silence: approved")
            .replace("code: \"2.000004\"", "code: SILENT");
        for (result, kinds) in [(true, 1), (false, 2)] {
            let mut law = law();
            let text = if result { silent.clone() } else { without_result(&silent) };
            law.add_procedure("silent.yaml", &text).unwrap();
            let mut scene = Scene::<Intake>::new(&law, "SILENT", "H26.14");
            scene.execute("2026-11-20T09:00", Role::Applicant, promotion()).unwrap();
            scene
                .execute("2026-11-20T10:00", Role::Clerk, accept_dossier::AcceptDossier::default())
                .unwrap();
            let events = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
            assert_eq!(events.len(), 1 + kinds, "{events:?}");
            let IntakeEvent::DossierDecided(decided) = &events[1] else { panic!("{events:?}") };
            assert_eq!((decided.outcome, decided.by), (Outcome::Approved, DecidedBy::Silence));
            assert!(decided.brief.is_some(), "no other service knows of it otherwise");
        }
    }

    fn without_result(text: &str) -> String {
        let (before, _) = text.split_once("\nresult:").unwrap();
        format!("{before}\nresult: {{}}\n")
    }

    #[test]
    fn a_clock_that_stands_still_misses_nothing() {
        let law = law();
        let mut scene = accepted(&law);
        asked(&mut scene, "2026-11-26T10:00").unwrap();
        assert!(scene.enforce("2026-12-02T00:00", &IntakeDeadline::Decision).is_empty());
    }
}
