//! Shows a payment order to its payer, and to those who collect and check the fees.

use std::sync::Arc;

use dossier::contract::PaymentOrderId;
use dossier::payment_orders::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{PaymentOrderReply, shown_to};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/payment-orders/{order}", "get_payment_order", "Show a payment order")
        .parameter("order", "Id of the payment order.")
        .roles(READ)
        .versioned()
        .reply::<PaymentOrderReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, order: PaymentOrderId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.orders.orders, READ, &order.to_string(), &request).await?;
    shown_to(&app, &loaded, &request).await
}
