//! Replaces the secret of a subscriber. The law:
//! `libs/dossier/src/exchange/rotate_subscriber_secret.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::rotate_subscriber_secret::RotateSubscriberSecret;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{SubscriberReply, shown};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/subscribers/{subscriber}/secrets",
        "rotate_subscriber_secret",
        "Replace the secret of a subscriber",
    )
    .step(&RotateSubscriberSecret::STEP)
    .describe("Messages are signed with both secrets for a day, so that the receiver can change its own at any time in between. The reply has the new secret, which is shown nowhere else.")
    .body::<RotateSubscriberSecret>()
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
    let loaded = execute_unseen::<RotateSubscriberSecret>(&app.subscribers, id, &request).await?;
    shown(&app, &loaded, true)
}
