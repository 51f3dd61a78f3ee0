//! An officer completes an activity of the review; the period of the next one begins. Where the
//! procedure allows it, activities are completed in any order, repeatedly, and by any officer of
//! the unit.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Review, due_at};
use crate::access::agency;
use crate::contract::{ActivityCompleted, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::{Line, Text};

/// Completes an activity of the review.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompleteActivityRequest)]
pub struct CompleteActivity {
    /// The code of the activity, as the procedure defines it.
    pub activity: Line<200>,
    /// The officer's findings, at most 4000 characters.
    pub note: Option<Text<4000>>,
}

refusals! {
    /// Why an activity cannot be completed.
    pub enum Refusal {
        NotOpen => 409, "review-not-open",
            "hồ sơ không ở trạng thái thẩm định", "the dossier is not open for review";
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        UnknownActivity(Known) => 422, "unknown-activity" at "/activity",
            "thủ tục không có bước này", "the procedure has no such activity";
        NotNext(String) => 409, "activity-out-of-order",
            "chưa đến bước này", "another activity must be completed first";
    }
}

impl Command for CompleteActivity {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "complete_activity",
        basis: "61/2018/NĐ-CP Điều 19",
        may: &[agency(Role::Reviewer)],
        events: &["review.ActivityCompleted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() {
            return Err(Refusal::NotOpen);
        }
        let activity = &*self.activity.0;
        let rule = facts.rule()?;
        let rules = &rule.procedure.review;
        if !rules.any_order && !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let free = rules.any_order && rules.activities.is_empty();
        if !free && rules.activities.iter().all(|known| known.code != activity) {
            let all = rules.activities.iter().map(|known| &known.code);
            let known = Known::new(activity, all, "GET /v1/reviews/{dossier}");
            return Err(Refusal::UnknownActivity(known));
        }
        if !rules.any_order
            && let Some(next) = review.next(rule, None).filter(|next| next.code != activity)
        {
            return Err(Refusal::NotNext(next.code.clone()));
        }
        let next = review.next(rule, Some(activity));
        Ok(Decision::event(ActivityCompleted {
            activity: activity.to_owned(),
            officer: facts.actor.subject.clone(),
            note: self.note.as_ref().map(Text::personal),
            next: next.map(|next| next.code.clone()),
            next_due_at: due_at(rule, next, facts.at),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::assess_fee::tests::brief;
    use crate::review::claim_review::tests::claimed;
    use crate::review::open_review::tests::{open, opened};
    use crate::testing::{Scene, law};

    fn done(activity: &str) -> CompleteActivity {
        CompleteActivity { activity: activity.into(), note: None }
    }

    #[test]
    fn the_last_activity_leaves_none_due() {
        let law = law();
        let mut scene = claimed(&law);
        scene.execute("2026-11-20T12:00", Role::Reviewer, done("appraisal")).unwrap();
        assert!(scene.open().is_empty());
    }

    #[test]
    fn only_the_officer_who_works_on_it_completes_what_the_procedure_knows() {
        let law = law();
        let mut scene = opened(&law);
        let others = scene.execute("2026-11-20T12:00", Role::Reviewer, done("appraisal"));
        assert_eq!(others, Err(Refusal::NotYours));
        let mut scene = claimed(&law);
        let unknown = scene.execute("2026-11-20T12:00", Role::Reviewer, done("other"));
        assert!(matches!(unknown, Err(Refusal::UnknownActivity(_))), "{unknown:?}");
    }

    #[test]
    fn where_the_law_leaves_the_order_free_activities_repeat_and_come_from_anybody() {
        let law = law();
        let mut scene = Scene::new(&law, "WABO.RECEIPT", "Z99.NL");
        open(&mut scene, &brief(&law, "WABO.RECEIPT", "Z99.NL", "2011-05-02T09:00"));
        for activity in ["T06", "T02", "T06"] {
            scene.execute("2011-05-03T09:00", Role::Reviewer, done(activity)).unwrap();
        }
        assert_eq!(scene.state.done["T06"], 2);
    }
}
