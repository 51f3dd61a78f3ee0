//! A complaint was not classified, forwarded, answered or published in time. The miss stays on
//! record; it can still be done. Decree 20/2008/NĐ-CP, art. 9; Circular 11/2014/TT-BCT.

use super::{Complaint, Due, end_of};
use crate::clock::late_by_ms;
use crate::contract::{ComplaintEvent, ComplaintOverdue};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a complaint was not handled in time.
#[derive(Debug, Clone, Copy)]
pub struct MissComplaintDeadline;

impl Command for MissComplaintDeadline {
    type State = Complaint;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_complaint_deadline",
        basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT",
        may: &[],
        events: &["feedback.ComplaintOverdue.v1", "feedback.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if nothing is due.
    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, LawError> {
        let due = complaint.due().filter(|due| !due.missed && due.running.due_at <= facts.at);
        let Some(Due { what, running, .. }) = due else { return Ok(Decision::Nothing) };
        let (due_at, stage) = (running.due_at, what.as_str().to_owned());
        let late_by_ms = late_by_ms(due_at, facts.at);
        let after = facts.law.complaints().and_then(|rules| rules.escalate_after);
        let escalates_at = match (after, complaint.agency()) {
            (Some(after), Some(agency)) => Some(end_of(facts, (agency, due_at), |_| after)?),
            _ => None,
        };
        Ok(Decision::event(ComplaintOverdue { stage, due_at, late_by_ms, escalates_at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintClass, Role, RulesKind};
    use crate::feedback::classify_complaint::tests::classify;
    use crate::feedback::file_complaint::tests::filed;
    use crate::testing::{at, law};

    #[test]
    fn a_missed_complaint_is_escalated_at_once_or_after_the_period_of_the_rules() {
        let mut law = law();
        let due = at("2026-12-01T00:00");
        let mut scene = filed(&law);
        scene.execute("2026-12-01T00:00", Role::System, MissComplaintDeadline).unwrap();
        assert_eq!(scene.state.escalates_at(), Some(due));
        let shipped = include_str!("../../procedures/complaints_2.yaml");
        let later = crate::law::next_version(shipped).replacen(
            "publish:",
            "escalate_after: { amount: 2, unit: working_days }\npublish:",
            1,
        );
        let issued = crate::law::rules(RulesKind::Complaints, "complaints", &later).unwrap();
        law.apply(&issued, None).unwrap();
        let mut scene = filed(&law);
        assert_eq!(scene.state.escalates_at(), None);
        scene.execute("2026-12-01T00:00", Role::System, MissComplaintDeadline).unwrap();
        assert_eq!(scene.state.escalates_at(), Some(at("2026-12-04T00:00")));
        assert!(!scene.state.is_escalated(at("2026-12-03T23:59")));
        assert!(scene.state.is_escalated(at("2026-12-04T00:00")));
        // Once it is classified, nothing is missed any more.
        let conduct = classify(ComplaintClass::ConductOrDelay);
        scene.execute("2026-12-04T09:00", Role::ComplaintHandler, conduct).unwrap();
        assert_eq!(scene.state.escalates_at(), None);
    }

    #[test]
    fn a_complaint_that_nobody_looked_at_is_recorded_once_and_can_still_be_classified() {
        let law = law();
        let mut scene = filed(&law);
        let mut missed = |at| scene.execute(at, Role::System, MissComplaintDeadline).unwrap().len();
        assert_eq!(missed("2026-11-30T23:59"), 0);
        assert_eq!(missed("2026-12-01T00:00"), 1);
        assert_eq!(missed("2026-12-01T00:01"), 0);
        let conduct = classify(ComplaintClass::ConductOrDelay);
        scene.execute("2026-12-01T09:00", Role::ComplaintHandler, conduct).unwrap();
    }
}
