//! A complaint was not classified, answered or published in time: recorded for ever; it can still be done.
//! Decree 20/2008/NĐ-CP, art. 9; Circular 11/2014/TT-BCT.

use super::{Complaint, Due};
use crate::clock::late_by_ms;
use crate::contract::{ComplaintEvent, ComplaintOverdue};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "complaint";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_complaint_deadline",
    service: "feedback",
    basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT",
    may: &[],
    events: &["feedback.ComplaintOverdue.v1", "feedback.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if nothing is due.
#[must_use]
pub fn decide(complaint: &Complaint, facts: &Facts<'_>) -> Vec<ComplaintEvent> {
    let due = complaint.due.filter(|due| due.running.due_at <= facts.at);
    let overdue = due.map(|Due { what, running }| {
        let (due_at, stage) = (running.due_at, what.as_str().to_owned());
        ComplaintOverdue { stage, due_at, late_by_ms: late_by_ms(due_at, facts.at) }.into()
    });
    overdue.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintClass, Role};
    use crate::feedback::classify_complaint;
    use crate::feedback::file_complaint::tests::filed;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn a_complaint_that_nobody_looked_at_is_recorded_once_and_can_still_be_classified() {
        let law = law();
        let mut scene = filed(&law);
        let step = |s: &Complaint, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        assert!(scene.step("2026-11-30T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-12-01T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-12-01T00:01", Role::System, step).unwrap().is_empty());
        let class = ComplaintClass::ConductOrDelay;
        scene
            .step("2026-12-01T09:00", Role::ComplaintHandler, |s, f| {
                classify_complaint::decide(s, class, None, f)
            })
            .unwrap();
    }
}
