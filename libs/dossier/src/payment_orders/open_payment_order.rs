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
