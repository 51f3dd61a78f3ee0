//! Review needs something from the applicant, and only the one-stop unit speaks with applicants: it asks, or tells review
//! that the law does not allow to ask again. Decree 61/2018/NĐ-CP, arts 15.3, 19.4.

use uuid::Uuid;

use super::request_supplement::{self, RequestSupplement};
use super::{Intake, Stage};
use crate::contract::{DossierId, IntakeEvent, SupplementDeclined, SupplementNeeded};
use crate::step::{Facts, LawError, Reacted, Refuse, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "answer_review",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 15.3, 19.4",
    may: &[],
    events: &[
        "intake.DeadlineMissed.v1",
        "intake.SupplementRequested.v1",
        "intake.SupplementDeclined.v1",
    ],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone)]
pub struct AnswerReview {
    /// The dossier.
    pub dossier: DossierId,
    /// The event that asks.
    pub asked_by: Uuid,
    /// What for.
    pub needed: SupplementNeeded,
}

/// Decides; waits until the acceptance is known here.
pub fn decide(
    intake: &Intake,
    command: &AnswerReview,
    facts: &Facts<'_>,
) -> Result<Reacted<IntakeEvent>, LawError> {
    if matches!(intake.stage, Stage::Empty | Stage::Submitted) {
        return Ok(Reacted::NotYet);
    }
    let request = RequestSupplement {
        components: command.needed.components.clone(),
        reason: command.needed.reason.clone(),
        asked_by: Some(command.asked_by),
    };
    match request_supplement::decide(intake, request, facts) {
        Ok(events) => Ok(Reacted::Done(events)),
        Err(request_supplement::Refusal::Law(error)) => Err(error),
        Err(refusal) => {
            let (asked_by, reason) = (command.asked_by, refusal.entry().code.to_owned());
            Ok(Reacted::Done(vec![SupplementDeclined { asked_by, reason }.into()]))
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
            dossier: DossierId(Uuid::nil()),
            asked_by: Uuid::from_u128(5),
            needed: SupplementNeeded {
                components: vec!["rules".into()],
                reason: Personal::from("a date is missing".to_owned()),
            },
        };
        let ask = |scene: &mut crate::testing::Scene<'_, Intake>| {
            scene
                .step("2026-11-20T11:00", Role::System, |s, f| match decide(s, &command, f)? {
                    Reacted::Done(events) => Ok::<_, LawError>(events),
                    Reacted::NotYet => panic!("it was accepted"),
                })
                .unwrap();
            *scene.kinds().last().unwrap()
        };
        assert_eq!(ask(&mut scene), "SupplementRequested");
        assert_eq!(ask(&mut scene), "SupplementDeclined");
    }
}
