//! The agency extends the period to answer: once, with a reason for the complainant, to the length
//! that the rules give for the class. A matter that proves to be complex has 10 working days
//! (Circular 11/2014/TT-BCT); a request about one's own data is extended by Decree 356/2025/NĐ-CP,
//! art. 5.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage, end_of};
use crate::access::agency;
use crate::contract::{ComplaintEvent, ComplaintExtended, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// An extension of the period to answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExtendComplaintRequest)]
pub struct ExtendComplaint {
    /// Reason, for the complainant.
    #[schema(example = "Nội dung phức tạp, cần xin ý kiến đơn vị khác.")]
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `extend_complaint`.
    pub enum Refusal {
        NotToBeAnswered => 409, "complaint-not-to-be-answered",
            "phản ánh không chờ trả lời tại cơ quan này", "the complaint is not waiting for an answer of this agency";
        Twice => 409, "complaint-extended-already",
            "thời hạn trả lời đã được gia hạn", "the period to answer was extended before";
        TooLate => 409, "complaint-overdue",
            "thời hạn trả lời đã hết", "the period to answer has passed";
        NotAllowed => 409, "extension-not-allowed",
            "quy định không cho gia hạn thêm đối với loại phản ánh này",
            "the rules give no longer period for this class";
    }
}

impl Command for ExtendComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "extend_complaint",
        basis: "11/2014/TT-BCT Điều 10-15; 356/2025/NĐ-CP Điều 5",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintExtended.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let Stage::Classified { class, due: Some(due), extended } = &complaint.stage else {
            return Err(Refusal::NotToBeAnswered);
        };
        let Some(agency) = complaint.agency().filter(|_| complaint.is_for(facts)) else {
            return Err(Refusal::NotToBeAnswered);
        };
        if *extended {
            return Err(Refusal::Twice);
        }
        if due.missed || due.running.due_at <= facts.at {
            return Err(Refusal::TooLate);
        }
        let budget = facts.law.complaints().and_then(|rules| rules.extended(*class));
        let budget = budget.ok_or(Refusal::NotAllowed)?;
        let answer_by = end_of(facts, (agency, due.running.since), |_| budget)?;
        if answer_by <= due.running.due_at {
            return Err(Refusal::NotAllowed);
        }
        Ok(Decision::event(ComplaintExtended { answer_by, reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Deadlines;
    use crate::contract::ComplaintClass;
    use crate::feedback::ComplaintDeadline;
    use crate::feedback::classify_complaint::tests::classified;
    use crate::testing::{at, law};

    fn extend() -> ExtendComplaint {
        ExtendComplaint { reason: "another unit is consulted".into() }
    }

    #[test]
    fn a_period_is_extended_once_to_the_length_in_the_rules() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::ContentOfRules);
        let handler = Role::ComplaintHandler;
        scene.execute("2026-11-23T09:00", handler, extend()).unwrap();
        let due = scene.state.due().unwrap().running;
        // 10 working days from Friday 20 November, with Tuesday 24 off.
        assert_eq!((due.due_at, due.since), (at("2026-12-08T00:00"), at("2026-11-20T10:00")));
        assert_eq!(scene.execute("2026-11-23T09:00", handler, extend()), Err(Refusal::Twice));
        let basis = scene.state.basis(&ComplaintDeadline::Task, &law).unwrap();
        assert_eq!(
            basis.period().unwrap().budget,
            law.complaints().unwrap().extended(ComplaintClass::ContentOfRules).unwrap()
        );
        assert!(scene.enforce("2026-12-07T23:59", &ComplaintDeadline::Task).is_empty());
        assert_eq!(scene.enforce("2026-12-08T00:00", &ComplaintDeadline::Task).len(), 1);
    }

    #[test]
    fn a_period_that_has_passed_and_one_for_which_the_rules_give_no_more_are_not_extended() {
        let law = law();
        let handler = Role::ComplaintHandler;
        let mut conduct = classified(&law, ComplaintClass::ConductOrDelay);
        let refused = conduct.execute("2026-11-20T11:00", handler, extend());
        assert_eq!(refused, Err(Refusal::NotAllowed));
        let mut late = classified(&law, ComplaintClass::ContentOfRules);
        let refused = late.execute("2026-11-27T00:00", handler, extend());
        assert_eq!(refused, Err(Refusal::TooLate));
        let mut theirs = classified(&law, ComplaintClass::NotOurs);
        let refused = theirs.execute("2026-11-20T11:00", handler, extend());
        assert_eq!(refused, Err(Refusal::NotToBeAnswered));
    }
}
