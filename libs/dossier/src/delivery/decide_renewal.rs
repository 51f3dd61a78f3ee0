//! The agency decides whether a result is valid for longer. A new time begins where the old one ends.

use super::{DossierResult, after};
use crate::access::agency;
use crate::clock;
use crate::contract::{DeliveryEvent, Outcome, Personal, RenewalRefused, ResultRenewed, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "decide_renewal",
    service: "result-delivery",
    basis: "26/2026/NĐ-CP Điều 14",
    may: &[agency(Role::Approver)],
    events: &["delivery.ResultRenewed.v1", "delivery.RenewalRefused.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why it cannot be decided.
    pub enum Refusal {
        NotRequested => 409, "renewal-not-requested",
            "không có đề nghị gia hạn đang chờ", "no request for it waits";
        WithoutReason => 422, "renewal-refused-without-reason",
            "từ chối gia hạn phải có lý do", "a refusal needs a reason";
    }
}

/// Decides.
pub fn decide(
    result: &DossierResult,
    outcome: Outcome,
    reason: Option<String>,
    facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let after = &result.after;
    let (Some(_), Some(validity)) = (after.renewal, after.validity) else {
        return Err(Refusal::NotRequested);
    };
    match outcome {
        Outcome::Refused => {
            let reason = Personal::from(reason.ok_or(Refusal::WithoutReason)?);
            Ok(vec![RenewalRefused { reason }.into()])
        }
        Outcome::Approved => {
            let rule = facts.rule()?;
            let rules = rule.procedure.result.renewal.as_ref().ok_or(Refusal::NotRequested)?;
            let since = after::last_instant(&validity);
            let valid_until = clock::end_of(rule, since, rules.validity);
            Ok(vec![ResultRenewed { valid_until }.into()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::expire_result;
    use crate::delivery::request_renewal;
    use crate::delivery::request_renewal::tests::{request, requested};
    use crate::step::LawError;
    use crate::testing::{Scene, at, law};

    fn approve(scene: &mut Scene<'_, DossierResult>) -> Result<Vec<DeliveryEvent>, Refusal> {
        scene.step("2027-05-25T08:00", Role::Approver, |s, f| decide(s, Outcome::Approved, None, f))
    }

    #[test]
    fn a_renewed_licence_is_valid_for_six_months_from_the_old_end_once() {
        let law = law();
        let mut scene = requested(&law);
        // Decided after it expired: it is valid again, without a day between.
        let expire =
            |s: &DossierResult, f: &Facts<'_>| Ok::<_, LawError>(expire_result::decide(s, f));
        assert_eq!(scene.step("2027-05-25T00:00", Role::System, expire).unwrap().len(), 1);
        approve(&mut scene).unwrap();
        let until = scene.state.after.validity.unwrap().running.due_at;
        assert_eq!(until, at("2027-11-25T00:00"), "24 November is a day off");
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
            let reason = reason.map(str::to_owned);
            scene.step("2027-05-18T09:00", Role::Approver, |s, f| {
                decide(s, Outcome::Refused, reason, f)
            })
        };
        assert_eq!(refuse(None), Err(Refusal::WithoutReason));
        refuse(Some("chưa báo cáo")).unwrap();
        assert_eq!(scene.state.after.validity, until);
    }
}
