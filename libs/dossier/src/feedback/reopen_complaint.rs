//! The complainant is not content with the answer: it is to be answered again, in the time for complex ones.

use super::{Complaint, Stage, end_of};
use crate::access::own;
use crate::contract::{ComplaintEvent, ComplaintReopened, Personal, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "reopen_complaint",
    service: "feedback",
    basis: "20/2008/NĐ-CP Điều 12",
    may: &[own(Role::Applicant)],
    events: &["feedback.ComplaintReopened.v1"],
    refusals: Refusal::ALL,
};

/// How often a complaint may be reopened.
const REOPENED_MAX: u32 = 2;

refusals! {
    /// Why it cannot be reopened.
    pub enum Refusal {
        NotAnswered => 409, "complaint-not-answered",
            "phản ánh chưa được trả lời", "the complaint has not been answered";
        TooOften => 409, "reopened-too-often",
            "đã mở lại đủ số lần cho phép", "it was reopened as often as allowed";
    }
}

/// Decides.
pub fn decide(
    complaint: &Complaint,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    let answered = matches!(complaint.stage, Stage::Answered | Stage::Published);
    let Some(agency) = complaint.agency().filter(|_| answered) else {
        return Err(Refusal::NotAnswered);
    };
    if complaint.reopened >= REOPENED_MAX {
        return Err(Refusal::TooOften);
    }
    let budget = facts.law.complaints().and_then(|rules| rules.reopened(complaint.class));
    let budget = budget.ok_or(crate::step::LawError::NotLoaded)?;
    let answer_by = end_of(facts, agency, |_| budget)?;
    Ok(vec![ComplaintReopened { reason: Personal::from(reason), answer_by }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::answer_complaint::{self, tests::answered};
    use crate::testing::law;

    #[test]
    fn a_reopened_complaint_is_answered_again_and_not_for_ever() {
        let law = law();
        let mut scene = answered(&law);
        let reopen = |s: &Complaint, f: &Facts<'_>| decide(s, "still late".to_owned(), f);
        for _ in 0..2 {
            scene.step("2026-11-24T09:00", Role::Applicant, reopen).unwrap();
            let answer = |s: &Complaint, f: &Facts<'_>| {
                answer_complaint::decide(s, "we are sorry again".to_owned(), f)
            };
            scene.step("2026-11-25T09:00", Role::ComplaintHandler, answer).unwrap();
        }
        let third = scene.step("2026-11-26T09:00", Role::Applicant, reopen);
        assert_eq!(third, Err(Refusal::TooOften));
    }
}
