//! A complaint is answered; the answer is to be published, unless it concerns personal data. Decree
//! 20/2008/NĐ-CP, arts 15 and 19.

use super::{Complaint, Stage, end_of};
use crate::access::agency;
use crate::contract::{Attachment, ComplaintAnswered, ComplaintEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// The answer to the complainant, and to those whose complaints were merged into this one.
#[derive(Debug, Clone)]
pub struct AnswerComplaint {
    pub answer: Text<10000>,
    pub documents: Vec<Attachment>,
}

refusals! {
    /// Refusals of `answer_complaint`.
    pub enum Refusal {
        NotToBeAnswered => 409, "complaint-not-to-be-answered",
            "phản ánh không chờ trả lời tại cơ quan này", "the complaint is not waiting for an answer of this agency";
    }
}

impl Command for AnswerComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "answer_complaint",
        basis: "20/2008/NĐ-CP Điều 15, 19; 11/2014/TT-BCT",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintAnswered.v1"],
        refusals: Refusal::ALL,
    };

    /// An answer is accepted after its deadline, too.
    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let waits = matches!(complaint.stage, Stage::Classified { .. }) && complaint.is_for(facts);
        let Some(agency) = complaint.agency().filter(|_| waits) else {
            return Err(Refusal::NotToBeAnswered);
        };
        let publish_by = if complaint.is_about_data() {
            None
        } else {
            Some(end_of(facts, (agency, facts.at), |rules| rules.publish)?)
        };
        let answer = self.answer.personal();
        let documents = self.documents.clone();
        Ok(Decision::event(ComplaintAnswered { answer, publish_by, documents }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::ComplaintClass;
    use crate::feedback::Owed;
    use crate::feedback::classify_complaint::tests::classified;
    use crate::law::Law;
    use crate::testing::{Scene, law};

    pub(crate) fn answered(law: &Law) -> Scene<'_, Complaint> {
        let mut scene = classified(law, ComplaintClass::ConductOrDelay);
        answer(&mut scene).unwrap();
        scene
    }

    fn answer(scene: &mut Scene<'_, Complaint>) -> Result<Vec<ComplaintEvent>, Refusal> {
        let answer = AnswerComplaint { answer: "we are sorry".into(), documents: Vec::new() };
        scene.execute("2026-11-23T09:00", Role::ComplaintHandler, answer)
    }

    #[test]
    fn a_complaint_is_answered_once_and_the_answer_is_to_be_published() {
        let law = law();
        let mut scene = answered(&law);
        assert_eq!(scene.state.due().unwrap().what, Owed::Publish);
        assert_eq!(answer(&mut scene), Err(Refusal::NotToBeAnswered));
    }
}
