//! One working day before the promised date nothing is decided: the written notice, the apology and
//! the new date are due now (form 04). Decree 61/2018/NĐ-CP, art. 19.9.

use super::miss_deadline::{MET_BY, is_held};
use super::restate_deadline::restated;
use super::{Intake, Stage};
use crate::clock::late_by_ms;
use crate::contract::{IntakeEvent, LatenessForeseen};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that one working day is left and nothing is decided.
#[derive(Debug, Clone, Copy)]
pub struct ForeseeLateness;

/// Kind of the obligation that this step enforces.
pub const KIND: &str = "foresee";

impl Command for ForeseeLateness {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "foresee_lateness",
        service: "intake",
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
        let running = intake.stage == Stage::Processing && !intake.is_suspended();
        if facts.elsewhere.iter().any(|e| MET_BY.contains(&&*e.kind)) {
            return Ok(Decision::Nothing);
        }
        let Some(promised) =
            intake.promised.as_ref().filter(|p| running && !p.foreseen && !p.missed)
        else {
            return Ok(Decision::Nothing);
        };
        let Some(foresee_at) = promised.promise.foresee_at.filter(|at| *at <= facts.at) else {
            return Ok(Decision::Nothing);
        };
        let due_at = promised.promise.due_at;
        if is_held(intake, due_at, facts)? {
            return Ok(Decision::Nothing);
        }
        let restated = restated(intake, facts)?;
        if !restated.is_empty() {
            return Ok(restated.into());
        }
        let late_by_ms = late_by_ms(foresee_at, facts.at);
        Ok(Decision::event(LatenessForeseen { due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::law;

    #[test]
    fn lateness_is_foreseen_once_one_working_day_before() {
        let law = law();
        let mut scene = accepted(&law);
        assert!(scene.take("2026-11-27T23:59", Role::System, ForeseeLateness).unwrap().is_empty());
        assert_eq!(scene.take("2026-11-28T00:00", Role::System, ForeseeLateness).unwrap().len(), 1);
        assert!(scene.take("2026-11-28T08:00", Role::System, ForeseeLateness).unwrap().is_empty());
    }
}
