//! An officer hands a dossier over to a colleague (form 06, Phiếu kiểm soát quá trình giải quyết hồ
//! sơ).

use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use super::giving::give;
use crate::access::agency;
use crate::contract::{ReviewEvent, Role, Subject};
use crate::law::refusals_of_assignment;
use crate::step::{Command, Decision, Facts, Step};
use crate::text::{Line, Text};

/// Hands a review over to a colleague.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandOverReviewRequest)]
pub struct HandOverReview {
    /// The colleague: the subject of their token.
    pub to: Line<200>,
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
}

refusals_of_assignment! {
    /// Why a review cannot be handed over.
    pub enum Refusal for "/to" or party {
        NotOpen => 409, "review-not-open",
            "hồ sơ không ở trạng thái thẩm định", "the dossier is not open for review";
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        AlreadyTheirs => 409, "already-claimed",
            "hồ sơ đã có cán bộ thụ lý", "an officer has claimed the review already";
    }
}

impl Command for HandOverReview {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "hand_over_review",
        basis: "03/2025/TT-VPCP Mẫu 06",
        may: &[agency(Role::Reviewer), agency(Role::Approver)],
        events: &["review.ReviewHandedOver.v1", "review.ReviewClaimed.v1"],
        refusals: Refusal::ALL,
    };

    /// An approver may hand over any review, other officers only their own.
    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() {
            return Err(Refusal::NotOpen);
        }
        if facts.actor.role != Role::Approver && !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let to = Subject::from(&*self.to.0);
        if review.is_with(&to) {
            return Err(Refusal::AlreadyTheirs);
        }
        give(review, facts, (to, self.reason.personal()), (Refusal::Party, Refusal::Several))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::tests::claimed;
    use crate::testing::law;

    fn to(colleague: &str) -> HandOverReview {
        HandOverReview { to: colleague.into(), reason: "leave".into() }
    }

    #[test]
    fn the_colleague_works_on_it_then_and_the_time_goes_on() {
        let law = law();
        let mut scene = claimed(&law);
        let due = scene.state.due.clone();
        scene.execute("2026-11-20T12:00", Role::Reviewer, to("r2")).unwrap();
        assert!(scene.state.is_with(&"r2".into()));
        assert_eq!(scene.state.due, due);
        let again = scene.execute("2026-11-20T12:00", Role::Reviewer, to("r2"));
        assert_eq!(again, Err(Refusal::NotYours));
    }

    #[test]
    fn nobody_is_handed_a_dossier_of_their_own() {
        let law = law();
        let mut scene = claimed(&law);
        let applicant = scene.state.brief.as_ref().unwrap().applicant.clone();
        let refused = scene.execute("2026-11-20T12:00", Role::Reviewer, to(applicant.as_str()));
        assert_eq!(refused, Err(Refusal::Party));
    }
}
