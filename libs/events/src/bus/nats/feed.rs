//! A follower on NATS: puts what several sources bring back into the order of the log, and reads in the store what they do not
//! bring.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::message::Acker;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::message::{self, Carried};
use super::seal::Kind;
use super::{Nats, rest, unavailable};
use crate::bus::{BusError, source};
use crate::limits::{
    ANSWER_TIMEOUT, BUS_ARRIVALS, BUS_BATCH, BUS_BATCH_BYTES, BUS_GRACE, BUS_PAUSE, FEED_BYTES_MAX,
    READ_BYTES_MAX, SAID_IN,
};
use crate::{Filter, Page, Position, ReadError, Recorded};

/// See [`super::super::Feed`].
pub struct Feed {
    nats: Nats,
    filter: Filter,
    sources: Vec<Source>,
    arrivals: mpsc::Receiver<Arrival>,
    /// What passes the filter and was not handed out yet.
    events: BTreeMap<Position, Arc<Recorded>>,
    /// Bytes of these.
    bytes: usize,
    /// How to say that a message was handled, for those of which that was not said yet.
    unacked: BTreeMap<Position, Acker>,
    handled: Position,
    /// Up to here pages were handed out, and what was in them is not kept here any more.
    handed: Position,
    /// The bus is behind the store, or nobody knows: read there until its end.
    from_store: bool,
    /// How many events were read there.
    filled: u64,
    _bringing: JoinSet<()>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("sources", &self.sources).finish_non_exhaustive()
    }
}

/// How far one source has brought everything.
#[derive(Debug, Default)]
struct Source {
    through: Position,
    /// Events whose predecessors are missing: their positions, and each one's predecessor's.
    early: BTreeMap<Position, Position>,
    /// What the relay said last: up to where it has looked, and its newest event.
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
            // Whoever could not handle a page asks for it again.
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
            // At its end, the bus has its time again to bring the next.
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

    /// A page of what the bus has brought.
    fn brought(&mut self, after: Position, limit: usize) -> Page {
        let (mut page, mut bytes) = (Page { events: Vec::new(), through: self.through() }, 0);
        while let Some(first) = self.events.first_entry() {
            if *first.key() > page.through {
                break;
            }
            if page.events.len() == limit || bytes >= READ_BYTES_MAX {
                // There is at least one more: the page ends where it is full.
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
                        // Something before all of that is missing.
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

    /// What is not heard comes again, and is passed over; so nobody waits for a bus that is away.
    async fn ack(&self, acker: &Acker) {
        if self.nats.is_connected() {
            let _ = tokio::time::timeout(SAID_IN, acker.ack()).await;
        }
    }

    pub(in crate::bus) const fn filled(&self) -> u64 {
        self.filled
    }

    /// Up to where every source has brought everything.
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
                            // As if it had not come: it is read in the store when its turn comes.
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

/// From which source to which follower.
struct Way {
    source: String,
    name: &'static str,
    index: usize,
    arrived: mpsc::Sender<Arrival>,
}

/// Brings what a source's stream has, for as long as somebody takes it.
async fn bring(nats: Nats, way: Way) {
    let mut said = String::new();
    loop {
        let begun = Instant::now();
        let Err(error) = bring_until_broken(&nats, &way).await else { return };
        let why = error.to_string();
        // One line for each cause, not for each attempt; one that comes back after it worked is said again.
        if begun.elapsed() > ANSWER_TIMEOUT || why != said {
            match error {
                BusError::Unavailable(_) => {
                    tracing::warn!(
                        source = way.source,
                        follower = way.name,
                        why,
                        "the bus brings nothing"
                    );
                }
                // Said once for all of them when it was connected to.
                BusError::TooOld { .. } => {}
                _ => {
                    tracing::error!(
                        source = way.source,
                        follower = way.name,
                        why,
                        "the bus is unusable"
                    );
                }
            }
            said = why;
        }
        rest(BUS_PAUSE).await;
    }
}

async fn bring_until_broken(nats: &Nats, way: &Way) -> Result<(), BusError> {
    let mut looked = nats.client.subscribe(nats.looked(&way.source)).await.map_err(unavailable)?;
    let consumer = nats.consumer(&way.source, way.name).await?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(BUS_BATCH)
        .max_bytes_per_batch(BUS_BATCH_BYTES)
        .expires(Duration::from_secs(10))
        .heartbeat(Duration::from_secs(2))
        .messages()
        .await
        .map_err(unavailable)?;
    let ended = || BusError::Unavailable("the connection is closed".to_owned());
    loop {
        let arrival = tokio::select! {
            message = messages.next() => {
                let (message, acker) = message.ok_or_else(ended)?.map_err(unavailable)?.split();
                let headers = message.headers.as_ref();
                let carried = headers.and_then(|headers| message::read(headers, &message.payload, (&way.source, nats)));
                let Some(carried) = carried else {
                    tracing::error!(subject = %message.subject, "a message on the bus is not ours");
                    // It would come again for ever.
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
