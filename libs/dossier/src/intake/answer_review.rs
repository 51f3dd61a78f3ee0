//! Review needs something from the applicant, but only the one-stop unit contacts applicants.
//! Intake requests the supplement, or declines if the law allows no further request. Decree
//! 61/2018/NĐ-CP, arts 15.3, 19.4.

use uuid::Uuid;

use super::request_supplement::{self, RequestSupplement};
use super::{Intake, Stage};
use crate::contract::{IntakeEvent, SupplementDeclined, SupplementNeeded};
use crate::step::{Command, Decision, Facts, LawError, Refuse, Step};

/// Requests from the applicant the supplement that review needs.
#[derive(Debug, Clone)]
pub struct AnswerReview {
    /// The id of the `SupplementNeeded` event.
    pub asked_by: Uuid,
    pub needed: SupplementNeeded,
}

impl Command for AnswerReview {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "answer_review",
        basis: "61/2018/NĐ-CP Điều 15.3, 19.4",
        may: &[],
        events: &[
            "intake.DeadlineMissed.v1",
            "intake.SupplementRequested.v1",
            "intake.SupplementDeclined.v1",
        ],
        refusals: &[],
    };

    /// Not yet, while intake has not recorded the acceptance.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        if matches!(intake.stage(), Stage::Empty | Stage::Submitted) {
            return Ok(Decision::NotYet);
        }
        let request = RequestSupplement {
            components: self.needed.components.clone(),
            reason: self.needed.reason.clone(),
            asked_by: Some(self.asked_by),
        };
        match request.decide(intake, facts) {
            Ok(decision) => Ok(decision),
            Err(request_supplement::Refusal::Law(error)) => Err(error),
            Err(refusal) => {
                let (asked_by, reason) = (self.asked_by, refusal.entry().code.to_owned());
                Ok(Decision::event(SupplementDeclined { asked_by, reason }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Personal, Role};
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::law;

    #[test]
    fn what_the_law_does_not_allow_to_ask_is_declined_so_that_review_goes_on() {
        let law = law();
        let mut scene = accepted(&law);
        let command = AnswerReview {
            asked_by: Uuid::from_u128(5),
            needed: SupplementNeeded {
                components: vec!["rules".into()],
                reason: Personal::from("a date is missing".to_owned()),
            },
        };
        let ask = |scene: &mut crate::testing::Scene<'_, Intake>| {
            scene.execute("2026-11-20T11:00", Role::System, command.clone()).unwrap();
            *scene.kinds().last().unwrap()
        };
        assert_eq!(ask(&mut scene), "SupplementRequested");
        assert_eq!(ask(&mut scene), "SupplementDeclined");
    }
}
