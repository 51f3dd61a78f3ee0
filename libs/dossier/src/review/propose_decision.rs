//! The reviewer proposes a decision. Where the procedure requires two officers, a second one has to
//! approve it; otherwise the proposal is the decision.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Consultation, Review};
use crate::access::agency;
use crate::contract::{DecidedBy, DecisionMade, DecisionProposed, Outcome, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Proposes a decision, or makes it where the procedure requires one officer only.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProposeDecisionRequest)]
pub struct ProposeDecision {
    /// `approved` or `refused`.
    pub outcome: Outcome,
    /// The written reason, at most 4000 characters.
    pub reason: Text<4000>,
}

refusals! {
    /// Why a decision cannot be proposed.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        ActivityOpen(String) => 409, "activity-open",
            "còn bước chưa hoàn thành", "an activity has not been completed";
        ConsultationOpen => 409, "consultation-open",
            "còn ý kiến chưa được trả lời trong thời hạn", "a consultation is still open and within its period";
    }
}

impl Command for ProposeDecision {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "propose_decision",
        basis: "61/2018/NĐ-CP Điều 19.3",
        may: &[agency(Role::Reviewer)],
        events: &["review.DecisionProposed.v1", "review.DecisionMade.v1"],
        refusals: Refusal::ALL,
    };

    /// An open consultation prevents it only while the consulted agency's period is running.
    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        let Some(brief) = review.brief.as_ref().filter(|_| review.is_open()) else {
            return Err(Refusal::NotYours);
        };
        if !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let rule = facts.rule()?;
        if let Some(next) = review.next(rule, None) {
            return Err(Refusal::ActivityOpen(next.code.clone()));
        }
        let awaited = |c: &Consultation| !c.silent && c.running.is_some();
        if review.consultations.values().any(awaited) {
            return Err(Refusal::ConsultationOpen);
        }
        let (outcome, reason) = (self.outcome, self.reason.personal());
        if !rule.procedure.review.four_eyes {
            let (brief, by) = ((**brief).clone(), DecidedBy::Officers);
            return Ok(Decision::event(DecisionMade { brief, outcome, by, reason: Some(reason) }));
        }
        let (proposal, officer) = (facts.id("proposal"), facts.actor.subject.clone());
        Ok(Decision::event(DecisionProposed { proposal, outcome, reason, officer }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::review::claim_review::tests::claimed;
    use crate::review::complete_activity::CompleteActivity;
    use crate::review::consult_agency::tests::consulted;
    use crate::testing::{Scene, law};

    pub(crate) fn proposed(law: &Law) -> Scene<'_, Review> {
        let mut scene = claimed(law);
        complete(&mut scene);
        propose(&mut scene).unwrap();
        scene
    }

    fn complete(scene: &mut Scene<'_, Review>) {
        let done = CompleteActivity { activity: "appraisal".into(), note: None };
        scene.execute("2026-11-23T09:00", Role::Reviewer, done).unwrap();
    }

    fn propose(scene: &mut Scene<'_, Review>) -> Result<Vec<ReviewEvent>, Refusal> {
        let propose = ProposeDecision { outcome: Outcome::Approved, reason: "complete".into() };
        scene.execute("2026-11-23T10:00", Role::Reviewer, propose)
    }

    #[test]
    fn nothing_is_proposed_before_all_activities_are_done() {
        let law = law();
        let mut scene = claimed(&law);
        assert_eq!(propose(&mut scene), Err(Refusal::ActivityOpen("appraisal".to_owned())));
    }

    #[test]
    fn a_consulted_agency_is_waited_for_only_within_its_time() {
        let law = law();
        let (mut scene, id) = consulted(&law);
        complete(&mut scene);
        assert_eq!(propose(&mut scene), Err(Refusal::ConsultationOpen));
        scene.state.consultations.get_mut(&id).unwrap().silent = true;
        propose(&mut scene).unwrap();
    }
}
