//! A complaint is classified: about conduct or delay, about the content of rules, another agency's, or not acceptable.
//! Decree 20/2008/NĐ-CP, art. 9; Circular 11/2014/TT-BCT, arts 10 to 15 (3, 5 or 10 working days to answer).

use super::{Complaint, Stage, end_of};
use crate::access::agency;
use crate::contract::{ComplaintClass, ComplaintClassified, ComplaintEvent, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "classify_complaint",
    service: "feedback",
    basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT Điều 10-15",
    may: &[agency(Role::ComplaintHandler)],
    events: &["feedback.ComplaintClassified.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why it cannot be classified.
    pub enum Refusal {
        NotFiled => 409, "complaint-not-open",
            "phản ánh không chờ phân loại", "the complaint does not wait to be classified";
    }
}

/// Decides.
pub fn decide(
    complaint: &Complaint,
    class: ComplaintClass,
    facts: &Facts<'_>,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    let waits = complaint.stage == Stage::Filed && complaint.is_for(facts.actor);
    let Some(agency) = complaint.agency().filter(|_| waits) else {
        return Err(Refusal::NotFiled);
    };
    let budget = facts.law.complaints().and_then(|rules| rules.answer(class));
    let answer_by = match budget {
        Some(budget) => Some(end_of(facts, agency, |_| budget)?),
        None => None,
    };
    Ok(vec![ComplaintClassified { class, answer_by }.into()])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::feedback::file_complaint::tests::filed;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn classified(law: &Law, class: ComplaintClass) -> Scene<'_, Complaint> {
        let mut scene = filed(law);
        scene.step("2026-11-20T10:00", Role::ComplaintHandler, |s, f| decide(s, class, f)).unwrap();
        scene
    }

    #[test]
    fn the_class_sets_the_time_to_answer() {
        let law = law();
        let due = |class| classified(&law, class).state.due.map(|due| due.1);
        assert_eq!(due(ComplaintClass::ConductOrDelay), Some(at("2026-11-27T00:00")));
        assert_eq!(due(ComplaintClass::ContentOfRules), Some(at("2026-12-01T00:00")));
        assert_eq!(due(ComplaintClass::Complex), Some(at("2026-12-08T00:00")));
        assert_eq!(due(ComplaintClass::NotAcceptable), None);
    }
}
