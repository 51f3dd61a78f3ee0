//! The reviewer finds that something is missing. The one-stop unit asks the applicant; the review waits meanwhile.
//! Decree 61/2018/NĐ-CP, art. 19.4.

use super::Review;
use crate::access::agency;
use crate::contract::{ComponentCode, Personal, ReviewEvent, Role, SupplementNeeded};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "need_supplement",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.4",
    may: &[agency(Role::Reviewer)],
    events: &["review.SupplementNeeded.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a supplement cannot be asked for.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer who works on it";
        UnknownComponent(ComponentCode) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure does not know this component";
    }
}

/// Decides.
pub fn decide(
    review: &Review,
    components: Vec<ComponentCode>,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    if !review.is_open() || !review.is_with(&facts.actor.subject) {
        return Err(Refusal::NotYours);
    }
    let known = &facts.rule()?.procedure.documents;
    if let Some(unknown) = components.iter().find(|code| known.iter().all(|c| c.code != **code)) {
        return Err(Refusal::UnknownComponent(unknown.clone()));
    }
    Ok(vec![SupplementNeeded { components, reason: Personal::from(reason) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::tests::claimed;
    use crate::review::{Stage, resume_review};
    use crate::step::{LawError, Reacted, State};
    use crate::testing::law;

    #[test]
    fn the_review_waits_until_the_supplement_comes_and_its_time_begins_again() {
        let law = law();
        let mut scene = claimed(&law);
        let need = |s: &Review, f: &Facts<'_>| {
            decide(s, vec!["contract".into()], "no stamp".to_owned(), f)
        };
        scene.step("2026-11-20T12:00", Role::Reviewer, need).unwrap();
        assert_eq!(scene.state.stage, Stage::Paused);
        assert!(scene.state.obligations().is_empty());
        let again = scene.step("2026-11-20T12:00", Role::Reviewer, need);
        assert_eq!(again, Err(Refusal::NotYours));
        scene
            .step("2026-12-01T12:00", Role::System, |s, f| {
                let answer = resume_review::Answer { request: Some(1), at: f.at, brief: None };
                match resume_review::decide(s, &answer, f)? {
                    Reacted::Done(events) => Ok::<_, LawError>(events),
                    Reacted::NotYet => panic!("it waits"),
                }
            })
            .unwrap();
        assert_eq!(scene.state.stage, Stage::Open);
        assert_eq!(scene.state.obligations().len(), 1, "the activity is due again");
    }
}
