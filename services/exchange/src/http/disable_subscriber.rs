//! Disables a subscriber. The law:
//! `libs/dossier/src/exchange/disable_subscriber.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::disable_subscriber::DisableSubscriber;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{SubscriberReply, shown};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/subscribers/{subscriber}/disablement",
        "disable_subscriber",
        "Send nothing to a subscriber",
    )
    .step(&DisableSubscriber::STEP)
    .describe("Until it is enabled again, from where it ended. For who subscribed, officers of the agency, and operators.")
    .body::<DisableSubscriber>()
    .unseen()
    .reply::<SubscriberReply>()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let id = (&*subscriber.to_string(), None);
    let loaded = execute_unseen::<DisableSubscriber>(&app.subscribers, id, &request).await?;
    shown(&app, &loaded, false)
}
