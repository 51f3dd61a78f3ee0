//! Intake receives the decision from review. The statutory clock stops at the instant at which the
//! decision was recorded, not when it was received. A miss that was recorded in between is
//! withdrawn if the decision was in time.

use jiff::Timestamp;
use uuid::Uuid;

use super::transfer_dossier::transferred;
use super::{Intake, Stage, miss_deadline::unrecorded};
use crate::contract::{
    Brief, ClosedAs, DeadlineMissWithdrawn, DecidedBy, DecisionMade, DossierClosed, DossierDecided,
    DossierTransferred, IntakeEvent, Outcome, PaperIssued, Personal,
};
use crate::law::Law;
use crate::papers;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the dossier was decided.
#[derive(Debug, Clone)]
pub struct RecordDecision {
    pub outcome: Outcome,
    pub by: DecidedBy,
    /// When review recorded the decision.
    pub decided_at: Timestamp,
    /// The event that recorded the decision.
    pub cause: Uuid,
    /// The brief of the decision; `None` if it was made under the present one.
    pub brief: Option<Brief>,
    /// The written reason, which the letter prints.
    pub reason: Option<Personal<String>>,
}

impl Command for RecordDecision {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "record_decision",
        basis: "61/2018/NĐ-CP Điều 19",
        may: &[],
        events: &[
            "intake.DossierTransferred.v1",
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
        let Self { outcome, by, decided_at, cause, .. } = *self;
        let mut events: Vec<IntakeEvent> = unrecorded(intake, decided_at).into_iter().collect();
        if let Some(promised) = intake.promised.as_ref().filter(|promised| promised.missed)
            && decided_at <= promised.promise.due_at
        {
            events.push(DeadlineMissWithdrawn { due_at: promised.promise.due_at, cause }.into());
        }
        let paper = self.letter(intake, facts.law);
        let decision = DossierDecided { outcome, by, decided_at, brief: None, paper };
        let undone = self.undone(intake, facts)?;
        let brief = undone.as_ref().map(|undone| undone.brief.clone());
        events.extend(undone.map(IntakeEvent::from));
        events.extend(decided(intake, brief, decision, facts)?);
        Ok(events.into())
    }
}

impl RecordDecision {
    /// The record of the letter with the decision.
    fn letter(&self, intake: &Intake, law: &Law) -> Option<PaperIssued> {
        let present = intake.submission.as_ref().map(|submission| &submission.brief);
        let brief = self.brief.as_ref().or(present)?.clone();
        let Self { outcome, by, reason, .. } = self.clone();
        let decision = DecisionMade { brief, outcome, by, reason };
        papers::letter_record(&decision, self.decided_at, intake, law)
    }

    /// The transfer back to the agency that decided, if it did not know yet that the dossier had
    /// been transferred: it was competent when it decided, so the decision is valid.
    fn undone(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Option<DossierTransferred>, LawError> {
        let (Some(decided), Some(submission)) = (&self.brief, &intake.submission) else {
            return Ok(None);
        };
        if decided.agency == submission.brief.agency {
            return Ok(None);
        }
        let (agency, receiver) = (decided.agency.clone(), decided.receiver.clone());
        let brief = Brief { agency, receiver, ..submission.brief.clone() };
        transferred(intake, facts, brief, (None, Some(self.cause))).map(Some)
    }
}

/// The decision, and the closing of the dossier if its procedure has no result to deliver. `brief`
/// replaces the one in force.
pub(super) fn decided(
    intake: &Intake,
    brief: Option<Brief>,
    decision: DossierDecided,
    facts: &Facts<'_>,
) -> Result<Vec<IntakeEvent>, LawError> {
    let mut events = vec![decision.into()];
    if facts.rule()?.procedure.result.code.is_none() {
        let closed_as = ClosedAs::NoResult;
        let in_force = || intake.submission.as_ref().map(|submission| submission.brief.clone());
        let brief = brief.or_else(in_force);
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
            brief: None,
            reason: None,
        };
        scene.execute(arrives, Role::System, command).unwrap();
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
    fn a_decision_made_before_the_transfer_was_known_is_valid_and_undoes_it() {
        use crate::intake::transfer_dossier::tests::{hanoi, to};

        let law = hanoi();
        let mut scene = accepted(&law);
        let brief = scene.state.submission.as_ref().unwrap().brief.clone();
        scene.execute("2026-11-23T09:00", Role::Clerk, to("H26.14.1")).unwrap();
        let command = RecordDecision {
            outcome: Outcome::Approved,
            by: DecidedBy::Officers,
            decided_at: at("2026-11-23T08:59"),
            cause: Uuid::from_u128(9),
            brief: Some(brief.clone()),
            reason: None,
        };
        scene.execute("2026-11-23T09:01", Role::System, command).unwrap();
        assert_eq!(
            scene.kinds()[2..],
            ["DossierTransferred", "DossierTransferred", "DossierDecided"]
        );
        assert_eq!(scene.state.submission.as_ref().unwrap().brief, brief);
        let IntakeEvent::DossierTransferred(undone) = &scene.events[3] else { panic!() };
        assert_eq!((undone.reason.as_ref(), undone.undone_by), (None, Some(Uuid::from_u128(9))));
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
