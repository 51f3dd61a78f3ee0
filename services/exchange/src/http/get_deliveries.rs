//! Lists what became of the messages to a subscriber.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::SubscriberId;
use dossier::exchange::READ;
use events::Position;
use jiff::Timestamp;
use outbox::{Sent, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, PageRows, Problem, Reply, Request, read};

use super::get_subscriber::IMPERSONAL;
use crate::App;
use crate::keys::message_id;
use crate::message::{DeliveryState, Record, Tried};

pub(super) const UNAVAILABLE: RefusalEntry = RefusalEntry {
    status: 503,
    code: "deliveries-unavailable",
    vi: "chưa đọc được nhật ký gửi; hãy thử lại sau",
    en: "the log of deliveries cannot be read; retry later",
};

/// Page of deliveries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveriesQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(minimum = 0)]
    after: Option<u64>,
}

/// A message to a subscriber.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriberDeliveryReply {
    /// Id of the message (`webhook-id`); the same in each try and replay. Null for a challenge.
    #[schema(example = "msg_0671ca1f4813537fa30f6feb4aec6841")]
    message: Option<String>,
    /// Kind of event, `exchange.SubscriberChallenge.v1`, or `withheld` for one that may no longer
    /// be read.
    #[schema(example = "intake.DossierAccepted.v1")]
    kind: String,
    /// Id of the event; null for a challenge.
    event: Option<Uuid>,
    /// Id of the dossier, complaint, mandate or outage, or kind and name of the file of rules.
    #[schema(example = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    subject: Option<String>,
    /// What became of it.
    state: DeliveryState,
    /// End of the newest try.
    at: Timestamp,
    /// The newest tries, at most 10.
    tries: Vec<Tried>,
    /// The beginning of the newest answer that was no success.
    #[schema(example = "Internal Server Error")]
    response: Option<String>,
    /// The cursor with which a replay begins with this message; null for a challenge.
    #[schema(example = "AUrz9…")]
    replay_after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/subscribers/{subscriber}/deliveries",
        "get_deliveries_to_subscriber",
        "List the deliveries to a subscriber",
    )
    .describe(
        "Messages that were tried, the newest changes first, and last the newest challenge. The newest \
         1,000 are kept for 30 days. What still waits for its first try is not among them.",
    )
    .roles(READ)
    .impersonal(IMPERSONAL)
    .query::<DeliveriesQuery>()
    .refusals(&[UNAVAILABLE])
    .list::<SubscriberDeliveryReply>()
    .pages()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    subscriber: SubscriberId,
    request: Request,
) -> Result<Reply, Problem> {
    let query: DeliveriesQuery = request.query()?;
    let id = subscriber.to_string();
    read(&app.subscribers, READ, &id, &request).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    let sent = app.outbox.sent(&id, query.after, max).await;
    let sent: Vec<Sent> = sent.map_err(|error| unavailable(&error))?;
    let rows: Vec<_> = sent.iter().filter_map(|one| row(&app, subscriber, one)).collect();
    let address = format!("/v1/subscribers/{id}/deliveries");
    let next = request.page_after(&address, (&sent, limit), |one| one.position.to_string());
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// The answer while the store of deliveries cannot be read.
pub(super) fn unavailable(error: &StoreError) -> Problem {
    tracing::error!(%error, "log of deliveries unavailable; refusing the request");
    Problem::new(UNAVAILABLE)
}

fn row(app: &App, subscriber: SubscriberId, sent: &Sent) -> Option<SubscriberDeliveryReply> {
    let record: Record = serde_json::from_str(&sent.state).ok()?;
    let before = sent.position.checked_sub(1);
    Some(SubscriberDeliveryReply {
        message: record.event.map(|event| message_id(subscriber, event)),
        kind: record.kind,
        event: record.event,
        subject: record.subject,
        state: record.state,
        at: sent.at,
        tries: record.tries,
        response: record.answer,
        replay_after: before.map(|before| app.cursors.write(Position(before))),
    })
}
