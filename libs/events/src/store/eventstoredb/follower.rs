//! Hears of every event that is appended, by this process and others, in the order of the log. A subscription brings each at
//! once. It alone is not relied on: one whose server has lost its cluster stays and says nothing. So the leader is asked every
//! second for what is new, and at once where an append is not heard of; a subscription that is behind that is made anew.

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

/// Follows the log until what is returned is dropped.
pub(super) fn follow(log: &Arc<Log>) -> JoinSet<()> {
    let subscribed = Arc::new(Subscribed::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(listen(Arc::clone(log), Arc::clone(&subscribed)));
    tasks.spawn(ask(Arc::clone(log), subscribed));
    tasks
}

/// How far the subscription has come.
#[derive(Debug, Default)]
struct Subscribed {
    through: AtomicU64,
    /// Told when it is to be made anew.
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

/// Takes in what a subscription brings, until it ends.
async fn hear(log: &Log, subscribed: &Subscribed) -> Failure {
    let node = match log.connection.node().await {
        Ok(node) => node,
        Err(failure) => return failure,
    };
    let from = log.known();
    let options = reads::subscription(&log.prefix, place(from));
    let heard: Result<Infallible, Failure> = async {
        // The first message says that it has begun.
        let begun = timeout(CALL_IN, async {
            let mut read = node.read(options, None).await?;
            Ok::<_, Failure>((read.message().await?, read))
        });
        let (mut next, mut read) = begun.await.map_err(|_| Failure::Silent(CALL_IN))??;
        // Where the record at `from` was scavenged, the server begins behind the one that follows it, which may be ours: what stands
        // there by now is read before anything behind it is taken in.
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
    } else if failure.may_pass() {
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
        // By time: under load somebody always waits for what a silent subscription does not bring.
        if checked.elapsed() >= LOOK_EVERY {
            // What stood in the log a second ago was brought by a subscription that works.
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

/// Takes in what is new.
async fn look(log: &Log) -> Result<(), Failure> {
    let until = Instant::now() + KNOWN_IN;
    // First the end of everything, then what is before it: what is appended in between is not passed over.
    let end = log.connection.ask((until, KNOWN_IN), reads::end).await?;
    while log.known() < end {
        let events = match log.behind(log.known(), None, (PAGE_EVENTS_MAX, until)).await {
            Err(failure @ Failure::NoPlace) => {
                // The record of somebody else that stood there is gone.
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
