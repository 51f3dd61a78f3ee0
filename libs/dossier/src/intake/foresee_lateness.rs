//! One working day is left and nothing is decided: the written notice, the apology and the new date are due now (form
//! 04). Decree 61/2018/NĐ-CP, art. 19.9.

use super::{Intake, Stage, miss_deadline::MET_BY};
use crate::clock::late_by_ms;
use crate::contract::{IntakeEvent, LatenessForeseen};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "foresee";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "foresee_lateness",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 19.9",
    may: &[],
    events: &["intake.LatenessForeseen.v1"],
    refusals: &[],
};

/// Decides; nothing if the dossier is decided, suspended, or was foreseen to be late before.
#[must_use]
pub fn decide(intake: &Intake, facts: &Facts<'_>) -> Vec<IntakeEvent> {
    let running = intake.stage == Stage::Processing && !intake.is_suspended();
    if facts.elsewhere.iter().any(|e| MET_BY.contains(&&*e.kind)) {
        return Vec::new();
    }
    let Some(promised) = intake.promised.as_ref().filter(|p| running && !p.foreseen && !p.missed)
    else {
        return Vec::new();
    };
    match promised.promise.foresee_at {
        Some(foresee_at) if foresee_at <= facts.at => {
            let due_at = promised.promise.due_at;
            vec![LatenessForeseen { due_at, late_by_ms: late_by_ms(foresee_at, facts.at) }.into()]
        }
        Some(_) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn lateness_is_foreseen_once_one_working_day_before() {
        let law = law();
        let mut scene = accepted(&law);
        let step = |s: &Intake, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        assert!(scene.step("2026-11-27T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-11-28T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-11-28T08:00", Role::System, step).unwrap().is_empty());
    }
}
