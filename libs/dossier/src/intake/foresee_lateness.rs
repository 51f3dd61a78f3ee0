//! One working day before the promised date nothing is decided: the written notice, the apology and
//! the new date are due now (form 04). Decree 61/2018/NĐ-CP, art. 19.9.

use super::Intake;
use crate::clock::late_by_ms;
use crate::contract::{IntakeEvent, LatenessForeseen};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that one working day is left and nothing is decided.
#[derive(Debug, Clone, Copy)]
pub struct ForeseeLateness;

impl Command for ForeseeLateness {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "foresee_lateness",
        basis: "61/2018/NĐ-CP Điều 19.9",
        may: &[],
        events: &["intake.LatenessForeseen.v1", "intake.DeadlineRestated.v1"],
        refusals: &[],
    };

    /// Nothing, if the dossier is decided or suspended, or lateness was recorded before.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let running = intake.clock_runs();
        let promised = intake.promised.as_ref().filter(|p| running && !p.foreseen && !p.missed);
        let Some((promise, foresee_at)) =
            promised.and_then(|one| Some((&one.promise, one.promise.foresee_at?)))
        else {
            return Ok(Decision::Nothing);
        };
        if facts.at < foresee_at {
            return Ok(Decision::Nothing);
        }
        let due_at = promise.due_at;
        let late_by_ms = late_by_ms(foresee_at, facts.at);
        Ok(Decision::event(LatenessForeseen { due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::law;

    #[test]
    fn lateness_is_foreseen_once_one_working_day_before() {
        let law = law();
        let mut scene = accepted(&law);
        assert!(scene.enforce("2026-11-27T23:59", &IntakeDeadline::Foresight).is_empty());
        assert_eq!(scene.enforce("2026-11-28T00:00", &IntakeDeadline::Foresight).len(), 1);
        assert!(scene.enforce("2026-11-28T08:00", &IntakeDeadline::Foresight).is_empty());
    }
}
