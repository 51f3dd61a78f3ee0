//! The period has passed without a decision: recorded for ever, whatever comes after. Where the law makes something of
//! the agency's silence, the dossier is thereby decided (for example Decree 137/2026/NĐ-CP, art. 27.5).
//!
//! There is no false miss: what other services recorded in time counts, even if it has not arrived here yet.

use jiff::Timestamp;

use super::{Intake, Stage};
use crate::clock::late_by_ms;
use crate::contract::{DeadlineMissed, DecidedBy, DossierDecided, IntakeEvent};
use crate::step::{Facts, LawError, Step};

/// The obligation that leads here.
pub const KIND: &str = "deadline";

/// Kinds of events in other services that meet the deadline.
pub const MET_BY: &[&str] = &["review.DecisionMade.v1"];

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_deadline",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 19; 137/2026/NĐ-CP Điều 27.5",
    may: &[],
    events: &["intake.DeadlineMissed.v1", "intake.DossierDecided.v1"],
    refusals: &[],
};

/// Decides; nothing if the deadline was met, is suspended, or was missed before.
pub fn decide(intake: &Intake, facts: &Facts<'_>) -> Result<Vec<IntakeEvent>, LawError> {
    let running = intake.stage == Stage::Processing && !intake.is_suspended();
    let Some(promised) = intake.promised.as_ref().filter(|p| running && !p.missed) else {
        return Ok(Vec::new());
    };
    let due_at = promised.promise.due_at;
    if facts.at < due_at {
        return Ok(Vec::new());
    }
    let met = facts.elsewhere.iter().any(|e| MET_BY.contains(&&*e.kind) && e.at <= due_at);
    if met {
        return Ok(Vec::new());
    }
    let missed = DeadlineMissed { due_at, late_by_ms: late_by_ms(due_at, facts.at) };
    let mut events = vec![missed.into()];
    if let Some(outcome) = facts.rule()?.procedure.clock.silence {
        let by = DecidedBy::Silence;
        events.push(DossierDecided { outcome, by, decided_at: due_at }.into());
    }
    Ok(events)
}

/// The miss that was not recorded yet when something else ended or stopped the clock at `ended_at`: it must not depend on
/// whether the keeper or that something was faster.
pub(super) fn unrecorded(intake: &Intake, ended_at: Timestamp) -> Option<IntakeEvent> {
    let running = intake.stage == Stage::Processing && !intake.is_suspended();
    let promised = intake.promised.as_ref().filter(|promised| running && !promised.missed)?;
    let due_at = promised.promise.due_at;
    (ended_at > due_at)
        .then(|| DeadlineMissed { due_at, late_by_ms: late_by_ms(due_at, ended_at) }.into())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::intake::request_supplement::tests::asked;
    use crate::step::Elsewhere;
    use crate::testing::{at, law};

    #[test]
    fn a_deadline_is_missed_at_its_instant_and_once() {
        let law = law();
        let mut scene = accepted(&law);
        assert!(scene.step("2026-11-30T23:59", Role::System, decide).unwrap().is_empty());
        let events = scene.step("2026-12-01T00:00", Role::System, decide).unwrap();
        let due_at = at("2026-12-01T00:00");
        assert_eq!(events, [DeadlineMissed { due_at, late_by_ms: 0 }.into()]);
        assert!(scene.step("2026-12-02T00:00", Role::System, decide).unwrap().is_empty());
    }

    #[test]
    fn a_decision_that_was_recorded_in_time_and_has_not_arrived_keeps_the_deadline() {
        let law = law();
        let mut scene = accepted(&law);
        scene.elsewhere.push(Elsewhere {
            id: Uuid::nil(),
            kind: MET_BY[0].to_owned(),
            data: String::new(),
            at: at("2026-11-30T16:59"),
        });
        assert!(scene.step("2026-12-01T00:00", Role::System, decide).unwrap().is_empty());
    }

    #[test]
    fn a_clock_that_stands_still_misses_nothing() {
        let law = law();
        let mut scene = accepted(&law);
        asked(&mut scene, "2026-11-26T10:00").unwrap();
        assert!(scene.step("2026-12-02T00:00", Role::System, decide).unwrap().is_empty());
    }
}
