//! A complaint was not classified, forwarded, answered or published in time. The miss stays on
//! record; it can still be done. Decree 20/2008/NĐ-CP, art. 9; Circular 11/2014/TT-BCT.

use super::{Complaint, Due};
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
        let overdue = due.map(|Due { what, running, .. }| {
            let (due_at, stage) = (running.due_at, what.as_str().to_owned());
            ComplaintOverdue { stage, due_at, late_by_ms: late_by_ms(due_at, facts.at) }.into()
        });
        Ok(overdue.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintClass, Role};
    use crate::feedback::classify_complaint::tests::classify;
    use crate::feedback::file_complaint::tests::filed;
    use crate::testing::law;

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
