//! A payment order cannot be paid: a dossier owes something else by now, or the provider does not
//! begin the payment.

use super::PaymentOrder;
use crate::contract::{DossierId, OrderEnd, OrderEnded, PaymentOrderEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Ends an order without money.
#[derive(Debug, Clone)]
pub struct EndPaymentOrder {
    pub why: OrderEnd,
    /// The dossier that could not be paid any more.
    pub dossier: Option<DossierId>,
    /// The provider's code of a failure.
    pub code: Option<String>,
}

impl Command for EndPaymentOrder {
    type State = PaymentOrder;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "end_payment_order",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.OrderEnded.v1"],
        refusals: &[],
    };

    /// Nothing, if it was paid or has ended before, or was opened although a dossier was thought to
    /// have changed.
    fn decide(
        &self,
        order: &PaymentOrder,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, LawError> {
        let Self { why, dossier, code } = self.clone();
        let is_over = order.paid().is_some() || order.ended().is_some();
        let is_late = why == OrderEnd::NotOpened && order.is_opened();
        let Some(started) = order.started().filter(|_| !is_over && !is_late) else {
            return Ok(Decision::Nothing);
        };
        Ok(Decision::event(OrderEnded { order: started.order, why, dossier, code }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment_orders::open_payment_order::OpenPaymentOrder;
    use crate::payment_orders::start_payment_order::tests::{command, scene};
    use crate::testing::law;

    fn end(why: OrderEnd) -> EndPaymentOrder {
        EndPaymentOrder { why, dossier: None, code: None }
    }

    #[test]
    fn of_opening_and_ending_an_order_the_first_one_counts() {
        let law = law();
        for opens_first in [true, false] {
            let mut scene = scene(&law);
            let start = command("sandbox", &[30_000, 60_000]);
            scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
            let mut count = 0;
            for opens in [opens_first, !opens_first] {
                let end = end(OrderEnd::NotOpened);
                count += if opens {
                    scene.execute("2026-11-20T09:11", Role::System, OpenPaymentOrder).unwrap().len()
                } else {
                    scene.execute("2026-11-20T09:11", Role::System, end).unwrap().len()
                };
            }
            assert_eq!((count, scene.state.is_opened()), (1, opens_first));
            let failed = scene.execute("2026-11-20T09:12", Role::System, end(OrderEnd::Failed));
            assert_eq!(failed.unwrap().len(), usize::from(opens_first));
        }
    }
}
