//! A complaint that concerns another agency is forwarded to it, and that agency starts with the
//! classification. Circular 11/2014/TT-BCT, art. 12.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage, end_of};
use crate::access::agency;
use crate::contract::{AgencyCode, ComplaintEvent, ComplaintForwarded, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Line;

/// The agency to which a complaint is forwarded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForwardComplaintRequest)]
pub struct ForwardComplaint {
    /// Code of the agency.
    pub to: Line<35>,
}

refusals! {
    /// Refusals of `forward_complaint`.
    pub enum Refusal {
        NotToBeForwarded => 409, "complaint-not-to-be-forwarded",
            "phản ánh không thuộc diện chuyển", "the complaint has not been classified as another agency's";
        NotAnAgency(Known) => 422, "unknown-agency" at "/to",
            "không có cơ quan này", "there is no such agency";
    }
}

impl Command for ForwardComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "forward_complaint",
        basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT Điều 12",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintForwarded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let to = AgencyCode::from(&*self.to.0);
        let anothers = matches!(complaint.stage, Stage::Misdirected { .. });
        if !anothers || !complaint.is_for(facts) {
            return Err(Refusal::NotToBeForwarded);
        }
        if facts.law.calendar_of(&to).is_none() || complaint.agency() == Some(&to) {
            let all = facts.law.agencies().map(|known| &known.code);
            let others = all.filter(|code| complaint.agency() != Some(code));
            return Err(Refusal::NotAnAgency(Known::agencies(&to, others)));
        }
        let about_data = complaint.is_about_data();
        let classify_by = Some(end_of(facts, (&to, facts.at), |rules| rules.classify(about_data))?);
        Ok(Decision::event(ComplaintForwarded { to, classify_by }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ComplaintClass;
    use crate::feedback::classify_complaint::tests::{classified, classify};
    use crate::feedback::{Owed, classify_complaint};
    use crate::step::State;
    use crate::testing::{at, law};

    const OTHER: &str = "G02.002";

    fn forward(to: &str) -> ForwardComplaint {
        ForwardComplaint { to: to.into() }
    }

    #[test]
    fn only_what_is_another_agencys_is_passed_on() {
        let law = law();
        let mut ours = classified(&law, ComplaintClass::ConductOrDelay);
        let refused = ours.execute("2026-11-20T11:00", Role::ComplaintHandler, forward(OTHER));
        assert_eq!(refused, Err(Refusal::NotToBeForwarded));
        let mut theirs = classified(&law, ComplaintClass::NotOurs);
        let unknown = theirs.execute("2026-11-20T11:00", Role::ComplaintHandler, forward("XX9"));
        assert!(matches!(unknown, Err(Refusal::NotAnAgency(_))), "{unknown:?}");
        theirs.execute("2026-11-20T11:00", Role::ComplaintHandler, forward(OTHER)).unwrap();
        assert!(matches!(theirs.state.stage, Stage::Filed { .. }));
    }

    #[test]
    fn the_other_agency_goes_on_with_it_and_this_one_only_reads() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::NotOurs);
        let ours = scene.agency;
        scene.execute("2026-11-20T11:00", Role::ComplaintHandler, forward(OTHER)).unwrap();
        let due = scene.state.due().map(|due| (due.what, due.running.due_at));
        assert_eq!(due, Some((Owed::Classify, at("2026-12-01T00:00"))));
        let conduct = classify(ComplaintClass::ConductOrDelay);
        let refused = scene.execute("2026-11-23T09:00", Role::ComplaintHandler, conduct.clone());
        assert_eq!(refused, Err(classify_complaint::Refusal::NotFiled));
        scene.agency = OTHER;
        scene.execute("2026-11-23T09:00", Role::ComplaintHandler, conduct).unwrap();
        assert!(matches!(scene.state.stage, Stage::Classified { .. }));
        let agencies = scene.state.resource().unwrap().agencies;
        assert_eq!(agencies, [ours.into(), OTHER.into()]);
    }
}
