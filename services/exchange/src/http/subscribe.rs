//! Adds a subscriber. The law: `libs/dossier/src/exchange/subscribe.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::subscribe::Subscribe;
use engine::view::Question;
use serde_json::json;
use web::{On, Operation, Problem, Reply, Request, send};

use super::reply::{ADDRESS_BLOCKED, SubscribeRequest, SubscriberReply, body, checked};
use crate::App;
use crate::listed::{name, open};

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/subscribers", "subscribe", "Have changes sent to an address")
        .step(&Subscribe::STEP)
        .describe(
            "What `get_changes` answers is posted to the address, one change at a time, signed by \
             Standard Webhooks. The receiver first has to answer a challenge: it is posted as a CloudEvent \
             of type `exchange.SubscriberChallenge.v1`, and the answer must be JSON with the same \
             `challenge`. A caller receives what the caller may read at the time of each delivery. \
             The reply has the secret, which is shown nowhere else.",
        )
        .refusals(&[ADDRESS_BLOCKED])
        .body::<SubscribeRequest>()
        .body_example(json!({
            "name": "portal", "url": "https://portal.example/changes",
            "kinds": ["intake.DossierAccepted.v1", "payment.*"],
        }))
        .created::<SubscriberReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let sent: SubscribeRequest = request.json()?;
    let address = checked(&app, &sent.url.0)?;
    let id = request.new_id(&app.subscribers, caller, "subscriber").await?;
    let subscriber = SubscriberId(id);
    let party = name(caller.party());
    let open = app.listed.query(Question::List, move |rows| open(rows, &party)).await?;
    let (name, wanted) = (sent.name.0.clone(), sent.wanted());
    let command = Subscribe { subscriber, name, address, wanted, open };
    let id = subscriber.to_string();
    let on = On::stream(&id, None).beginning_without_law();
    let loaded = send(&app.subscribers, &request, on, &command).await?;
    let reply = Reply::created(&format!("/v1/subscribers/{id}"), &body(&app, &loaded, true, None)?);
    Ok(reply.version(loaded.version).position(loaded.position))
}
