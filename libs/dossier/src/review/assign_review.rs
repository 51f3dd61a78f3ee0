//! An approver, or the head of a unit, assigns a review to an officer. One that is claimed already
//! is handed over, also while it is paused or a proposal waits: so the work of an absent officer is
//! redistributed.

use serde::Deserialize;
use utoipa::ToSchema;

use super::giving::give;
use super::{Review, Stage};
use crate::access::agency;
use crate::contract::{Brief, ReviewEvent, Role, Subject};
use crate::law::{is_head_over, refusals_of_assignment};
use crate::step::{Command, Decision, Facts, Step};
use crate::text::{Line, Text};

/// Assigns a review to an officer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignReviewRequest)]
pub struct AssignReview {
    /// The officer: the subject of the officer's tokens.
    #[schema(example = "reviewer-2")]
    pub to: Line<200>,
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
}

refusals_of_assignment! {
    /// Why a review cannot be assigned.
    pub enum Refusal for "/to" or party {
        NotOpen => 409, "review-not-open",
            "hồ sơ không ở trạng thái thẩm định", "the dossier is not open for review";
        NotYourUnit => 409, "not-your-unit",
            "cán bộ hoặc hồ sơ không thuộc đơn vị do bạn phụ trách",
            "the officer or the review is not of a unit that you head";
        AlreadyTheirs => 409, "already-claimed",
            "hồ sơ đã có cán bộ thụ lý", "an officer has claimed the review already";
    }
}

impl Command for AssignReview {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "assign_review",
        basis: "61/2018/NĐ-CP Điều 19.1",
        may: &[agency(Role::Approver), agency(Role::Reviewer)],
        events: &["review.ReviewClaimed.v1", "review.ReviewHandedOver.v1"],
        refusals: Refusal::ALL,
    };

    /// An approver may assign any review; a reviewer, as the head of a unit, those of its officers
    /// and unclaimed ones.
    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        let possible = match review.stage {
            Stage::Open => true,
            Stage::Paused(_) | Stage::Proposed(_) => review.officer.is_some(),
            Stage::Empty | Stage::Decided(_) | Stage::Cancelled => false,
        };
        let Some(brief) = review.brief.as_ref().filter(|_| possible) else {
            return Err(Refusal::NotOpen);
        };
        let to = Subject::from(&*self.to.0);
        if facts.actor.role != Role::Approver && !heads(review, brief, facts, &to) {
            return Err(Refusal::NotYourUnit);
        }
        if review.is_with(&to) {
            return Err(Refusal::AlreadyTheirs);
        }
        give(review, facts, (to, self.reason.personal()), (Refusal::Party, Refusal::Several))
    }
}

