//! A result that was issued is no longer valid (for example Decree 31/2018/NĐ-CP, art. 22). The history stays.

use super::{DossierResult, Stage};
use crate::access::agency;
use crate::contract::{DeliveryEvent, Personal, ResultRevoked, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "revoke_result",
    service: "result-delivery",
    basis: "31/2018/NĐ-CP Điều 22",
    may: &[agency(Role::Approver)],
    events: &["delivery.ResultRevoked.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a result cannot be revoked.
    pub enum Refusal {
        NotIssued => 409, "result-not-issued",
            "chưa có kết quả để thu hồi", "no result was issued, or it was revoked before";
    }
}

/// Decides.
pub fn decide(
    result: &DossierResult,
    reason: String,
    _facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    match result.stage {
        Stage::Issued | Stage::WithCarrier | Stage::Delivered => {
            Ok(vec![ResultRevoked { reason: Personal::from(reason) }.into()])
        }
        Stage::Empty | Stage::Prepared | Stage::Revoked | Stage::Cancelled => {
            Err(Refusal::NotIssued)
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
        let revoke = |s: &DossierResult, f: &Facts<'_>| decide(s, "forged invoice".to_owned(), f);
        scene.step("2026-11-24T09:00", Role::Approver, revoke).unwrap();
        let again = scene.step("2026-11-24T09:00", Role::Approver, revoke);
        assert_eq!(again, Err(Refusal::NotIssued));
    }
}
