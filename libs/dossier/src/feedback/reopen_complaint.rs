//! The complainant is not satisfied with the answer, the dismissal, or the answer to the complaint
//! into which theirs was merged. A new answer is due within the period for complex complaints or,
//! for a request about one's own data, within that of its class. Decree 20/2008/NĐ-CP, art. 12. No
//! law limits the time to ask for it; the rules of an installation may.

use calendar::Gaps;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Complaint, end_of};
use crate::access::{agency, own};
use crate::clock;
use crate::contract::{ComplaintEvent, ComplaintReopened, Role};
use crate::law::Law;
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// A request for another answer.
#[derive(Debug, Clone)]
pub struct ReopenComplaint {
    /// Why the answer is not sufficient.
    pub reason: Text<4000>,
    /// Whether the complaint into which this one was merged is answered.
    pub other_answered: bool,
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
        TooLate(Date) => 409, "reopened-too-late",
            "đã hết thời hạn đề nghị xem xét lại, hãy gửi phản ánh mới; ngày cuối cùng là",
            "the period to reopen the complaint has passed, file a new one; its last day was";
        OfComplainant => 409, "reopened-by-complainant",
            "người phản ánh có tài khoản tự mở lại phản ánh của mình",
            "a complainant with an account reopens the complaint by themselves";
    }
}

impl Command for ReopenComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reopen_complaint",
        basis: "20/2008/NĐ-CP Điều 12",
        may: &[own(Role::Applicant), agency(Role::ComplaintHandler), agency(Role::Clerk)],
        events: &["feedback.ComplaintReopened.v1"],
        refusals: Refusal::ALL,
    };

    /// An officer enters the wish of a complainant without an account, for example after a call.
    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let merged = complaint.merged_into().is_some() && self.other_answered;
        let answered = complaint.is_answered() || merged;
        let Some(agency) = complaint.agency().filter(|_| answered) else {
            return Err(Refusal::NotAnswered);
        };
        if facts.actor.role != Role::Applicant && !complaint.is_without_account() {
            return Err(Refusal::OfComplainant);
        }
        if complaint.reopened >= REOPENED_MAX {
            return Err(Refusal::TooOften);
        }
        if let Some(end) = reopenable_until(complaint, facts.law, facts.at).filter(|_| !merged)
            && facts.at >= end
        {
            let day = facts.law.last_day(facts.law.present(agency, facts.at), end);
            return Err(Refusal::TooLate(day.ok_or(LawError::NotLoaded)?));
        }
        let budget = facts.law.complaints().and_then(|rules| rules.reopened(complaint.class()));
        let budget = budget.ok_or(LawError::NotLoaded)?;
        let answer_by = end_of(facts, (agency, facts.at), |_| budget)?;
        Ok(Decision::event(ComplaintReopened { reason: self.reason.personal(), answer_by }))
    }
}

/// Until when an answered or dismissed complaint can be reopened; `None` if the rules give no
/// period, or nothing was answered.
#[must_use]
pub fn reopenable_until(complaint: &Complaint, law: &Law, now: Timestamp) -> Option<Timestamp> {
    let within = law.complaints()?.reopen_within?;
    let since = complaint.concluded_at.filter(|_| complaint.is_answered())?;
    let calendar = law.calendar_of(law.present(complaint.agency()?, now))?;
    Some(clock::end(calendar, since, within, &Gaps::default()).due_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintClass, RulesKind};
    use crate::feedback::answer_complaint::{AnswerComplaint, tests::answered};
    use crate::feedback::classify_complaint::tests::classified;
    use crate::feedback::file_complaint::tests::filed;
    use crate::feedback::merge_complaint::tests::{merge, survivor};
    use crate::feedback::{Owed, Stage};
    use crate::testing::law;

    fn reopen() -> ReopenComplaint {
        ReopenComplaint { reason: "still late".into(), other_answered: false }
    }

    #[test]
    fn a_reopened_complaint_is_answered_again_and_not_for_ever() {
        let law = law();
        let mut scene = answered(&law);
        for _ in 0..2 {
            scene.execute("2026-11-24T09:00", Role::Applicant, reopen()).unwrap();
            let answer = "we are sorry again".into();
            let answer = AnswerComplaint { answer, documents: Vec::new() };
            scene.execute("2026-11-25T09:00", Role::ComplaintHandler, answer).unwrap();
        }
        let third = scene.execute("2026-11-26T09:00", Role::Applicant, reopen());
        assert_eq!(third, Err(Refusal::TooOften));
    }

    #[test]
    fn where_the_rules_give_a_period_it_is_reopened_within_that_after_its_last_answer() {
        let mut law = law();
        let shipped = include_str!("../../procedures/complaints_2.yaml");
        let limited = crate::law::next_version(shipped).replacen(
            "publish:",
            "reopen_within: { amount: 5, unit: working_days }\npublish:",
            1,
        );
        let issued = crate::law::rules(RulesKind::Complaints, "complaints", &limited).unwrap();
        law.apply(&issued, None).unwrap();
        // Answered on Monday 23 November; Tuesday 24 is off.
        let mut scene = answered(&law);
        assert_eq!(
            scene.execute("2026-12-02T00:00", Role::Applicant, reopen()),
            Err(Refusal::TooLate(jiff::civil::date(2026, 12, 1)))
        );
        scene.execute("2026-12-01T23:59", Role::Applicant, reopen()).unwrap();
        // A second answer begins a new period.
        let answer = AnswerComplaint { answer: "sorry".into(), documents: Vec::new() };
        scene.execute("2026-12-02T09:00", Role::ComplaintHandler, answer).unwrap();
        scene.execute("2026-12-08T09:00", Role::Applicant, reopen()).unwrap();
    }

    #[test]
    fn a_dismissed_complaint_is_reopened_and_then_answered() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::NotAcceptable);
        scene.execute("2026-11-24T09:00", Role::Applicant, reopen()).unwrap();
        assert_eq!(scene.state.due().unwrap().what, Owed::Answer);
        let answer = AnswerComplaint { answer: "you are right".into(), documents: Vec::new() };
        scene.execute("2026-11-25T09:00", Role::ComplaintHandler, answer).unwrap();
    }

    #[test]
    fn a_merged_complaint_is_reopened_once_the_other_one_is_answered() {
        let law = law();
        let mut scene = filed(&law);
        merge(&mut scene, survivor("2026-11-19T09:00")).unwrap();
        let early = scene.execute("2026-11-24T09:00", Role::Applicant, reopen());
        assert_eq!(early, Err(Refusal::NotAnswered));
        let reopen = ReopenComplaint { other_answered: true, ..reopen() };
        scene.execute("2026-11-24T09:00", Role::Applicant, reopen).unwrap();
        assert!(matches!(scene.state.stage, Stage::Classified { .. }));
    }

    #[test]
    fn an_officer_reopens_for_a_complainant_without_an_account_only() {
        let law = law();
        let refused = answered(&law).execute("2026-11-24T09:00", Role::Clerk, reopen());
        assert_eq!(refused, Err(Refusal::OfComplainant));
    }
}
