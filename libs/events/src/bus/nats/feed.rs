//! A follower on NATS: merges its sources into commit order, and reads in the store what the bus
//! does not deliver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::message::Acker;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::message::{self, Carried};
use super::seal::Kind;
use super::{Nats, rest, unreachable};
use crate::bus::{BusError, source};
use crate::limits::{
    ANSWER_TIMEOUT, BUS_ARRIVALS, BUS_BATCH, BUS_BATCH_BYTES, BUS_GRACE, BUS_PAUSE, FEED_BYTES_MAX,
    READ_BYTES_MAX, SAID_IN,
};
use crate::{Cause, Filter, Page, Position, ReadError, Recorded};

/// See [`super::super::Feed`].
pub struct Feed {
    nats: Nats,
    filter: Filter,
    sources: Vec<Source>,
    arrivals: mpsc::Receiver<Arrival>,
    /// Events that pass the filter and were not returned yet.
    events: BTreeMap<Position, Arc<Recorded>>,
    /// Bytes of these.
    bytes: usize,
    /// Messages to acknowledge.
    unacked: BTreeMap<Position, Acker>,
    handled: Position,
    /// Pages up to here were returned, and their events are no longer buffered.
    handed: Position,
    /// Whether to read the store up to its head, because the bus lags or may lag.
    from_store: bool,
    /// Number of events read in the store.
    filled: u64,
    _bringing: JoinSet<()>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("sources", &self.sources).finish_non_exhaustive()
    }
}

/// Delivery state of one source.
#[derive(Debug, Default)]
struct Source {
    through: Position,
    /// Events that arrived before their predecessor: position and predecessor's position.
    early: BTreeMap<Position, Position>,
    /// The relay's last announcement: scanned position, and position of its newest event.
    looked: (Position, Position),
}

impl Source {
    fn advance(&mut self) {
        while let Some(first) = self.early.first_entry() {
            if *first.get() > self.through {
                break;
            }
            self.through = self.through.max(*first.key());
            first.remove();
        }
        let (looked, newest) = self.looked;
        if newest <= self.through {
            self.through = self.through.max(looked);
        }
    }

    fn reach(&mut self, position: Position) {
        self.through = self.through.max(position);
        self.advance();
    }
}

enum Arrival {
    Event(usize, Box<Carried>, Acker),
    Looked(usize, Position, Position),
}

impl Feed {
    pub(super) fn open(nats: &Nats, name: &'static str, filter: Filter) -> Self {
        let mut names: Vec<&str> = filter.kinds.iter().map(|kind| source(kind)).collect();
        names.sort_unstable();
        names.dedup();
        let (arrived, arrivals) = mpsc::channel(BUS_ARRIVALS);
        let mut bringing = JoinSet::new();
        for (index, source) in names.iter().enumerate() {
            let way = Way { source: (*source).to_owned(), name, index, arrived: arrived.clone() };
            bringing.spawn(bring(nats.clone(), way));
        }
        let sources = names.iter().map(|_| Source::default()).collect();
        Self {
            nats: nats.clone(),
            sources,
            arrivals,
            events: BTreeMap::new(),
            bytes: 0,
            unacked: BTreeMap::new(),
            handled: Position::START,
            handed: Position::START,
            from_store: true,
            filled: 0,
            filter,
            _bringing: bringing,
        }
    }

    pub(in crate::bus) async fn page(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let page = self.next_page(after, limit).await?;
        self.handed = self.handed.max(page.through);
        Ok(page)
    }

    async fn next_page(&mut self, after: Position, limit: usize) -> Result<Page, ReadError> {
        if after < self.handed {
            // A page that could not be handled is requested again.
            return self.nats.store.read_all(after, &self.filter, limit).await;
        }
        self.sources.iter_mut().for_each(|source| source.reach(after));
        while let Ok(arrival) = self.arrivals.try_recv() {
            self.take(arrival).await;
        }
        if self.through() > after {
            return Ok(self.brought(after, limit));
        }
        if self.from_store {
            let head = self.nats.store.head();
            let page = self.nats.store.read_all(after, &self.filter, limit).await?;
            // At the head, the bus gets its grace period again.
            self.from_store = page.through < head;
            if page.through > after {
                self.sources.iter_mut().for_each(|source| source.reach(page.through));
                self.filled += page.events.len() as u64;
                self.events = self.events.split_off(&Position(page.through.0 + 1));
                self.bytes = self.events.values().map(|event| event.bytes()).sum();
                return Ok(page);
            }
        }
        Ok(Page { events: Vec::new(), through: after })
    }

    /// A page of buffered events.
    fn brought(&mut self, after: Position, limit: usize) -> Page {
        let (mut page, mut bytes) = (Page { events: Vec::new(), through: self.through() }, 0);
        while let Some(first) = self.events.first_entry() {
            if *first.key() > page.through {
                break;
            }
            if page.events.len() == limit || bytes >= READ_BYTES_MAX {
                // There are more: the page ends where it is full.
                page.through =
                    page.events.last().map_or(after, |event: &Arc<Recorded>| event.position);
                break;
            }
            let (position, event) = first.remove_entry();
            self.bytes -= event.bytes();
            if position > after {
                bytes += event.bytes();
                page.events.push(event);
            }
        }
        page
    }

