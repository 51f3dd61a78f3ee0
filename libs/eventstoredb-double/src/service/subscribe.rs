//! Subscriptions: reads without an end. A subscription is confirmed, delivers existing events page
//! by page, reports that it has caught up, and then delivers new events.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use tonic::Status;
use uuid::Uuid;

use super::message;
use super::read::{Answers, PAGE_EVENTS, answers};
use crate::cluster::Node;
use crate::log::reading::{Look, Page, Refused};
use crate::wire::read::{Confirmation, From, ReadContent, ReadResp, Revision, StreamOptions};
use crate::wire::{Empty, Position};

/// State of a subscription.
struct Subscription {
    node: Arc<Node>,
    /// Its number, from 0.
    number: u64,
    /// Messages to send next.
    said: VecDeque<ReadResp>,
    ends: watch::Receiver<u64>,
    dropped: watch::Receiver<u64>,
    live: bool,
    structured: bool,
    of: Subject,
}

enum Subject {
    All {
        /// Place of the next page.
        from: u64,
        look: Look,
        checkpoints: Option<Checkpoints>,
    },
    Stream {
        name: String,
        /// The next revision; `None` to begin with the first one that exists.
        next: Option<u64>,
    },
}

/// Sends a checkpoint after a number of scanned events.
struct Checkpoints {
    interval: usize,
    considered: usize,
}

pub(super) fn to_all(
    node: Arc<Node>,
    from: From,
    look: Look,
    multiplier: Option<u32>,
    structured: bool,
) -> Result<Answers, Status> {
    let began = {
        let log = node.cluster.log();
        let began = log.forwards_from(from);
        // Begins after the event at its place.
        began.map(|place| if matches!(from, From::Position(_)) { log.behind(place) } else { place })
    };
    let from = began.map_err(|refused| match refused {
        Refused::InvalidPosition | Refused::Beyond => {
            Status::invalid_argument("Trying to read from an invalid position.")
        }
        Refused::Unreadable => message::thrown(),
    })?;
    let checkpoints = match multiplier {
        None => None,
        Some(0) => return Err(message::thrown()),
        Some(multiplier) => {
            Some(Checkpoints { interval: look.window * multiplier as usize, considered: 0 })
        }
    };
    Ok(subscription(node, Subject::All { from, look, checkpoints }, structured))
}

pub(super) fn to_stream(
    node: Arc<Node>,
    options: &StreamOptions,
    structured: bool,
) -> Result<Answers, Status> {
    let name = message::name(options.stream_identifier.as_ref()).ok_or_else(message::thrown)?;
    let newest = {
        let log = node.cluster.log();
        log.stream(&name, u64::MAX).and_then(|records| records.last().map(|last| last.revision))
    };
    let next = match options.revision {
        None | Some(Revision::Start(Empty {})) => None,
        Some(Revision::At(revision)) => Some(revision.saturating_add(1)),
        Some(Revision::End(Empty {})) => Some(newest.map_or(0, |newest| newest + 1)),
    };
    Ok(subscription(node, Subject::Stream { name, next }, structured))
}

fn subscription(node: Arc<Node>, of: Subject, structured: bool) -> Answers {
    let subscription_id = Uuid::new_v4().to_string();
    let confirmed = ReadContent::Confirmation(Confirmation { subscription_id });
    let (ends, dropped) = (node.cluster.end.subscribe(), node.cluster.dropped.subscribe());
    let said = VecDeque::from([ReadResp { content: Some(confirmed) }]);
    let number = node.cluster.subscriptions.fetch_add(1, Ordering::SeqCst);
    let begun = Subscription { node, number, said, ends, dropped, live: false, structured, of };
    let answers = stream::unfold(Some(begun), |under_way| async {
        let mut subscription = under_way?;
        match subscription.next().await {
            Ok(said) => Some((Ok(said), Some(subscription))),
            Err(ended) => Some((Err(ended), None)),
        }
    });
    answers.boxed()
}

impl Subscription {
    async fn next(&mut self) -> Result<ReadResp, Status> {
        loop {
            if let Some(said) = self.said.pop_front() {
                return Ok(said);
            }
            self.ends.borrow_and_update();
            let muted = self.number < self.node.cluster.muted.load(Ordering::SeqCst);
            let reached = if muted { Reached::Nothing } else { self.page() };
            match reached {
                Reached::More => continue,
                Reached::End if !self.live => {
                    self.live = true;
                    let caught_up = ReadContent::CaughtUp(Empty {});
                    self.said.push_back(ReadResp { content: Some(caught_up) });
                }
                Reached::End | Reached::Nothing => {}
            }
            if !self.said.is_empty() {
                continue;
            }
            tokio::select! {
                _ = self.dropped.changed() => return Err(too_slow()),
                // The cluster outlives its subscriptions.
                _ = self.ends.changed() => {}
            }
        }
    }

    /// Reads the next page.
    fn page(&mut self) -> Reached {
        let (until, log) = (self.node.until(), self.node.cluster.log());
        match &mut self.of {
            Subject::All { from, look, checkpoints } => {
                look.until = until;
                let page = log.forwards(*from, look);
                self.said.extend(answers(page.events.iter(), self.structured));
                let due = checkpoints.as_mut().and_then(|due| due.reached(&page, self.live));
                if let Some(place) = due {
                    let at = Position { commit: place, prepare: place };
                    self.said.push_back(ReadResp { content: Some(ReadContent::Checkpoint(at)) });
                }
                *from = page.next;
                if page.ends { Reached::End } else { Reached::More }
            }
            Subject::Stream { name, next } => {
                let Some(records) = log.stream(name, until) else {
                    return if next.is_some() { Reached::End } else { Reached::Nothing };
                };
                let first = records.partition_point(|record| Some(record.revision) < *next);
                let mut page = records.iter().skip(first).take(PAGE_EVENTS);
                self.said.extend(answers(page.clone(), self.structured));
                *next = Some(
                    page.next_back().map_or(next.unwrap_or_default(), |last| last.revision + 1),
                );
                if records.len() - first > PAGE_EVENTS { Reached::More } else { Reached::End }
            }
        }
    }
}

/// Whether more follows a page.
enum Reached {
    More,
    End,
    /// The stream does not exist yet.
    Nothing,
}

impl Checkpoints {
    /// Place of the checkpoint, if one is due after the page.
    fn reached(&mut self, page: &Page, live: bool) -> Option<u64> {
        self.considered += page.considered;
        if self.considered < self.interval {
            return None;
        }
        self.considered %= self.interval;
        let (first, last) = page.looked_at?;
        // While catching up: the last delivered event, or else the beginning of the page.
        let caught_up = page.events.last().map_or(first, |event| event.place);
        Some(if live { last } else { caught_up })
    }
}

fn too_slow() -> Status {
    Status::aborted(
        "Operation timed out: Consumer too slow to handle event while live. Client resubscription required.",
    )
}
