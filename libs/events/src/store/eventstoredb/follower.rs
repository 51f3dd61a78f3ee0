//! Receives all events of the log in order, appended by this process and others. A subscription
//! delivers each at once, but is not relied on: one whose server is isolated from its cluster stays
//! open and silent. So the leader is asked every second for new events, and at once if an append is
//! not delivered; a subscription that lags behind is restarted.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::log::{Log, place};
use super::reads;
use super::record::{self, PassedOver};
use super::wire::read::{Content, ReadResp};
use crate::Position;
use crate::event::is_whole;
use crate::limits::{CALL_IN, KNOWN_IN, LOOK_EVERY, PAGE_EVENTS_MAX, RECONNECT_PAUSE};
use crate::store::patience::{longer, rest};

/// Follows the log until the tasks are dropped.
pub(super) fn follow(log: &Arc<Log>) -> JoinSet<()> {
    let subscribed = Arc::new(Subscribed::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(listen(Arc::clone(log), Arc::clone(&subscribed)));
    tasks.spawn(ask(Arc::clone(log), subscribed));
    tasks
}

/// The progress of the subscription.
#[derive(Debug, Default)]
struct Subscribed {
    through: AtomicU64,
    /// Notified when it is to be restarted.
    stale: Notify,
}

impl Subscribed {
    fn comes_to(&self, position: Position) {
        self.through.fetch_max(position.0, Ordering::Relaxed);
    }
}

async fn listen(log: Arc<Log>, subscribed: Arc<Subscribed>) {
    let mut pause = RECONNECT_PAUSE;
    loop {
        let began = Instant::now();
        let failure = tokio::select! {
            failure = hear(&log, &subscribed) => failure,
            () = subscribed.stale.notified() => continue,
        };
        tracing::debug!(%failure, "the subscription has ended");
        pause = if began.elapsed() > LOOK_EVERY { RECONNECT_PAUSE } else { longer(pause) };
        rest(pause).await;
    }
}

/// Runs one subscription until it ends.
async fn hear(log: &Log, subscribed: &Subscribed) -> Failure {
    let node = match log.connection.node().await {
        Ok(node) => node,
        Err(failure) => return failure,
    };
    let from = log.known();
    let options = reads::subscription(&log.prefix, place(from));
    let heard: Result<Infallible, Failure> = async {
        // The first message confirms it.
        let begun = timeout(CALL_IN, async {
            let mut read = node.read(options, None).await?;
            Ok::<_, Failure>((read.message().await?, read))
        });
        let (mut next, mut read) = begun.await.map_err(|_| Failure::Silent(CALL_IN))??;
        // If the record at `from` was scavenged, the server starts after the next one, which may be
        // an event of this log. So the log is read to its end before anything that the subscription
        // delivers is used.
        look(log).await?;
        subscribed.comes_to(from);
        while let Some(ReadResp { content }) = next {
            if let Some(content) = content {
                take(log, subscribed, content);
            }
            next = read.message().await?;
        }
        Err(Failure::Passing("the server ended the subscription".to_owned()))
    }
    .await;
    let Err(failure) = heard;
    if failure == Failure::NoPlace {
        log.looked_nowhere();
    } else if failure.is_retryable() {
        log.connection.forget(&node, &failure);
    }
    failure
}

fn take(log: &Log, subscribed: &Subscribed, content: Content) {
    match content {
        Content::Event(event) => {
            let Some(event) = event.event else { return };
            let position = Position(event.commit_position.saturating_add(1));
            match record::recorded(&event, &log.prefix) {
                Ok(event) => drop(log.take_in(vec![event])),
                Err(PassedOver::Odd(stream)) => log.oddities.note(stream),
                Err(PassedOver::Others) => {}
            }
            subscribed.comes_to(position);
        }
        Content::Checkpoint(place) => {
            let position = Position(place.commit.saturating_add(1));
            log.looked_through(position);
            subscribed.comes_to(position);
        }
        Content::StreamNotFound(()) => {}
    }
}

async fn ask(log: Arc<Log>, subscribed: Arc<Subscribed>) {
    let (mut checked, mut before) = (Instant::now(), *log.head.borrow());
    loop {
        tokio::select! {
            () = log.missing.notified() => {}
            () = rest(LOOK_EVERY) => {}
        }
        // By time, because under load some append always waits for what a silent subscription does
        // not deliver.
        if checked.elapsed() >= LOOK_EVERY {
            // A working subscription has delivered the head of a second ago.
            if subscribed.through.load(Ordering::Relaxed) < before.0 {
                subscribed.stale.notify_one();
            }
            (checked, before) = (Instant::now(), *log.head.borrow());
        }
        // A search has a deadline of its own, and its failure has the cause of each host.
        let looked = async {
            log.connection.node().await?;
            look(&log).await
        };
        match looked.await {
            Ok(()) => log.connection.health.up(),
            Err(failure) => {
                log.connection.health.down(&failure);
                rest(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Reads new events.
async fn look(log: &Log) -> Result<(), Failure> {
    let until = Instant::now() + KNOWN_IN;
    // First the end of the server's log, then the events before it, so that no append in between is
    // missed.
    let end = log.connection.ask((until, KNOWN_IN), reads::end).await?;
    while log.known() < end {
        let events = match log.behind(log.known(), None, (PAGE_EVENTS_MAX, until)).await {
            Err(failure @ Failure::NoPlace) => {
                // The record of another program at this position was scavenged.
                log.looked_nowhere();
                log.behind(log.known(), None, (PAGE_EVENTS_MAX, until))
                    .await
                    .map_err(|_| failure)?
            }
            events => events?,
        };
        let whole = is_whole(&events, PAGE_EVENTS_MAX);
        log.take_in(events);
        if whole {
            log.looked_through(end);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
