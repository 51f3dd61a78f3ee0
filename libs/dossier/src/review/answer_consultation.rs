//! A consulted agency answers. Decree 61/2018/NĐ-CP, art. 19.5. A late answer still counts; that it
//! was late remains recorded.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use crate::access::consulted;
use crate::contract::{ConsultationAnswered, ConsultationId, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Answers a consultation for the consulted agency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerConsultationRequest)]
pub struct AnswerConsultation {
    /// The id of the consultation.
    pub consultation: ConsultationId,
    /// Whether the agency agrees.
    pub agrees: bool,
    /// The answer in words, at most 4000 characters.
    pub answer: Text<4000>,
}

refusals! {
    /// Why an answer is not accepted.
    pub enum Refusal {
        NotAsked => 409, "no-consultation-awaited",
            "không có yêu cầu lấy ý kiến đang mở", "no such consultation is open";
        AnotherAgency => 409, "consultation-of-another-agency",
            "yêu cầu lấy ý kiến gửi cơ quan khác", "another agency was asked";
    }
}

impl Command for AnswerConsultation {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "answer_consultation",
        basis: "61/2018/NĐ-CP Điều 19.5",
        may: &[consulted(Role::Consultee)],
        events: &["review.ConsultationAnswered.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        let Self { consultation, agrees, ref answer } = *self;
        let Some(asked) = review.consultations.get(&consultation) else {
            return Err(Refusal::NotAsked);
        };
        let own = facts.actor.agency.as_ref();
        if !own.is_some_and(|own| facts.law.reaches(own, &asked.requested.agency, facts.at)) {
            return Err(Refusal::AnotherAgency);
        }
        let (answer, asked_at) = (answer.personal(), Some(asked.asked_at));
        Ok(Decision::event(ConsultationAnswered { consultation, agrees, answer, asked_at }))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::review::cancel_review::CancelReview;
    use crate::review::consult_agency::tests::consulted;
    use crate::step::State;
    use crate::testing::law;

    fn agreed(consultation: ConsultationId) -> AnswerConsultation {
        AnswerConsultation { consultation, agrees: true, answer: "agreed".into() }
    }

    #[test]
    fn only_the_agency_that_was_asked_answers_and_once() {
        let law = law();
        let (mut scene, id) = consulted(&law);
        let mut answer = |agency: &'static str| {
            scene.agency = agency;
            scene.execute("2026-11-23T09:00", Role::Consultee, agreed(id))
        };
        assert_eq!(answer("G02.003"), Err(Refusal::AnotherAgency));
        answer("H26.14").unwrap();
        assert_eq!(answer("H26.14"), Err(Refusal::NotAsked));
    }

    #[test]
    fn an_agency_reads_the_dossier_until_it_has_answered_or_the_review_ends_and_its_answer_for_ever()
     {
        let law = law();
        let (mut answered, id) = consulted(&law);
        answered.agency = "H26.14";
        answered.execute("2026-11-23T09:00", Role::Consultee, agreed(id)).unwrap();
        let (mut cancelled, _) = consulted(&law);
        let cancel = CancelReview { cause: Uuid::nil() };
        cancelled.execute("2026-11-23T09:00", Role::System, cancel).unwrap();
        for (over, said) in [(answered.state, Some("agreed")), (cancelled.state, None)] {
            assert_eq!(over.consulting().count(), 0);
            assert!(over.resource().unwrap().consulted.contains(&"H26.14".into()));
            let closed = &over.closed_consultations[&id];
            assert_eq!(closed.requested.question.known().map(String::as_str), Some("agreed?"));
            let answer = closed.answer.as_ref().and_then(|answer| answer.answer.known());
            assert_eq!(answer.map(String::as_str), said);
        }
    }
}
