//! Sends changes again. The law: `libs/dossier/src/exchange/replay_changes.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::SubscriberId;
use dossier::exchange::replay_changes::ReplayChanges;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{On, Operation, Problem, Reply, Request, send};

use super::reply::{SubscriberReply, shown};
use crate::App;

/// The value of `after` for all changes from the beginning of the log.
const START: &str = "start";

/// From where changes are sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayChangesRequest {
    /// A cursor of a change, of a delivery or of `get_changes`, or `start` for all changes from the
    /// beginning of the log. From now on if absent: what waits is left out.
    #[schema(example = "start", max_length = 200)]
    after: Option<web::Line<200>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/subscribers/{subscriber}/replays",
        "replay_changes",
        "Send changes after a cursor again",
    )
    .step(&ReplayChanges::STEP)
    .describe(
        "In the order of the log, by the filters and the rights of the present. Messages have the \
         ids of the first time, so a receiver recognises what it has.",
    )
    .body::<ReplayChangesRequest>()
    .unseen()
    .reply::<SubscriberReply>()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let sent: ReplayChangesRequest = request.json()?;
    let head = app.engine().store.head();
    let after = match sent.after.as_ref().map(|after| &*after.0) {
        None => head,
        Some(START) => events::Position::START,
        Some(cursor) => {
            let known = app.cursors.read(cursor).ok().filter(|after| *after <= head);
            known.ok_or_else(|| {
                let vi = "không phải con trỏ của nhật ký này";
                let en = "is not a cursor of this log";
                Problem::field(web::problem::BODY_INVALID, "/after", vi, en)
            })?
        }
    };
    let id = subscriber.to_string();
    let on = On::stream(&id, None);
    let loaded = send(&app.subscribers, &request, on, &ReplayChanges { after: after.0 }).await?;
    shown(&app, &loaded, false)
}
