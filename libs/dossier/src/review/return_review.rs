//! An officer returns a dossier to the queue, with a reason. Where the rule of a unit assigns
//! reviews, it is assigned to another officer at once.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use super::giving::assigned_by_rule;
use crate::access::agency;
use crate::contract::{ReviewEvent, ReviewReturned, Role};
use crate::law::Loads;
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Returns a review to the queue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnReviewRequest)]
pub struct ReturnReview {
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
    /// The loads of the officers whom a rule considers, see [`weighed`](crate::law::weighed).
    #[serde(skip)]
    pub loads: Loads,
}

refusals! {
    /// Why a review cannot be returned.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
    }
}

impl Command for ReturnReview {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "return_review",
        basis: "61/2018/NĐ-CP Điều 19.1",
        may: &[agency(Role::Reviewer)],
        events: &["review.ReviewReturned.v1", "review.ReviewClaimed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() || !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let mut events = vec![ReviewReturned { reason: self.reason.personal() }.into()];
        if let Some(brief) = &review.brief {
            events.extend(assigned_by_rule(
                review,
                brief,
                facts,
                (review.officer.as_ref(), &self.loads),
            )?);
        }
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::ClaimReview;
    use crate::review::claim_review::tests::claimed;
    use crate::testing::law;

    #[test]
    fn what_was_put_back_can_be_claimed_again() {
        let law = law();
        let mut scene = claimed(&law);
        let back = ReturnReview { reason: "leave".into(), loads: Loads::default() };
        scene.execute("2026-11-20T12:00", Role::Reviewer, back.clone()).unwrap();
        let again = scene.execute("2026-11-20T12:00", Role::Reviewer, back);
        assert_eq!(again, Err(Refusal::NotYours));
        scene.execute("2026-11-20T13:00", Role::Reviewer, ClaimReview {}).unwrap();
    }
}
