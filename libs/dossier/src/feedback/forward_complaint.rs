//! A complaint that is another agency's is passed on to it. Circular 11/2014/TT-BCT, art. 12.

use super::{Complaint, Stage};
use crate::access::agency;
use crate::contract::{AgencyCode, ComplaintClass, ComplaintEvent, ComplaintForwarded, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "forward_complaint",
    service: "feedback",
    basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT Điều 12",
    may: &[agency(Role::ComplaintHandler)],
    events: &["feedback.ComplaintForwarded.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why it cannot be passed on.
    pub enum Refusal {
        NotToBeForwarded => 409, "complaint-not-to-be-forwarded",
            "phản ánh không thuộc diện chuyển", "the complaint was not found to be another agency's";
        NotAnAgency => 422, "unknown-agency",
            "không có cơ quan này", "that is not the code of an agency";
    }
}

/// Decides.
pub fn decide(
    complaint: &Complaint,
    to: AgencyCode,
    _facts: &Facts<'_>,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    let anothers = complaint.class == Some(ComplaintClass::NotOurs);
    if complaint.stage != Stage::Classified || !anothers {
        return Err(Refusal::NotToBeForwarded);
    }
    if !to.is_well_formed() {
        return Err(Refusal::NotAnAgency);
    }
    Ok(vec![ComplaintForwarded { to }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::classify_complaint::tests::classified;
    use crate::testing::law;

    #[test]
    fn only_what_is_another_agencys_is_passed_on() {
        let law = law();
        let forward = |s: &Complaint, f: &Facts<'_>| decide(s, "G01".into(), f);
        let mut ours = classified(&law, ComplaintClass::ConductOrDelay);
        let refused = ours.step("2026-11-20T11:00", Role::ComplaintHandler, forward);
        assert_eq!(refused, Err(Refusal::NotToBeForwarded));
        let mut theirs = classified(&law, ComplaintClass::NotOurs);
        theirs.step("2026-11-20T11:00", Role::ComplaintHandler, forward).unwrap();
        assert_eq!(theirs.state.stage, Stage::Forwarded);
    }
}
