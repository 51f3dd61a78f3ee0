//! A complaint that is another agency's is passed on to it, and that agency begins with it. Circular 11/2014/TT-BCT, art. 12.

use super::{Complaint, Stage, end_of};
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
            "không có cơ quan này", "there is no such agency";
    }
}

/// Decides.
pub fn decide(
    complaint: &Complaint,
    to: AgencyCode,
    facts: &Facts<'_>,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    let anothers = complaint.class == Some(ComplaintClass::NotOurs);
    if complaint.stage != Stage::Classified || !anothers || !complaint.is_for(facts) {
        return Err(Refusal::NotToBeForwarded);
    }
    if facts.law.calendar_of(&to).is_none() || complaint.agency() == Some(&to) {
        return Err(Refusal::NotAnAgency);
    }
    let classify_by = Some(end_of(facts, &to, |rules| rules.classify(complaint.is_about_data()))?);
    Ok(vec![ComplaintForwarded { to, classify_by }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::Owed;
    use crate::feedback::classify_complaint::{self, tests::classified};
    use crate::step::State;
    use crate::testing::{at, law};

    const OTHER: &str = "G02.002";

    #[test]
    fn only_what_is_another_agencys_is_passed_on() {
        let law = law();
        let forward = |s: &Complaint, f: &Facts<'_>| decide(s, OTHER.into(), f);
        let mut ours = classified(&law, ComplaintClass::ConductOrDelay);
        let refused = ours.step("2026-11-20T11:00", Role::ComplaintHandler, forward);
        assert_eq!(refused, Err(Refusal::NotToBeForwarded));
        let mut theirs = classified(&law, ComplaintClass::NotOurs);
        let nobody = |s: &Complaint, f: &Facts<'_>| decide(s, "XX9".into(), f);
        let unknown = theirs.step("2026-11-20T11:00", Role::ComplaintHandler, nobody);
        assert_eq!(unknown, Err(Refusal::NotAnAgency));
        theirs.step("2026-11-20T11:00", Role::ComplaintHandler, forward).unwrap();
        assert_eq!(theirs.state.stage, Stage::Filed);
    }

    #[test]
    fn the_other_agency_goes_on_with_it_and_this_one_only_reads() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::NotOurs);
        let ours = scene.agency;
        let forward = |s: &Complaint, f: &Facts<'_>| decide(s, OTHER.into(), f);
        scene.step("2026-11-20T11:00", Role::ComplaintHandler, forward).unwrap();
        let due = scene.state.due.map(|due| (due.what, due.running.due_at));
        assert_eq!(due, Some((Owed::Classify, at("2026-12-01T00:00"))));
        let classify = |s: &Complaint, f: &Facts<'_>| {
            classify_complaint::decide(s, ComplaintClass::ConductOrDelay, None, f)
        };
        let refused = scene.step("2026-11-23T09:00", Role::ComplaintHandler, classify);
        assert_eq!(refused, Err(classify_complaint::Refusal::NotFiled));
        scene.agency = OTHER;
        scene.step("2026-11-23T09:00", Role::ComplaintHandler, classify).unwrap();
        assert_eq!(scene.state.stage, Stage::Classified);
        let agencies = scene.state.resource().unwrap().agencies;
        assert_eq!(agencies, [ours.into(), OTHER.into()]);
    }
}
