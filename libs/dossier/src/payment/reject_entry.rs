//! A proposed entry is rejected, or withdrawn by its proposer.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{EntryRejected, PaymentEvent, Role};
use crate::proposals::rejected;
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// The rejection of a proposed entry.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectEntryRequest)]
pub struct RejectEntry {
    /// Id of the proposed entry (`proposed_entry`).
    pub entry: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

impl Command for RejectEntry {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_entry",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &["payment.EntryRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let entry = self.entry;
        let reason = rejected(payment.proposed_entry(entry).is_some(), &self.reason)?;
        Ok(Decision::event(EntryRejected { entry, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{RefundOutcome, Vnd};
    use crate::payment::correct_refund::tests::{ended, proposed};
    use crate::testing::law;

    #[test]
    fn a_rejected_entry_changes_nothing_and_makes_room_for_another_one() {
        let law = law();
        let mut scene = ended(&law, RefundOutcome::Refunded);
        let entry = proposed(&mut scene, RefundOutcome::Refused);
        let reject = RejectEntry { entry, reason: "the statement says otherwise".into() };
        scene.execute("2026-11-23T12:00", Role::Approver, reject.clone()).unwrap();
        assert_eq!(scene.state.refunded, Vnd(30_000));
        assert_eq!(scene.state.reasons.rejections.len(), 1);
        let again = scene.execute("2026-11-23T12:01", Role::Approver, reject);
        assert_eq!(again, Err(Refusal::NothingProposed));
        proposed(&mut scene, RefundOutcome::Refused);
    }
}
