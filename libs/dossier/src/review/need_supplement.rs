//! The reviewer needs a supplement. The one-stop unit requests it from the applicant; the review is
//! paused meanwhile. Decree 61/2018/NĐ-CP, art. 19.4.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use crate::access::agency;
use crate::contract::{ComponentCode, ReviewEvent, Role, SupplementNeeded};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};
use crate::text::{List, Text};

/// States what is missing in a dossier.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NeedSupplementRequest)]
pub struct NeedSupplement {
    /// The codes of the missing components, as the procedure defines them; empty if only the form
    /// is wrong.
    #[schema(value_type = Vec<ComponentCode>, max_items = 100)]
    pub components: List<ComponentCode, 100>,
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
}

refusals! {
    /// Why a supplement cannot be requested.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        UnknownComponent(Known) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure has no such component";
    }
}

impl Command for NeedSupplement {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "need_supplement",
        basis: "61/2018/NĐ-CP Điều 19.4",
        may: &[agency(Role::Reviewer)],
        events: &["review.SupplementNeeded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() || !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let mut wrong = Collected::after(Reasons::default());
        for (place, unknown) in
            Known::unknown_components(facts.rule()?.procedure, &*self.components)
        {
            wrong.add_at(format!("/components/{place}"), Refusal::UnknownComponent(unknown));
        }
        wrong.done(Refusal::Several)?;
        let (components, reason) = (self.components.0.clone(), self.reason.personal());
        Ok(Decision::event(SupplementNeeded { components, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Stage;
    use crate::review::claim_review::tests::claimed;
    use crate::review::resume_review::ResumeReview;
    use crate::testing::{at, law};

    #[test]
    fn the_review_waits_until_the_supplement_comes_and_its_time_begins_again() {
        let law = law();
        let mut scene = claimed(&law);
        let need = NeedSupplement {
            components: vec!["contract".into()].into(),
            reason: "no stamp".into(),
        };
        scene.execute("2026-11-20T12:00", Role::Reviewer, need.clone()).unwrap();
        assert!(scene.state.pause().is_some());
        assert!(scene.open().is_empty());
        let again = scene.execute("2026-11-20T12:00", Role::Reviewer, need);
        assert_eq!(again, Err(Refusal::NotYours));
        let answered = ResumeReview {
            request: Some(1),
            at: at("2026-12-01T12:00"),
            brief: None,
            loads: crate::law::Loads::default(),
        };
        scene.execute("2026-12-01T12:00", Role::System, answered).unwrap();
        assert_eq!(scene.state.stage, Stage::Open);
        assert_eq!(scene.open().len(), 1, "the activity is due again");
    }
}
