//! Cancels a payment order. The law: `libs/dossier/src/payment_orders/cancel_payment_order.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::PaymentOrderId;
use dossier::payment_orders::cancel_payment_order::CancelPaymentOrder;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{PaymentOrderReply, shown_to};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-orders/{order}/cancellation",
        "cancel_payment_order",
        "Cancel a payment order",
    )
    .describe(
        "Its dossiers can then be paid otherwise. Money that the payer has sent all the same counts when it comes; \
         what was paid twice goes back.",
    )
    .parameter("order", "Id of the payment order.")
    .step(&CancelPaymentOrder::STEP)
    .body::<CancelPaymentOrder>()
    .reply::<PaymentOrderReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, order: PaymentOrderId, request: Request) -> Result<Reply, Problem> {
    let on = (&*order.to_string(), None);
    execute_unseen::<CancelPaymentOrder>(&app.orders.orders, on, &request).await?;
    let loaded = app.orders.carry(order).await?;
    shown_to(&app, &loaded, &request).await
}
