//! Changes a subscriber. The law: `libs/dossier/src/exchange/change_subscriber.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::change_subscriber::ChangeSubscriber;
use serde_json::json;
use web::{Operation, Problem, Reply, Request, execute_as};

use super::reply::{ADDRESS_BLOCKED, SubscribeRequest, SubscriberReply, checked, shown};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/subscribers/{subscriber}/revision",
        "change_subscriber",
        "Change address and filters of a subscriber",
    )
    .step(&ChangeSubscriber::STEP)
    .describe(
        "The body replaces name, address and filters. Another address has to answer a challenge \
         first. It confirms the rights of the caller for another year.",
    )
    .refusals(&[ADDRESS_BLOCKED])
    .body::<SubscribeRequest>()
    .body_example(json!({
        "name": "portal", "url": "https://portal.example/v2/changes", "agencies": ["G02"],
    }))
    .reply::<SubscriberReply>()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let sent: SubscribeRequest = request.json()?;
    checked(&app, &sent.url.0)?;
    let id = (&*subscriber.to_string(), None);
    let command = |sent: SubscribeRequest| ChangeSubscriber {
        name: sent.name.0.clone(),
        address: sent.url.0.clone(),
        wanted: sent.wanted(),
    };
    let loaded = execute_as(&app.subscribers, id, &request, command).await?;
    shown(&app, &loaded, false)
}
