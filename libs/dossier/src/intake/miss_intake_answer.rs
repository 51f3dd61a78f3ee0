//! The one-stop unit has not answered in time: recorded for ever, and the dossier still waits for its answer.
//! Decree 45/2020/NĐ-CP, art. 11 (8 working hours).

use super::Intake;
use crate::clock::late_by_ms;
use crate::contract::{IntakeAnswerMissed, IntakeEvent};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "answer";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_intake_answer",
    service: "intake",
    basis: "45/2020/NĐ-CP Điều 11",
    may: &[],
    events: &["intake.IntakeAnswerMissed.v1", "intake.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if the answer is no longer owed.
#[must_use]
pub fn decide(intake: &Intake, facts: &Facts<'_>) -> Vec<IntakeEvent> {
    let owed = intake.answer.filter(|a| !a.missed && a.running.due_at <= facts.at);
    let missed = owed.map(|answer| {
        let due_at = answer.running.due_at;
        IntakeAnswerMissed { due_at, late_by_ms: late_by_ms(due_at, facts.at) }.into()
    });
    missed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier::{self, tests::submitted};
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn a_late_answer_is_recorded_once_and_can_still_be_given() {
        let law = law();
        let mut scene = submitted(&law);
        let step = |s: &Intake, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        assert!(scene.step("2026-11-23T08:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-11-23T09:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-11-23T09:01", Role::System, step).unwrap().is_empty());
        scene.step("2026-11-23T10:00", Role::Clerk, accept_dossier::decide).unwrap();
    }
}
