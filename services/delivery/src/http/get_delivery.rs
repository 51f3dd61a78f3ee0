//! Returns the result of a dossier and its delivery.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{DeliveryReply, shown_to};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/deliveries/{dossier}", "get_delivery", "Show the result of a dossier")
        .describe(
            "Its location, its validity and the duties that follow it. 404 `not-found` before the \
             decision, and for good if there is no result.",
        )
        .roles(READ)
        .reply::<DeliveryReply>()
        .versioned()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.results, READ, &dossier.to_string(), &request).await?;
    shown_to(&app, &loaded, &request)
}
