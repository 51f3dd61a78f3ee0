//! The applicant requests the renewal of a result, in time before it expires (for example Decree
//! 26/2026/NĐ-CP, art. 14: at least five working days).

use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DossierResult, Stage, after};
use crate::access::{agency, own};
use crate::clock;
use crate::contract::{DeliveryEvent, RenewalRequested, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// A request to renew a result.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RequestRenewalRequest)]
pub struct RequestRenewal {
    /// Reason for the request, in the applicant's words.
    pub reason: Option<Text<2000>>,
}

refusals! {
    /// Refusals of `request_renewal`.
    pub enum Refusal {
        NotRenewable => 409, "result-not-renewable",
            "kết quả này không được gia hạn", "results of this procedure cannot be renewed";
        NotValid => 409, "result-not-valid",
            "không có kết quả còn hiệu lực", "there is no valid result";
        TooLate(Date) => 409, "renewal-too-late",
            "đã quá thời điểm được đề nghị gia hạn, ngày cuối cùng là",
            "it is too late to request a renewal; the last day was";
        Waiting => 409, "renewal-requested",
            "đã có đề nghị gia hạn đang chờ", "a request for renewal is waiting for a decision";
        UsedUp => 409, "renewals-used-up",
            "đã gia hạn đủ số lần được phép", "the result has been renewed as often as the law allows";
    }
}

impl Command for RequestRenewal {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "request_renewal",
        basis: "26/2026/NĐ-CP Điều 14",
        may: &[own(Role::Applicant), agency(Role::Clerk)],
        events: &["delivery.RenewalRequested.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let rule = facts.rule()?;
        let rules = rule.procedure.result.renewal.as_ref().ok_or(Refusal::NotRenewable)?;
        let issued =
            matches!(result.stage(), Stage::Issued | Stage::WithCarrier | Stage::Delivered);
        let valid = result.after.validity.filter(|validity| validity.is_open() && issued);
        let validity = valid.ok_or(Refusal::NotValid)?;
        if result.after.renewal.is_some() {
            return Err(Refusal::Waiting);
        }
        if result.after.renewals >= rules.times {
            return Err(Refusal::UsedUp);
        }
        let expires_on = rule.calendar.date_of(after::last_instant(&validity));
        let last_day = rule.calendar.nth_working_day_before(expires_on, rules.ask_before)?;
        if rule.calendar.date_of(facts.at) > last_day {
            return Err(Refusal::TooLate(last_day));
        }
        let decide_by = clock::end_of(rule, facts.at, rules.decide_within);
        let reason = self.reason.as_ref().map(Text::personal);
        Ok(Decision::event(RenewalRequested { reason, decide_by }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::DeliveryChannel;
    use crate::delivery::expire_result::ExpireResult;
    use crate::delivery::issue_result::tests::{issued, licence};
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn request(
        scene: &mut Scene<'_, DossierResult>,
        moment: &str,
    ) -> Result<Vec<DeliveryEvent>, Refusal> {
        scene.execute(moment, Role::Applicant, RequestRenewal { reason: None })
    }

    pub(crate) fn requested(law: &Law) -> Scene<'_, DossierResult> {
        let mut scene = licence(law);
        request(&mut scene, "2027-05-17T23:59").unwrap();
        scene
    }

    #[test]
    fn a_licence_is_renewed_if_asked_for_five_working_days_before_it_expires_and_not_later() {
        let law = law();
        // It expires at the end of Monday, 24 May 2027.
        let mut scene = licence(&law);
        let late = request(&mut scene, "2027-05-18T00:00");
        assert_eq!(late, Err(Refusal::TooLate(date(2027, 5, 17))));
        let mut scene = requested(&law);
        let due = scene.state.after.renewal.unwrap().running.due_at;
        assert_eq!(due, at("2027-05-25T00:00"), "five working days");
        assert_eq!(request(&mut scene, "2027-05-17T23:59"), Err(Refusal::Waiting));
    }

    #[test]
    fn what_has_expired_or_is_valid_for_ever_is_not_renewed() {
        let law = law();
        let mut scene = licence(&law);
        scene.execute("2027-05-25T00:00", Role::System, ExpireResult).unwrap();
        assert_eq!(request(&mut scene, "2027-05-25T09:00"), Err(Refusal::NotValid));
        let mut other = issued(&law, DeliveryChannel::Download);
        assert_eq!(request(&mut other, "2026-11-24T09:00"), Err(Refusal::NotRenewable));
    }
}
