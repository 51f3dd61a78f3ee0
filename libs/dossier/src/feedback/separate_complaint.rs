//! A complaint that was merged by mistake is handled by itself again. Its period counts as if it
//! had not been merged.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage};
use crate::access::agency;
use crate::contract::{ComplaintEvent, ComplaintSeparated, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Separates a merged complaint.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeparateComplaintRequest)]
pub struct SeparateComplaint {
    /// Reason, for the complainant.
    #[schema(example = "Phản ánh này về một hồ sơ khác.")]
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `separate_complaint`.
    pub enum Refusal {
        NotMerged => 409, "complaint-not-merged",
            "phản ánh chưa được gộp tại cơ quan này", "the complaint was not merged by this agency";
    }
}

impl Command for SeparateComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "separate_complaint",
        basis: "20/2008/NĐ-CP Điều 9",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintSeparated.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if !matches!(complaint.stage, Stage::Merged { .. }) || !complaint.is_for(facts) {
            return Err(Refusal::NotMerged);
        }
        Ok(Decision::event(ComplaintSeparated { reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::file_complaint::tests::filed;
    use crate::feedback::merge_complaint::tests::{merge, survivor};
    use crate::testing::law;

    #[test]
    fn a_separated_complaint_has_its_period_again() {
        let law = law();
        let mut scene = filed(&law);
        let due = scene.open();
        let separate = SeparateComplaint { reason: "another matter".into() };
        let handler = Role::ComplaintHandler;
        let early = scene.execute("2026-11-20T09:30", handler, separate.clone());
        assert_eq!(early, Err(Refusal::NotMerged));
        merge(&mut scene, survivor("2026-11-19T09:00")).unwrap();
        scene.execute("2026-11-20T11:00", handler, separate).unwrap();
        assert_eq!(scene.open(), due);
    }
}
