//! An officer hands a dossier to a colleague (form 06, Phiếu kiểm soát quá trình giải quyết hồ sơ).

use super::Review;
use crate::access::agency;
use crate::contract::{Personal, ReviewEvent, ReviewHandedOver, Role, Subject};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "hand_over_review",
    service: "review",
    basis: "03/2025/TT-VPCP Mẫu 06",
    may: &[agency(Role::Reviewer), agency(Role::Approver)],
    events: &["review.ReviewHandedOver.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a review cannot be handed over.
    pub enum Refusal {
        NotOpen => 409, "review-not-open",
            "hồ sơ không ở trạng thái thẩm định", "the dossier is not open for review";
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer who works on it";
        AlreadyTheirs => 409, "already-claimed",
            "cán bộ này đang thụ lý hồ sơ", "this officer works on it already";
        Party => 422, "officer-is-a-party",
            "cán bộ này là người nộp hoặc đại diện nộp hồ sơ",
            "this officer is the applicant or filed it for the applicant";
    }
}

/// Decides. The head of the unit may hand over anybody's.
pub fn decide(
    review: &Review,
    to: Subject,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    if !review.is_open() {
        return Err(Refusal::NotOpen);
    }
    if facts.actor.role != Role::Approver && !review.is_with(&facts.actor.subject) {
        return Err(Refusal::NotYours);
    }
    if review.brief.as_ref().is_some_and(|brief| brief.is_party(&to)) {
        return Err(Refusal::Party);
    }
    if review.is_with(&to) {
        return Err(Refusal::AlreadyTheirs);
    }
    Ok(vec![ReviewHandedOver { to, reason: Personal::from(reason) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::tests::claimed;
    use crate::testing::law;

    #[test]
    fn the_colleague_works_on_it_then_and_the_time_goes_on() {
        let law = law();
        let mut scene = claimed(&law);
        let due = scene.state.due.clone();
        let over = |s: &Review, f: &Facts<'_>| decide(s, "r2".into(), "leave".to_owned(), f);
        scene.step("2026-11-20T12:00", Role::Reviewer, over).unwrap();
        assert!(scene.state.is_with(&"r2".into()));
        assert_eq!(scene.state.due, due);
        let again = scene.step("2026-11-20T12:00", Role::Reviewer, over);
        assert_eq!(again, Err(Refusal::NotYours));
    }

    #[test]
    fn nobody_is_handed_a_dossier_of_their_own() {
        let law = law();
        let mut scene = claimed(&law);
        let applicant = scene.state.brief.as_ref().unwrap().applicant.clone();
        let over = |s: &Review, f: &Facts<'_>| decide(s, applicant.clone(), "x".to_owned(), f);
        let refused = scene.step("2026-11-20T12:00", Role::Reviewer, over);
        assert_eq!(refused, Err(Refusal::Party));
    }
}
