//! Hears of every event that is appended, by this process and others, in the order of the log.

use std::sync::Arc;

use eventstore::{Error, StreamPosition, SubscribeToAllOptions, SubscriptionEvent};

use super::log::{Log, place};
use super::{connection, record};
use crate::limits::RECONNECT_PAUSE;
use crate::store::patience::{longer, rest};

/// Follows the log until the store is dropped.
pub(super) async fn follow(log: Arc<Log>) {
    let mut pause = RECONNECT_PAUSE;
    loop {
        let begun = log.tail.head();
        let error = match hear(&log).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        tracing::warn!(%error, "what is appended is not heard of");
        log.connection.forget().await;
        pause = if log.tail.head() > begun { RECONNECT_PAUSE } else { longer(pause) };
        rest(pause).await;
    }
}

/// Listens until the connection ends.
async fn hear(log: &Log) -> Result<std::convert::Infallible, String> {
    let said = |error: Error| error.to_string();
    let client = log.connection.client().await.map_err(said)?;
    // A subscription begins behind its position.
    let from = place(log.tail.head()).map_or(StreamPosition::Start, StreamPosition::Position);
    let options = SubscribeToAllOptions::default().filter(connection::streams(&log.prefix));
    let mut subscription = client.subscribe_to_all(&options.position(from)).await;
    loop {
        let heard = subscription.next_subscription_event().await.map_err(said)?;
        if let SubscriptionEvent::EventAppeared(event) = heard
            && let Some(event) = &event.event
        {
            let event = record::recorded(event, &log.prefix).map_err(|error| error.to_string())?;
            let position = event.position;
            if position > log.tail.head() {
                log.tail.extend(vec![Arc::new(event)]);
                log.head.send_replace(position);
            }
        }
    }
}
