//! A proposed resolution is rejected, or withdrawn by its proposer. The discrepancy stays open.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{PaymentEvent, ResolutionRejected, Role};
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// The rejection of a proposed resolution.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectResolutionRequest)]
pub struct RejectResolution {
    /// Id of the proposed resolution, from the payment.
    pub resolution: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

impl Command for RejectResolution {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_resolution",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &["payment.ResolutionRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let resolution = self.resolution;
        if payment.proposed_resolution(resolution).is_none() {
            return Err(Refusal::NothingProposed);
        }
        Ok(Decision::event(ResolutionRejected { resolution, reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::approve_resolution::tests::resolution_proposed;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::law;

    #[test]
    fn what_is_not_agreed_to_stays_in_doubt_and_may_be_looked_into_again() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        let resolution = resolution_proposed(&mut scene, id, 3_000_000);
        let mut reject = || {
            let reject = RejectResolution { resolution, reason: "hundredths".into() };
            scene.execute("2026-11-20T12:00", Role::Approver, reject)
        };
        reject().unwrap();
        assert_eq!(reject(), Err(Refusal::NothingProposed));
        assert!(scene.state.discrepancy.is_some() && scene.state.proposal.is_none());
        resolution_proposed(&mut scene, id, 3_000_000);
    }
}
