//! What is owed after a result was not done in time: recorded for ever; it can still be done.

use std::borrow::Cow;

use super::DossierResult;
use crate::clock::late_by_ms;
use crate::contract::{DeliveryEvent, DutyMissed};
use crate::step::{Facts, Step};

/// The obligations that lead here begin like this; then comes the code of the duty.
const PREFIX: &str = "duty:";

/// The obligation that leads here.
#[must_use]
pub(super) fn kind(duty: &str) -> Cow<'static, str> {
    format!("{PREFIX}{duty}").into()
}

/// The duty behind an obligation.
pub(super) fn duty(kind: &str) -> Option<&str> {
    kind.strip_prefix(PREFIX)
}

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_duty",
    service: "result-delivery",
    basis: "81/2018/NĐ-CP Điều 21",
    may: &[],
    events: &["delivery.DutyMissed.v1", "delivery.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if it was done, or its time is not over.
#[must_use]
pub fn decide(result: &DossierResult, duty: &str, facts: &Facts<'_>) -> Vec<DeliveryEvent> {
    let owed = result.after.duties.get(duty).filter(|owed| owed.is_open());
    let over = owed.map(|owed| owed.running.due_at).filter(|due_at| *due_at <= facts.at);
    let missed = over.map(|due_at| {
        let late_by_ms = late_by_ms(due_at, facts.at);
        DutyMissed { duty: duty.to_owned(), due_at, late_by_ms }.into()
    });
    missed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::delivery::issue_result::tests::promotion;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn what_was_not_done_in_time_is_recorded_once() {
        let law = law();
        let mut scene = promotion(&law);
        let step = |s: &DossierResult, f: &Facts<'_>| Ok::<_, LawError>(decide(s, "prizes", f));
        assert!(scene.step("2027-02-15T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2027-02-16T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2027-02-16T00:01", Role::System, step).unwrap().is_empty());
    }
}
