//! Finds the payment or payment order that a reference names, as payers and partners write it.

use std::sync::Arc;

use dossier::contract::{DossierId, PaymentId, PaymentOrderId};
use dossier::payment::READ;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, read};

use crate::App;
use crate::record::Found;

/// What a reference names: an attempt of a dossier, or a payment order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentReferenceReply {
    /// Id of the dossier; null if it names a payment order.
    dossier: Option<DossierId>,
    /// Id of the attempt; null if it names a payment order.
    payment: Option<PaymentId>,
    /// Id of the payment order; null for an attempt that is a part of none.
    order: Option<PaymentOrderId>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/payment-references/{reference}",
        "get_payment_reference",
        "Find what a payment reference names",
    )
    .describe(
        "The short reference of a memo, in any case and spacing, or the long one. A mistyped short \
         reference names nothing: it has a check digit.",
    )
    .parameter("reference", "Reference of an attempt or of a payment order.")
    .roles(READ)
    .impersonal("ids of payments")
    .reply::<PaymentReferenceReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, reference: String, request: Request) -> Result<Reply, Problem> {
    request.caller()?;
    let found = app.reports().find(&reference).await;
    let found = found.map_err(|error| Problem::unavailable(&error.to_string()))?;
    let reply = match found.ok_or_else(Problem::not_found)? {
        Found::Order(order) => {
            let mays = dossier::payment_orders::READ;
            read(&app.orders.orders, mays, &order.to_string(), &request).await?;
            PaymentReferenceReply { dossier: None, payment: None, order: Some(order) }
        }
        Found::Attempt(dossier, payment) => {
            let loaded = read(&app.payments, READ, &dossier.to_string(), &request).await?;
            let attempt = loaded.state.attempts.get(&payment).ok_or_else(Problem::not_found)?;
            let order = attempt.started.order.as_ref().map(|share| share.order);
            PaymentReferenceReply { dossier: Some(dossier), payment: Some(payment), order }
        }
    };
    Ok(Reply::ok(&reply))
}