/// Whether the actor heads the unit of `to`, and of the officer in charge if there is one.
fn heads(review: &Review, brief: &Brief, facts: &Facts<'_>, to: &Subject) -> bool {
    let head = &facts.actor.subject;
    let mut officers = review.officer.iter().chain([to]);
    officers.all(|officer| is_head_over(facts.law, brief, (head, officer), facts.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Assigned, AssignmentRule};
    use crate::directory::record_absence::tests::absent;
    use crate::directory::record_officer::tests::{NOW, officer, staffed, with};
    use crate::law::Law;
    use crate::law::Loads;
    use crate::payment::assess_fee::tests::brief;
    use crate::review::claim_review::ClaimReview;
    use crate::review::complete_activity::CompleteActivity;
    use crate::review::hand_over_review::HandOverReview;
    use crate::review::open_review::tests::open;
    use crate::review::return_review::ReturnReview;
    use crate::step::Refuse;
    use crate::testing::{Scene, law};

    /// The law with a directory of three reviewers and an approver; `r1` heads the unit, and is
    /// absent from 23 to 25 November with `r2` as the deputy.
    fn office(rule: AssignmentRule) -> Law {
        let plain = law();
        let mut scene = staffed(&plain, &["r1", "r2", "r3"], rule);
        scene.execute(NOW, Role::Operator, officer("head", "origin", &[Role::Approver])).unwrap();
        scene.execute(NOW, Role::Operator, absent("r1", Some("r2"))).unwrap();
        with(&scene)
    }

    /// A certificate of origin that reaches the unit.
    fn opened(law: &Law) -> Scene<'_, Review> {
        let brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        open(&mut scene, &brief);
        scene
    }

    fn to(officer: &str) -> AssignReview {
        AssignReview { to: officer.into(), reason: "absence".into() }
    }

    const FRIDAY: &str = "2026-11-20T11:00";
    const MONDAY: &str = "2026-11-23T09:00";

    fn claimed_by<'a>(law: &'a Law, officer: &'static str) -> Scene<'a, Review> {
        let mut scene = opened(law);
        scene.subject = officer;
        scene.execute(FRIDAY, Role::Reviewer, ClaimReview {}).unwrap();
        scene
    }

    #[test]
    fn an_approver_assigns_an_unclaimed_review_and_its_time_begins() {
        let law = office(AssignmentRule::None);
        let mut scene = opened(&law);
        scene.subject = "head";
        scene.execute(FRIDAY, Role::Approver, to("r3")).unwrap();
        assert!(scene.state.is_with(&"r3".into()) && scene.state.due.is_some());
        let Some(ReviewEvent::ReviewClaimed(claim)) = scene.events.last() else { panic!() };
        assert_eq!(claim.assigned, Some(Assigned::Officer));
        assert_eq!(scene.execute(FRIDAY, Role::Approver, to("r3")), Err(Refusal::AlreadyTheirs));
    }

    #[test]
    fn a_head_assigns_within_the_unit_and_nobody_else_does() {
        let law = office(AssignmentRule::None);
        let mut scene = opened(&law);
        scene.subject = "r2";
        assert_eq!(scene.execute(FRIDAY, Role::Reviewer, to("r3")), Err(Refusal::NotYourUnit));
        scene.subject = "r1";
        assert_eq!(scene.execute(FRIDAY, Role::Reviewer, to("nobody")), Err(Refusal::NotYourUnit));
        scene.execute(FRIDAY, Role::Reviewer, to("r3")).unwrap();
        scene.execute(FRIDAY, Role::Reviewer, to("r2")).unwrap();
        assert!(scene.state.is_with(&"r2".into()));
    }

    #[test]
    fn an_absent_officer_is_given_nothing_and_the_deputy_is_proposed() {
        let law = office(AssignmentRule::None);
        let mut scene = claimed_by(&law, "r3");
        let hand = HandOverReview { to: "r1".into(), reason: "leave".into() };
        let refused = scene.execute(MONDAY, Role::Reviewer, hand.clone()).unwrap_err();
        assert_eq!(refused.entry().code, "officer-absent");
        let said = refused.subject().unwrap().en;
        assert_eq!(said, "until the end of 25 November 2026; the deputy is r2 (Trần Thị B)");
        scene.execute("2026-11-26T09:00", Role::Reviewer, hand).unwrap();
    }

    #[test]
    fn only_an_officer_of_the_directory_who_reviews_is_given_a_review() {
        let law = office(AssignmentRule::None);
        let mut scene = claimed_by(&law, "r3");
        let mut refused = |officer| {
            let refused = scene.execute(MONDAY, Role::Approver, to(officer)).unwrap_err();
            refused.entry().code
        };
        assert_eq!(refused("nobody-here"), "unknown-officer");
        assert_eq!(refused("head"), "officer-lacks-role");
    }

    #[test]
    fn a_deputy_works_for_the_absent_officer_and_for_nobody_else() {
        let law = office(AssignmentRule::None);
        let mut scene = claimed_by(&law, "r1");
        let complete = CompleteActivity { activity: "appraisal".into(), note: None };
        scene.subject = "r2";
        assert!(scene.execute("2026-11-20T12:00", Role::Reviewer, complete.clone()).is_err());
        scene.subject = "r3";
        assert!(scene.execute(MONDAY, Role::Reviewer, complete.clone()).is_err());
        scene.subject = "r2";
        scene.execute(MONDAY, Role::Reviewer, complete).unwrap();
        let (_, meta) = scene.recorded().last().unwrap();
        assert_eq!(meta.envelope.actor.deputy_for, Some("r1".into()));
        assert!(scene.state.is_with(&"r1".into()), "the review stays with the absent officer");
    }

    #[test]
    fn a_review_that_a_deputy_returns_is_assigned_neither_to_the_deputy_nor_to_the_absent_officer()
    {
        let law = office(AssignmentRule::Spread);
        let mut scene = opened(&law);
        if !scene.state.is_with(&"r1".into()) {
            scene.subject = "head";
            scene.execute(FRIDAY, Role::Approver, to("r1")).unwrap();
        }
        let back = ReturnReview { reason: "not mine".into(), loads: Loads::default() };
        scene.subject = "r2";
        scene.execute(MONDAY, Role::Reviewer, back.clone()).unwrap();
        assert!(scene.state.is_with(&"r3".into()));
        scene.subject = "r3";
        scene.execute(MONDAY, Role::Reviewer, back).unwrap();
        assert_eq!(scene.state.officer, None);
    }

    #[test]
    fn a_review_is_assigned_when_it_opens_and_again_to_another_officer_when_it_is_returned() {
        let law = office(AssignmentRule::Spread);
        let mut scene = opened(&law);
        assert_eq!(scene.kinds(), ["ReviewOpened", "ReviewClaimed"]);
        assert!(scene.state.due.is_some());
        let mut had = Vec::new();
        for _ in 0..3 {
            let officer = scene.state.officer.clone().unwrap();
            assert!(!had.contains(&officer), "{officer} has returned it");
            scene.subject =
                ["r1", "r2", "r3"].into_iter().find(|r| officer == (*r).into()).unwrap();
            had.push(officer);
            let back = ReturnReview { reason: "not mine".into(), loads: Loads::default() };
            scene.execute("2026-11-20T12:00", Role::Reviewer, back).unwrap();
        }
        assert_eq!(scene.state.officer, None, "everybody has returned it");
    }
}
