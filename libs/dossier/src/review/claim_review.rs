//! An officer claims a dossier from the queue; the period of the first activity begins.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use super::giving::claimed;
use crate::access::agency;
use crate::contract::{ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Claims a dossier from the queue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimReviewRequest)]
pub struct ClaimReview {}

refusals! {
    /// Why a review cannot be claimed.
    pub enum Refusal {
        NotOpen => 409, "review-not-open",
            "hồ sơ không ở trạng thái thẩm định", "the dossier is not open for review";
        AlreadyClaimed => 409, "already-claimed",
            "hồ sơ đã có cán bộ thụ lý", "an officer has claimed the review already";
    }
}

impl Command for ClaimReview {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "claim_review",
        basis: "61/2018/NĐ-CP Điều 19.1",
        may: &[agency(Role::Reviewer)],
        events: &["review.ReviewClaimed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() {
            return Err(Refusal::NotOpen);
        }
        if review.officer.is_some() {
            return Err(Refusal::AlreadyClaimed);
        }
        Ok(Decision::event(claimed(review, facts, facts.actor.subject.clone())?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::review::open_review::tests::opened;
    use crate::testing::{Scene, at, law};

    pub(crate) fn claimed(law: &Law) -> Scene<'_, Review> {
        let mut scene = opened(law);
        scene.execute("2026-11-20T11:00", Role::Reviewer, ClaimReview {}).unwrap();
        scene
    }

    #[test]
    fn one_officer_claims_and_the_time_of_the_first_activity_runs() {
        let law = law();
        let mut scene = claimed(&law);
        let due = scene.state.due.clone().unwrap();
        assert_eq!(
            (due.activity.as_str(), due.running.due_at),
            ("appraisal", at("2026-12-01T00:00"))
        );
        let again = scene.execute("2026-11-20T12:00", Role::Reviewer, ClaimReview {});
        assert_eq!(again, Err(Refusal::AlreadyClaimed));
    }
}
