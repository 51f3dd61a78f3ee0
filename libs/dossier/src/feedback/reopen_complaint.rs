//! The complainant is not satisfied with the answer. A new one is due within the period for complex
//! complaints or, for a request about one's own data, within that of its class. Decree
//! 20/2008/NĐ-CP, art. 12.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage, end_of};
use crate::access::own;
use crate::contract::{ComplaintEvent, ComplaintReopened, Role};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// A request for another answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReopenComplaintRequest)]
pub struct ReopenComplaint {
    /// Reason why the answer is not sufficient.
    pub reason: Text<4000>,
}

/// Reopenings allowed per complaint.
const REOPENED_MAX: u32 = 2;

refusals! {
    /// Refusals of `reopen_complaint`.
    pub enum Refusal {
        NotAnswered => 409, "complaint-not-answered",
            "phản ánh chưa được trả lời", "the complaint has not been answered";
        TooOften => 409, "reopened-too-often",
            "đã mở lại đủ số lần cho phép", "the complaint has been reopened as often as allowed";
    }
}

impl Command for ReopenComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reopen_complaint",
        basis: "20/2008/NĐ-CP Điều 12",
        may: &[own(Role::Applicant)],
        events: &["feedback.ComplaintReopened.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let answered = matches!(complaint.stage, Stage::Answered | Stage::Published);
        let Some(agency) = complaint.agency().filter(|_| answered) else {
            return Err(Refusal::NotAnswered);
        };
        if complaint.reopened >= REOPENED_MAX {
            return Err(Refusal::TooOften);
        }
        let budget = facts.law.complaints().and_then(|rules| rules.reopened(complaint.class));
        let budget = budget.ok_or(LawError::NotLoaded)?;
        let answer_by = end_of(facts, agency, |_| budget)?;
        Ok(Decision::event(ComplaintReopened { reason: self.reason.personal(), answer_by }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::answer_complaint::{AnswerComplaint, tests::answered};
    use crate::testing::law;

    #[test]
    fn a_reopened_complaint_is_answered_again_and_not_for_ever() {
        let law = law();
        let mut scene = answered(&law);
        let reopen = ReopenComplaint { reason: "still late".into() };
        for _ in 0..2 {
            scene.take("2026-11-24T09:00", Role::Applicant, reopen.clone()).unwrap();
            let answer = AnswerComplaint { answer: "we are sorry again".into() };
            scene.take("2026-11-25T09:00", Role::ComplaintHandler, answer).unwrap();
        }
        let third = scene.take("2026-11-26T09:00", Role::Applicant, reopen);
        assert_eq!(third, Err(Refusal::TooOften));
    }
}
