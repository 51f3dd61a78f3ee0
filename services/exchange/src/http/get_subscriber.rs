//! Shows a subscriber.

use std::sync::Arc;

use dossier::contract::SubscriberId;
use dossier::exchange::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::get_deliveries::{UNAVAILABLE, unavailable};
use super::reply::{SubscriberReply, body};
use crate::App;

/// Why reads of subscribers are not recorded.
pub(super) const IMPERSONAL: &str = "addresses and filters of programs, and technical results";

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/subscribers/{subscriber}", "get_subscriber", "Show a subscriber")
        .describe("For who subscribed, officers of the agency, and operators.")
        .roles(READ)
        .impersonal(IMPERSONAL)
        .refusals(&[UNAVAILABLE])
        .reply::<SubscriberReply>()
        .versioned()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let id = subscriber.to_string();
    let loaded = read(&app.subscribers, READ, &id, &request).await?;
    let place = app.outbox.place(&id).await.map_err(|error| unavailable(&error))?;
    let body = body(&app, &loaded, false, place.as_ref())?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}
