//! The agency decides whether to renew a result. The new validity begins where the old one ends.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{DossierResult, after};
use crate::access::agency;
use crate::clock;
use crate::contract::{DeliveryEvent, Outcome, RenewalRefused, ResultRenewed, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// The decision on a renewal.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideRenewalRequest)]
pub struct DecideRenewal {
    /// `approved` renews the result.
    pub outcome: Outcome,
    /// Reason for the decision, for the applicant; required for a refusal.
    pub reason: Option<Text<2000>>,
}

refusals! {
    /// Refusals of `decide_renewal`.
    pub enum Refusal {
        NotRequested => 409, "renewal-not-requested",
            "không có đề nghị gia hạn đang chờ", "no request for renewal is open";
        WithoutReason => 422, "renewal-refused-without-reason" at "/reason",
            "từ chối gia hạn phải có lý do", "a refusal requires a reason";
    }
}

impl Command for DecideRenewal {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "decide_renewal",
        basis: "26/2026/NĐ-CP Điều 14",
        may: &[agency(Role::Approver)],
        events: &["delivery.ResultRenewed.v1", "delivery.RenewalRefused.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let after = &result.after;
        let (Some(_), Some(validity)) = (after.renewal, after.validity) else {
            return Err(Refusal::NotRequested);
        };
        match self.outcome {
            Outcome::Refused => {
                let reason = self.reason.as_ref().ok_or(Refusal::WithoutReason)?.personal();
                Ok(Decision::event(RenewalRefused { reason }))
            }
            Outcome::Approved => {
                let rule = facts.rule()?;
                let rules = rule.procedure.result.renewal.as_ref().ok_or(Refusal::NotRequested)?;
                let since = after::last_instant(&validity);
                let valid_until = clock::end_of(rule, since, rules.validity);
                Ok(Decision::event(ResultRenewed { valid_until }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::expire_result::ExpireResult;
    use crate::delivery::request_renewal;
    use crate::delivery::request_renewal::tests::{request, requested};
    use crate::testing::{Scene, at, law};

    fn approve(scene: &mut Scene<'_, DossierResult>) -> Result<Vec<DeliveryEvent>, Refusal> {
        let approve = DecideRenewal { outcome: Outcome::Approved, reason: None };
        scene.execute("2027-05-25T08:00", Role::Approver, approve)
    }

    #[test]
    fn a_renewed_licence_is_valid_for_six_months_from_the_old_end_once() {
        let law = law();
        let mut scene = requested(&law);
        // Decided after the expiry: the result is valid again, without a gap.
        assert_eq!(scene.execute("2027-05-25T00:00", Role::System, ExpireResult).unwrap().len(), 1);
        approve(&mut scene).unwrap();
        let until = scene.state.after.validity.unwrap().running.due_at;
        assert_eq!(until, at("2027-11-26T00:00"), "24 November is a day off");
        assert_eq!(approve(&mut scene), Err(Refusal::NotRequested));
        let again = request(&mut scene, "2027-06-01T09:00");
        assert_eq!(again, Err(request_renewal::Refusal::UsedUp));
    }

    #[test]
    fn a_refusal_needs_a_reason_and_leaves_the_licence_as_it_is() {
        let law = law();
        let mut scene = requested(&law);
        let until = scene.state.after.validity;
        let mut refuse = |reason: Option<&str>| {
            let (outcome, reason) = (Outcome::Refused, reason.map(Into::into));
            scene.execute("2027-05-18T09:00", Role::Approver, DecideRenewal { outcome, reason })
        };
        assert_eq!(refuse(None), Err(Refusal::WithoutReason));
        refuse(Some("chưa báo cáo")).unwrap();
        assert_eq!(scene.state.after.validity, until);
    }
}
