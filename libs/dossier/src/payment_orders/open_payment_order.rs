//! All dossiers of a payment order have their attempt: from now on it can be paid.

use super::PaymentOrder;
use crate::contract::{OrderOpened, PaymentOrderEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that an order can be paid.
#[derive(Debug, Clone, Copy)]
pub struct OpenPaymentOrder;

impl Command for OpenPaymentOrder {
    type State = PaymentOrder;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "open_payment_order",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.OrderOpened.v1"],
        refusals: &[],
    };

    /// Nothing, if it was opened or has ended before.
    fn decide(
        &self,
        order: &PaymentOrder,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, LawError> {
        let waits = !order.is_opened() && order.ended().is_none();
        let Some(started) = order.started().filter(|_| waits) else { return Ok(Decision::Nothing) };
        Ok(Decision::event(OrderOpened { order: started.order }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{EventSet, Role};
    use crate::payment_orders::OrderStage;
    use crate::payment_orders::start_payment_order::tests::{command, scene};
    use crate::testing::{at, law};

    #[test]
    fn an_order_is_opened_once_and_not_before_it_has_begun() {
        let law = law();
        let mut scene = scene(&law);
        let early = scene.execute("2026-11-20T09:09", Role::System, OpenPaymentOrder).unwrap();
        assert!(early.is_empty());
        let start = command("sandbox", &[30_000, 60_000]);
        scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
        let moment = at("2026-11-20T09:11");
        assert_eq!(scene.state.stage(moment), Some(OrderStage::Joining));
        for expected in [&["payment.OrderOpened.v1"][..], &[]] {
            let opened = scene.execute("2026-11-20T09:11", Role::System, OpenPaymentOrder).unwrap();
            let kinds: Vec<&str> = opened.iter().map(EventSet::kind).collect();
            assert_eq!(kinds, expected);
        }
        assert_eq!(scene.state.stage(moment), Some(OrderStage::Open));
    }
}
