//! The answer is published, in a text that names nobody. Decree 20/2008/NĐ-CP, art. 19.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage};
use crate::access::agency;
use crate::contract::{AnswerPublished, ComplaintEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// The public answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublishAnswerRequest)]
pub struct PublishAnswer {
    /// Public text. It must not identify anybody.
    pub text: Text<10000>,
}

refusals! {
    /// Refusals of `publish_answer`.
    pub enum Refusal {
        NotAnswered => 409, "complaint-not-answered",
            "phản ánh chưa được trả lời", "the complaint has not been answered";
        NotForThePublic => 409, "answer-not-for-the-public",
            "trả lời về dữ liệu cá nhân không được công khai",
            "an answer about personal data is not published";
    }
}

impl Command for PublishAnswer {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "publish_answer",
        basis: "20/2008/NĐ-CP Điều 19",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.AnswerPublished.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if !matches!(complaint.stage, Stage::Answered { .. }) || !complaint.is_for(facts) {
            return Err(Refusal::NotAnswered);
        }
        if complaint.is_about_data() {
            return Err(Refusal::NotForThePublic);
        }
        Ok(Decision::event(AnswerPublished { text: self.text.0.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::answer_complaint::tests::answered;
    use crate::testing::law;

    #[test]
    fn a_published_answer_owes_nothing_more() {
        let law = law();
        let mut scene = answered(&law);
        let publish = PublishAnswer { text: "An apology".into() };
        scene.execute("2026-11-23T10:00", Role::ComplaintHandler, publish.clone()).unwrap();
        assert!(scene.open().is_empty());
        let again = scene.execute("2026-11-23T10:00", Role::ComplaintHandler, publish);
        assert_eq!(again, Err(Refusal::NotAnswered));
    }
}
