//! An issued result is revoked: it is no longer valid (for example Decree 31/2018/NĐ-CP, art. 22).
//! The history is kept.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{DossierResult, Stage};
use crate::access::agency;
use crate::contract::{DeliveryEvent, ResultRevoked, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Revokes an issued result.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeResultRequest)]
pub struct RevokeResult {
    /// Written reason, for the applicant.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `revoke_result`.
    pub enum Refusal {
        NotIssued => 409, "result-not-issued",
            "chưa có kết quả để thu hồi", "no result has been issued, or it was revoked already";
    }
}

impl Command for RevokeResult {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "revoke_result",
        basis: "31/2018/NĐ-CP Điều 22",
        may: &[agency(Role::Approver)],
        events: &["delivery.ResultRevoked.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let _ = facts;
        match result.stage() {
            Stage::Issued | Stage::WithCarrier | Stage::Delivered => {
                Ok(Decision::event(ResultRevoked { reason: self.reason.personal() }))
            }
            Stage::Empty | Stage::Prepared | Stage::Revoked | Stage::Cancelled => {
                Err(Refusal::NotIssued)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::DeliveryChannel;
    use crate::delivery::issue_result::tests::issued;
    use crate::testing::law;

    #[test]
    fn a_result_is_revoked_once() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Download);
        let revoke = RevokeResult { reason: "forged invoice".into() };
        scene.execute("2026-11-24T09:00", Role::Approver, revoke.clone()).unwrap();
        let again = scene.execute("2026-11-24T09:00", Role::Approver, revoke);
        assert_eq!(again, Err(Refusal::NotIssued));
    }
}
