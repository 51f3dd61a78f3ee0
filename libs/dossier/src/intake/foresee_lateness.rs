//! One working day is left and nothing is decided: the written notice, the apology and the new date are due now (form
//! 04). Decree 61/2018/NĐ-CP, art. 19.9.

use super::miss_deadline::{MET_BY, is_held};
use super::{Intake, Stage, restate_deadline};
use crate::clock::late_by_ms;
use crate::contract::{IntakeEvent, LatenessForeseen};
use crate::step::{Facts, LawError, Step};

/// The obligation that leads here.
pub const KIND: &str = "foresee";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "foresee_lateness",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 19.9",
    may: &[],
    events: &["intake.LatenessForeseen.v1", "intake.DeadlineRestated.v1"],
    refusals: &[],
};

/// Decides; nothing if the dossier is decided, suspended, or was foreseen to be late before.
pub fn decide(intake: &Intake, facts: &Facts<'_>) -> Result<Vec<IntakeEvent>, LawError> {
    let running = intake.stage == Stage::Processing && !intake.is_suspended();
    if facts.elsewhere.iter().any(|e| MET_BY.contains(&&*e.kind)) {
        return Ok(Vec::new());
    }
    let Some(promised) = intake.promised.as_ref().filter(|p| running && !p.foreseen && !p.missed)
    else {
        return Ok(Vec::new());
    };
    let Some(foresee_at) = promised.promise.foresee_at.filter(|at| *at <= facts.at) else {
        return Ok(Vec::new());
    };
    let due_at = promised.promise.due_at;
    if is_held(intake, due_at, facts)? {
        return Ok(Vec::new());
    }
    let restated = restate_deadline::decide(intake, facts)?;
    if !restated.is_empty() {
        return Ok(restated);
    }
    let late_by_ms = late_by_ms(foresee_at, facts.at);
    Ok(vec![LatenessForeseen { due_at, late_by_ms }.into()])
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
        assert!(scene.step("2026-11-27T23:59", Role::System, decide).unwrap().is_empty());
        assert_eq!(scene.step("2026-11-28T00:00", Role::System, decide).unwrap().len(), 1);
        assert!(scene.step("2026-11-28T08:00", Role::System, decide).unwrap().is_empty());
    }
}