    pub(in crate::bus) async fn wait_past(&mut self, after: Position) {
        let store = Arc::clone(&self.nats.store);
        let overdue = async {
            store.wait_past(after).await;
            rest(BUS_GRACE).await;
        };
        tokio::pin!(overdue);
        while self.through() <= after {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => {
                    self.take(arrival).await;
                    if self.bytes >= FEED_BYTES_MAX {
                        // An earlier event is missing.
                        self.from_store = true;
                        return;
                    }
                }
                () = &mut overdue => {
                    self.from_store = true;
                    return;
                }
            }
        }
    }

    pub(in crate::bus) async fn handled(&mut self, through: Position) {
        self.handled = self.handled.max(through);
        let left = self.unacked.split_off(&Position(through.0 + 1));
        for acker in std::mem::replace(&mut self.unacked, left).into_values() {
            self.ack(&acker).await;
        }
    }

    /// A lost acknowledgement causes a redelivery, which is skipped; so this never waits for a
    /// connection.
    async fn ack(&self, acker: &Acker) {
        if self.nats.is_connected() {
            let _ = tokio::time::timeout(SAID_IN, acker.ack()).await;
        }
    }

    pub(in crate::bus) const fn filled(&self) -> u64 {
        self.filled
    }

    /// The position up to which all sources are complete.
    fn through(&self) -> Position {
        self.sources.iter().map(|source| source.through).min().unwrap_or(Position::START)
    }

    async fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Looked(index, through, newest) => {
                if let Some(source) = self.sources.get_mut(index) {
                    source.looked = source.looked.max((through, newest));
                    source.advance();
                }
            }
            Arrival::Event(index, carried, acker) => {
                let Carried { event, previous } = *carried;
                let position = event.position;
                if position <= self.handled {
                    self.ack(&acker).await;
                    return;
                }
                self.unacked.insert(position, acker);
                let Some(source) = self.sources.get_mut(index) else { return };
                if position > source.through {
                    if self.filter.passes(&event.kind) && !self.events.contains_key(&position) {
                        if self.bytes >= FEED_BYTES_MAX {
                            // Dropped; it is read in the store when its turn comes.
                            self.from_store = true;
                            return;
                        }
                        self.bytes += event.bytes();
                        self.events.insert(position, Arc::new(event));
                    }
                    source.early.insert(position, previous);
                    source.advance();
                }
            }
        }
    }
}

/// A source and a follower.
struct Way {
    source: String,
    name: &'static str,
    index: usize,
    arrived: mpsc::Sender<Arrival>,
}

/// Fetches a source's stream until the follower is dropped.
async fn bring(nats: Nats, way: Way) {
    let mut said = String::new();
    loop {
        let begun = Instant::now();
        let Err(error) = bring_until_broken(&nats, &way).await else { return };
        let why = error.to_string();
        // Log each cause once, not each attempt, and again after it worked.
        if begun.elapsed() > ANSWER_TIMEOUT || why != said {
            match error {
                BusError::Unreachable(_) => {
                    tracing::warn!(
                        source = way.source,
                        follower = way.name,
                        why,
                        "NATS pull consumer failed; retrying"
                    );
                }
                // Logged once, when the connection was established.
                BusError::TooOld { .. } => {}
                _ => {
                    tracing::error!(
                        source = way.source,
                        follower = way.name,
                        why,
                        "NATS pull consumer cannot be used; followers read the store"
                    );
                }
            }
            said = why;
        }
        rest(BUS_PAUSE).await;
    }
}

async fn bring_until_broken(nats: &Nats, way: &Way) -> Result<(), BusError> {
    let mut looked = nats.client.subscribe(nats.looked(&way.source)).await.map_err(unreachable)?;
    let consumer = nats.consumer(&way.source, way.name).await?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(BUS_BATCH)
        .max_bytes_per_batch(BUS_BATCH_BYTES)
        .expires(Duration::from_secs(10))
        .heartbeat(Duration::from_secs(2))
        .messages()
        .await
        .map_err(unreachable)?;
    let ended = || BusError::Unreachable(Cause::new("connection closed"));
    loop {
        let arrival = tokio::select! {
            message = messages.next() => {
                let (message, acker) = message.ok_or_else(ended)?.map_err(unreachable)?.split();
                let headers = message.headers.as_ref();
                let carried = headers.and_then(|headers| message::read(headers, &message.payload, (&way.source, nats)));
                let Some(carried) = carried else {
                    tracing::error!(subject = %message.subject, "bus message without a valid seal; skipping it");
                    // Otherwise it is redelivered for ever.
                    let _ = acker.ack_with(async_nats::jetstream::AckKind::Term).await;
                    continue;
                };
                Arrival::Event(way.index, Box::new(carried), acker)
            }
            said = looked.next() => {
                let said = said.ok_or_else(ended)?;
                let Some([through, newest]) = nats.heard(Kind::Looked, &way.source, &said) else {
                    continue;
                };
                Arrival::Looked(way.index, through, newest)
            }
        };
        if way.arrived.send(arrival).await.is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(position: u64) -> Position {
        Position(position)
    }

    #[test]
    fn a_source_has_come_as_far_as_no_predecessor_is_missing() {
        let mut source = Source::default();
        source.early.insert(at(7), at(4));
        source.advance();
        assert_eq!(source.through, at(0), "4 is missing");
        source.early.insert(at(4), at(0));
        source.advance();
        assert_eq!(source.through, at(7));
    }

    #[test]
    fn a_relay_that_has_looked_further_is_believed_once_its_newest_event_is_here() {
        let mut source = Source { looked: (at(20), at(7)), ..Source::default() };
        source.early.insert(at(4), at(0));
        source.advance();
        assert_eq!(source.through, at(4), "7 is under way");
        source.early.insert(at(7), at(4));
        source.advance();
        assert_eq!(source.through, at(20));
    }

    #[test]
    fn what_was_read_in_the_store_need_not_be_brought() {
        let mut source = Source::default();
        source.early.insert(at(9), at(7));
        source.reach(at(8));
        assert_eq!(source.through, at(9));
    }
}
