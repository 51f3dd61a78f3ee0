//! The complainant rates the answer to a complaint: once for each answer, so that the one after a
//! reopening is rated anew. Circular 01/2018/TT-VPCP, arts 13 to 15.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Complaint;
use crate::access::own;
use crate::contract::{ComplaintAnswerRated, ComplaintEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// A rating of an answer.
#[derive(Debug, Clone)]
pub struct RateAnswer {
    pub rating: AnswerRating,
    /// Whether the complaint into which this one was merged is answered.
    pub other_answered: bool,
}

/// A score, and a comment in the complainant's words.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RateAnswerRequest)]
pub struct AnswerRating {
    /// From 1 (very bad) to 5 (very good).
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// Comment in the complainant's words.
    pub comment: Option<Text<4000>>,
}

refusals! {
    /// Refusals of `rate_answer`.
    pub enum Refusal {
        NotAnswered => 409, "complaint-not-answered",
            "phản ánh chưa được trả lời", "the complaint has not been answered";
        AlreadyRated => 409, "answer-already-rated",
            "câu trả lời này đã được đánh giá", "this answer has been rated";
        OutOfRange => 422, "score-out-of-range" at "/score",
            "điểm từ 1 đến 5", "the score must be from 1 to 5";
    }
}

impl Command for RateAnswer {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "rate_answer",
        basis: "01/2018/TT-VPCP Điều 13-15",
        may: &[own(Role::Applicant)],
        events: &["feedback.ComplaintAnswerRated.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        _: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let AnswerRating { score, comment } = &self.rating;
        let merged = complaint.merged_into().is_some();
        let answered = if merged { self.other_answered } else { complaint.has_answer() };
        if !answered {
            return Err(Refusal::NotAnswered);
        }
        if complaint.rated.is_some() {
            return Err(Refusal::AlreadyRated);
        }
        if !(1..=5).contains(score) {
            return Err(Refusal::OutOfRange);
        }
        let (score, comment) = (*score, comment.as_ref().map(Text::personal));
        Ok(Decision::event(ComplaintAnswerRated { score, comment }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ComplaintClass;
    use crate::feedback::answer_complaint::{AnswerComplaint, tests::answered};
    use crate::feedback::classify_complaint::tests::classified;
    use crate::feedback::file_complaint::tests::filed;
    use crate::feedback::merge_complaint::tests::{merge, survivor};
    use crate::feedback::reopen_complaint::ReopenComplaint;
    use crate::testing::{Scene, law};

    fn rate(scene: &mut Scene<'_, Complaint>, score: u8, other: bool) -> Result<usize, Refusal> {
        let rating = AnswerRating { score, comment: Some("quick".into()) };
        let command = RateAnswer { rating, other_answered: other };
        scene.execute("2026-11-24T09:00", Role::Applicant, command).map(|events| events.len())
    }

    #[test]
    fn each_answer_is_rated_once_from_one_to_five() {
        let law = law();
        let mut scene = answered(&law);
        assert_eq!(rate(&mut scene, 0, false), Err(Refusal::OutOfRange));
        assert_eq!(rate(&mut scene, 2, false), Ok(1));
        assert_eq!(rate(&mut scene, 5, false), Err(Refusal::AlreadyRated));
        assert_eq!(scene.state.rated.as_ref().map(|rated| rated.score), Some(2));

        let reopen = ReopenComplaint { reason: "still late".into(), other_answered: false };
        scene.execute("2026-11-24T10:00", Role::Applicant, reopen).unwrap();
        assert_eq!(rate(&mut scene, 5, false), Err(Refusal::NotAnswered));
        let answer = AnswerComplaint { answer: "sorry".into(), documents: Vec::new() };
        scene.execute("2026-11-25T09:00", Role::ComplaintHandler, answer).unwrap();
        assert_eq!(rate(&mut scene, 5, false), Ok(1));
    }

    #[test]
    fn a_complaint_without_an_answer_is_not_rated() {
        let law = law();
        assert_eq!(rate(&mut filed(&law), 5, false), Err(Refusal::NotAnswered));
        let mut dismissed = classified(&law, ComplaintClass::NotAcceptable);
        assert_eq!(rate(&mut dismissed, 5, false), Err(Refusal::NotAnswered));
    }

    #[test]
    fn a_merged_complaint_is_rated_for_the_answer_to_the_other_one() {
        let law = law();
        let mut scene = filed(&law);
        merge(&mut scene, survivor("2026-11-19T09:00")).unwrap();
        assert_eq!(rate(&mut scene, 4, false), Err(Refusal::NotAnswered));
        assert_eq!(rate(&mut scene, 4, true), Ok(1));
    }
}
