//! The time of a result is over: it is not valid any more.

use super::{DossierResult, Owed};
use crate::contract::{DeliveryEvent, ResultExpired};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "validity";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "expire_result",
    service: "result-delivery",
    basis: "26/2026/NĐ-CP Điều 14",
    may: &[],
    events: &["delivery.ResultExpired.v1"],
    refusals: &[],
};

/// Decides; nothing if it is valid, or does not expire.
#[must_use]
pub fn decide(result: &DossierResult, facts: &Facts<'_>) -> Vec<DeliveryEvent> {
    let open = result.after.validity.filter(Owed::is_open);
    let over = open.map(|validity| validity.running.due_at).filter(|until| *until <= facts.at);
    over.map(|valid_until| ResultExpired { valid_until }.into()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::delivery::issue_result::tests::licence;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn a_licence_of_six_months_expires_once_at_the_end_of_its_last_day() {
        let law = law();
        let mut scene = licence(&law);
        let step = |s: &DossierResult, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        // 23 May 2027 is a Sunday.
        assert!(scene.step("2027-05-24T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2027-05-25T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2027-05-25T00:01", Role::System, step).unwrap().is_empty());
    }
}
