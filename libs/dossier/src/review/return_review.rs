//! An officer puts a dossier back into the queue, with a reason.

use super::Review;
use crate::access::agency;
use crate::contract::{Personal, ReviewEvent, ReviewReturned, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "return_review",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.1",
    may: &[agency(Role::Reviewer)],
    events: &["review.ReviewReturned.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a review cannot be put back.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer who works on it";
    }
}

/// Decides.
pub fn decide(
    review: &Review,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    if !review.is_open() || !review.is_with(&facts.actor.subject) {
        return Err(Refusal::NotYours);
    }
    Ok(vec![ReviewReturned { reason: Personal::from(reason) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::{self, tests::claimed};
    use crate::testing::law;

    #[test]
    fn what_was_put_back_can_be_claimed_again() {
        let law = law();
        let mut scene = claimed(&law);
        let back = |s: &Review, f: &Facts<'_>| decide(s, "leave".to_owned(), f);
        scene.step("2026-11-20T12:00", Role::Reviewer, back).unwrap();
        let again = scene.step("2026-11-20T12:00", Role::Reviewer, back);
        assert_eq!(again, Err(Refusal::NotYours));
        scene.step("2026-11-20T13:00", Role::Reviewer, claim_review::decide).unwrap();
    }
}
