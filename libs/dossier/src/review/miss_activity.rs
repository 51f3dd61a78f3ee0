//! An activity was not done in its time: recorded, and the officer goes on. The legal period is another matter.

use super::Review;
use crate::clock::late_by_ms;
use crate::contract::{ActivityOverdue, ReviewEvent};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "activity";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_activity",
    service: "review",
    basis: "01/2018/TT-VPCP Điều 13",
    may: &[],
    events: &["review.ActivityOverdue.v1", "review.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if no activity is due.
#[must_use]
pub fn decide(review: &Review, facts: &Facts<'_>) -> Vec<ReviewEvent> {
    let (Some(due), Some(officer)) = (&review.due, &review.officer) else { return Vec::new() };
    let due_at = due.running.due_at;
    if due_at > facts.at {
        return Vec::new();
    }
    let (activity, officer) = (due.activity.clone(), officer.clone());
    let late_by_ms = late_by_ms(due_at, facts.at);
    vec![ActivityOverdue { activity, officer, due_at, late_by_ms }.into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::claim_review::tests::claimed;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn an_activity_that_is_late_is_recorded_once_with_its_officer() {
        let law = law();
        let mut scene = claimed(&law);
        let step = |s: &Review, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        assert!(scene.step("2026-11-30T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-12-01T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-12-01T00:01", Role::System, step).unwrap().is_empty());
    }
}
