//! An activity was not completed in time: the miss is recorded, and the officer continues. It does
//! not affect the statutory period.

use super::Review;
use crate::clock::late_by_ms;
use crate::contract::{ActivityOverdue, ReviewEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that an activity was not completed in time.
#[derive(Debug, Clone, Copy)]
pub struct MissActivity;

impl Command for MissActivity {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_activity",
        basis: "01/2018/TT-VPCP Điều 13",
        may: &[],
        events: &["review.ActivityOverdue.v1", "review.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Nothing, if no activity is due.
    fn decide(
        &self,
        review: &Review,
        facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        let (Some(due), Some(officer)) = (&review.due, &review.officer) else {
            return Ok(Decision::Nothing);
        };
        let due_at = due.running.due_at;
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let (activity, officer) = (due.activity.clone(), officer.clone());
        let late_by_ms = late_by_ms(due_at, facts.at);
        Ok(Decision::event(ActivityOverdue { activity, officer, due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::claim_review::tests::claimed;
    use crate::testing::law;

    #[test]
    fn an_activity_that_is_late_is_recorded_once_with_its_officer() {
        let law = law();
        let mut scene = claimed(&law);
        assert!(scene.execute("2026-11-30T23:59", Role::System, MissActivity).unwrap().is_empty());
        assert_eq!(scene.execute("2026-12-01T00:00", Role::System, MissActivity).unwrap().len(), 1);
        assert!(scene.execute("2026-12-01T00:01", Role::System, MissActivity).unwrap().is_empty());
    }
}
