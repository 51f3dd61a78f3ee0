//! Ends a subscriber. The law:
//! `libs/dossier/src/exchange/end_subscriber.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::end_subscriber::EndSubscriber;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{SubscriberReply, shown};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/subscribers/{subscriber}/end", "end_subscriber", "End a subscriber")
        .step(&EndSubscriber::STEP)
        .describe("For good: nothing more is sent, and what was kept of its deliveries is removed.")
        .body::<EndSubscriber>()
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
    let loaded = execute_unseen::<EndSubscriber>(&app.subscribers, id, &request).await?;
    shown(&app, &loaded, false)
}
