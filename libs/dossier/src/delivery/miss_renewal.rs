//! A renewal was not decided in time. The miss stays on record; the renewal can still be decided.

use super::{DossierResult, Owed};
use crate::clock::late_by_ms;
use crate::contract::{DeliveryEvent, RenewalOverdue};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a renewal was not decided in time.
#[derive(Debug, Clone, Copy)]
pub struct MissRenewal;

impl Command for MissRenewal {
    type State = DossierResult;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_renewal",
        basis: "26/2026/NĐ-CP Điều 14",
        may: &[],
        events: &["delivery.RenewalOverdue.v1", "delivery.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if it was decided, was recorded as missed, or is not due yet.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, LawError> {
        let open = result.after.renewal.filter(Owed::is_open);
        let over = open.map(|renewal| renewal.running.due_at).filter(|due_at| *due_at <= facts.at);
        let overdue = over.map(|due_at| {
            RenewalOverdue { due_at, late_by_ms: late_by_ms(due_at, facts.at) }.into()
        });
        Ok(overdue.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::delivery::request_renewal::tests::requested;
    use crate::testing::law;

    #[test]
    fn an_agency_that_does_not_decide_in_time_is_recorded_once() {
        let law = law();
        let mut scene = requested(&law);
        assert!(scene.execute("2027-05-24T23:59", Role::System, MissRenewal).unwrap().is_empty());
        assert_eq!(scene.execute("2027-05-25T00:00", Role::System, MissRenewal).unwrap().len(), 1);
        assert!(scene.execute("2027-05-25T00:01", Role::System, MissRenewal).unwrap().is_empty());
    }
}
