//! Intake receives the decision from review. The statutory clock stops at the instant at which the
//! decision was recorded, not when it was received. A miss that was recorded in between is
//! withdrawn if the decision was in time.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Intake, Stage, miss_deadline::unrecorded};
use crate::contract::{
    ClosedAs, DeadlineMissWithdrawn, DecidedBy, DossierClosed, DossierDecided, IntakeEvent, Outcome,
};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the dossier was decided.
#[derive(Debug, Clone, Copy)]
pub struct RecordDecision {
    pub outcome: Outcome,
    pub by: DecidedBy,
    /// When review recorded the decision.
    pub decided_at: Timestamp,
    /// The event that recorded the decision.
    pub cause: Uuid,
}

impl Command for RecordDecision {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "record_decision",
        basis: "61/2018/NĐ-CP Điều 19",
        may: &[],
        events: &[
            "intake.DossierDecided.v1",
            "intake.DeadlineMissed.v1",
            "intake.DeadlineMissWithdrawn.v1",
            "intake.DossierClosed.v1",
        ],
        refusals: &[],
    };

    /// Not yet, while intake has not recorded the acceptance; nothing, if the dossier has ended
    /// otherwise.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        match intake.stage() {
            Stage::Empty | Stage::Submitted => return Ok(Decision::NotYet),
            Stage::Decided | Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => {
                return Ok(Decision::Nothing);
            }
            Stage::Processing => {}
        }
        let Self { outcome, by, decided_at, cause } = *self;
        let mut events: Vec<IntakeEvent> = unrecorded(intake, decided_at).into_iter().collect();
        if let Some(promised) = intake.promised.as_ref().filter(|promised| promised.missed)
            && decided_at <= promised.promise.due_at
        {
            events.push(DeadlineMissWithdrawn { due_at: promised.promise.due_at, cause }.into());
        }
        let decision = DossierDecided { outcome, by, decided_at, brief: None };
        events.extend(decided(intake, decision, facts)?);
        Ok(events.into())
    }
}

/// The decision, and the closing of the dossier if its procedure has no result to deliver.
pub(super) fn decided(
    intake: &Intake,
    decision: DossierDecided,
    facts: &Facts<'_>,
) -> Result<Vec<IntakeEvent>, LawError> {
    let mut events = vec![decision.into()];
    if facts.rule()?.procedure.result.code.is_none() {
        let closed_as = ClosedAs::NoResult;
        let brief = intake.submission.as_ref().map(|submission| submission.brief.clone());
        let (accepted_at, accepted) = intake.acceptance();
        events.push(DossierClosed { closed_as, reason: None, accepted_at, accepted, brief }.into());
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::{Scene, at, law};

    fn decided(
        scene: &mut Scene<'_, Intake>,
        decided_at: &str,
        arrives: &str,
    ) -> Vec<&'static str> {
        let command = RecordDecision {
            outcome: Outcome::Approved,
            by: DecidedBy::Officers,
            decided_at: at(decided_at),
            cause: Uuid::nil(),
        };
        scene.take(arrives, Role::System, command).unwrap();
        scene.kinds()
    }

    #[test]
    fn a_decision_recorded_in_time_that_arrives_late_withdraws_the_miss() {
        let law = law();
        let mut scene = accepted(&law);
        scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        let kinds = decided(&mut scene, "2026-11-30T16:00", "2026-12-01T00:05");
        assert_eq!(kinds[2..], ["DeadlineMissed", "DeadlineMissWithdrawn", "DossierDecided"]);
        assert!(!scene.state.promised.unwrap().missed);
    }

    #[test]
    fn a_late_decision_that_is_faster_than_the_keeper_is_a_miss_all_the_same() {
        let law = law();
        let mut scene = accepted(&law);
        let kinds = decided(&mut scene, "2026-12-01T09:00", "2026-12-01T09:00");
        assert_eq!(kinds[2..], ["DeadlineMissed", "DossierDecided"]);
    }

    #[test]
    fn a_decision_after_the_deadline_leaves_the_miss_standing() {
        let law = law();
        let mut scene = accepted(&law);
        scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        let kinds = decided(&mut scene, "2026-12-01T09:00", "2026-12-01T09:00");
        assert_eq!(kinds[2..], ["DeadlineMissed", "DossierDecided"]);
        assert!(scene.state.promised.unwrap().missed);
    }
}
