//! Returns the fees and payments of a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{PaymentReply, shown_to};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/payments/{dossier}", "get_payment", "Show the fee and payments of a dossier")
        .describe(
            "404 `not-found` as long as there is nothing to pay: before the fee is charged, and for good if the \
             procedure has none.",
        )
        .roles(READ)
        .versioned()
        .reply::<PaymentReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.payments, READ, &dossier.to_string(), &request).await?;
    shown_to(&app, &loaded, &request)
}
