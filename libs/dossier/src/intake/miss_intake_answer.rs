//! The one-stop unit did not answer in time: the miss is recorded permanently, and the answer
//! remains owed. Decree 45/2020/NĐ-CP, art. 11 (8 working hours).

use super::Intake;
use crate::clock::late_by_ms;
use crate::contract::{IntakeAnswerMissed, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the one-stop unit did not answer in time.
#[derive(Debug, Clone, Copy)]
pub struct MissIntakeAnswer;

impl Command for MissIntakeAnswer {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_intake_answer",
        basis: "45/2020/NĐ-CP Điều 11",
        may: &[],
        events: &["intake.IntakeAnswerMissed.v1", "intake.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Nothing, if the answer is no longer owed, not due yet, or recorded as missed before.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let owed = intake.answer().filter(|a| !a.missed && a.running.due_at <= facts.at);
        let missed = owed.map(|answer| {
            let due_at = answer.running.due_at;
            IntakeAnswerMissed { due_at, late_by_ms: late_by_ms(due_at, facts.at) }.into()
        });
        Ok(missed.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier::{self, tests::submitted};
    use crate::testing::law;

    #[test]
    fn a_late_answer_is_recorded_once_and_can_still_be_given() {
        let law = law();
        let mut scene = submitted(&law);
        assert!(
            scene.execute("2026-11-23T08:59", Role::System, MissIntakeAnswer).unwrap().is_empty()
        );
        assert_eq!(
            scene.execute("2026-11-23T09:00", Role::System, MissIntakeAnswer).unwrap().len(),
            1
        );
        assert!(
            scene.execute("2026-11-23T09:01", Role::System, MissIntakeAnswer).unwrap().is_empty()
        );
        scene
            .execute("2026-11-23T10:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
    }
}
