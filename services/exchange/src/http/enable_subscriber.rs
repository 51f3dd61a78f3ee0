//! Enables a subscriber. The law:
//! `libs/dossier/src/exchange/enable_subscriber.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::enable_subscriber::EnableSubscriber;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{SubscriberReply, shown};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/subscribers/{subscriber}/enablement",
        "enable_subscriber",
        "Send changes to a subscriber again",
    )
    .step(&EnableSubscriber::STEP)
    .describe("Once the address has answered a new challenge, changes are sent from where they ended. For one that is not verified, the challenge is sent again.")
    .body::<EnableSubscriber>()
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
    let loaded = execute_unseen::<EnableSubscriber>(&app.subscribers, id, &request).await?;
    shown(&app, &loaded, false)
}
