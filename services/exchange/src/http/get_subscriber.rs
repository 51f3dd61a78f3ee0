//! Shows a subscriber.

use std::sync::Arc;

use dossier::contract::SubscriberId;
use dossier::exchange::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{SubscriberReply, shown};
use crate::App;

/// Why reads of subscribers are not recorded.
pub(super) const IMPERSONAL: &str = "addresses and filters of programs, and technical results";

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/subscribers/{subscriber}", "get_subscriber", "Show a subscriber")
        .describe("For who subscribed, officers of the agency, and operators.")
        .roles(READ)
        .impersonal(IMPERSONAL)
        .reply::<SubscriberReply>()
        .versioned()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let loaded = read(&app.subscribers, READ, &subscriber.to_string(), &request).await?;
    shown(&app, &loaded, false)
}
