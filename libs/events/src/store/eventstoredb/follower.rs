//! Hears of every event that is appended, by this process and others, in the order of the log. The server is asked, at once
//! when this process has appended and otherwise every now and then. The client's subscriptions are not used: one that is ended in
//! order is asked again without a pause and without letting go of its thread, and one whose server has lost its cluster says
//! nothing and stays. Every read asks for the leader, has a limit, and is made anew.

use std::sync::Arc;

use tokio::time::Instant;

use super::log::Log;
use crate::event::is_whole;
use crate::limits::{ASK_EVERY, LOOK_EVERY, PAGE_EVENTS_MAX, RECONNECT_PAUSE};
use crate::store::patience::{longer, rest};
use crate::{Position, ReadError};

/// Follows the log until the store is dropped.
pub(super) async fn follow(log: Arc<Log>) {
    let (mut pause, mut looked) = (RECONNECT_PAUSE, Looked::default());
    loop {
        match hear(&log, &mut looked).await {
            Ok(true) => {}
            Ok(false) => {
                pause = RECONNECT_PAUSE;
                tokio::select! {
                    () = log.appended.notified() => {}
                    () = rest(ASK_EVERY) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "what is appended is not heard of");
                pause = longer(pause);
                rest(pause).await;
            }
        }
    }
}

/// Up to where there is nothing of ours: other programs' events are looked through once, not again and again.
#[derive(Debug, Default)]
struct Looked {
    through: Position,
    at: Option<Instant>,
}

/// Takes in what is new; says whether there may be more.
async fn hear(log: &Log, looked: &mut Looked) -> Result<bool, ReadError> {
    // First the end of everything, then what is before it: what is appended in between is not passed over.
    let end = match looked.at {
        Some(at) if at.elapsed() < LOOK_EVERY => None,
        _ => Some(log.end().await?),
    };
    let events = log.behind(log.tail.head().max(looked.through), PAGE_EVENTS_MAX).await?;
    let last = events.last().map(|last| last.position);
    let full = !is_whole(&events, PAGE_EVENTS_MAX);
    if let Some(last) = last {
        log.tail.extend(events.into_iter().map(Arc::new).collect());
        log.head.send_replace(last);
    }
    if let Some(end) = end
        && !full
    {
        *looked = Looked { through: end, at: Some(Instant::now()) };
    }
    Ok(full)
}
