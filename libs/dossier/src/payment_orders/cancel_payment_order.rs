//! The payer, or a cashier, cancels a payment order: its dossiers can be paid otherwise. Money that
//! the payer has sent all the same counts when it comes.

use serde::Deserialize;
use utoipa::ToSchema;

use super::PaymentOrder;
use crate::access::{agency, own};
use crate::contract::{OrderEnd, OrderEnded, PaymentOrderEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Nothing more is needed to cancel it.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelPaymentOrder {}

refusals! {
    /// Refusals of `cancel_payment_order`.
    pub enum Refusal {
        Paid => 409, "order-paid",
            "lệnh nộp chung này đã được trả", "the order has been paid";
    }
}

impl Command for CancelPaymentOrder {
    type State = PaymentOrder;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "cancel_payment_order",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[own(Role::Applicant), agency(Role::Cashier)],
        events: &["payment.OrderEnded.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it has ended before.
    fn decide(
        &self,
        order: &PaymentOrder,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, Refusal> {
        if order.paid().is_some() {
            return Err(Refusal::Paid);
        }
        let Some(started) = order.started().filter(|_| order.ended().is_none()) else {
            return Ok(Decision::Nothing);
        };
        let (order, why) = (started.order, OrderEnd::Cancelled);
        Ok(Decision::event(OrderEnded { order, why, dossier: None, code: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment_orders::take_order_notice::tests::{captured, open};
    use crate::testing::law;

    #[test]
    fn what_was_paid_is_not_cancelled_and_what_was_cancelled_can_still_be_paid() {
        let law = law();
        let mut scene = open(&law, "sandbox");
        for events in [1, 0] {
            let cancel = CancelPaymentOrder {};
            let ended = scene.execute("2026-11-20T09:20", Role::Applicant, cancel).unwrap();
            assert_eq!(ended.len(), events);
        }
        let late = captured("e1", Some("t1"), 90_000);
        scene.execute("2026-11-20T09:21", Role::PaymentProvider, late).unwrap();
        assert!(scene.state.paid().is_some());
        let again = scene.execute("2026-11-20T09:22", Role::Applicant, CancelPaymentOrder {});
        assert_eq!(again, Err(Refusal::Paid));
    }
}
