//! A proposed refund is rejected, or withdrawn by its proposer.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{PaymentEvent, RefundRejected, Role};
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// The rejection of a proposed refund.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectRefundRequest)]
pub struct RejectRefund {
    /// Id of the proposed refund, from the payment.
    pub refund: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

impl Command for RejectRefund {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_refund",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &["payment.RefundRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let refund = self.refund;
        if payment.proposed_refund(refund).is_none() {
            return Err(Refusal::NothingProposed);
        }
        Ok(Decision::event(RefundRejected { refund, reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::approve_refund::tests::proposed;
    use crate::testing::law;

    #[test]
    fn a_rejected_refund_gives_nothing_back_and_the_money_stays_owed() {
        let law = law();
        let (mut scene, refund) = proposed(&law);
        let reject = |scene: &mut crate::testing::Scene<'_, Payment>| {
            let reject = RejectRefund { refund, reason: "wrong account".into() };
            scene.execute("2026-11-20T12:00", Role::Approver, reject)
        };
        reject(&mut scene).unwrap();
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(0), Vnd(2_970_000)));
        assert!(scene.state.owed_repayment().is_some() && scene.state.proposal.is_none());
        assert_eq!(reject(&mut scene), Err(Refusal::NothingProposed));
    }
}
