//! The log among the server's streams: read in parts, and taken in as it grows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::failure::Failure;
use super::reads::{self, Direction, Part, Wanted, of_log, of_stream};
use super::record::Oddities;
use super::wire::Place;
use super::wire::read::{From, Revision};
use crate::event::{fill, is_whole};
use crate::limits::{ANSWERED_IN, CALL_IN, FIND_TIMEOUT, HEARD_IN, HEARD_SOON, PAGE_EVENTS_MAX};
use crate::store::is_same;
use crate::store::tail::{Sought, Tail};
use crate::{NewEvent, Position, Recorded, StreamName, Version};

/// What follower and readers share.
#[derive(Debug)]
pub(super) struct Log {
    /// What stands before the names of our streams in the server's.
    pub(super) prefix: String,
    pub(super) connection: Connection,
    /// The newest events, as they were heard of; at least the newest.
    pub(super) tail: Tail,
    pub(super) head: watch::Sender<Position>,
    /// Told when somebody waits to hear of what was appended.
    pub(super) missing: Notify,
    /// What was found among our streams that is not ours.
    pub(super) oddities: Oddities,
    /// Up to where there is nothing of ours behind the head: other programs' events are looked through once.
    looked: Mutex<Position>,
}

impl Log {
    /// The log as far as it reaches now.
    pub(super) async fn open(connection: Connection, prefix: String) -> Result<Self, Failure> {
        let until = Instant::now() + ANSWERED_IN;
        // First the end of everything, then what is before it: what is appended in between is not passed over.
        let end = connection.ask((until, CALL_IN), reads::end).await?;
        let mut log = Self {
            prefix,
            connection,
            tail: Tail::new(Position::START),
            head: watch::Sender::new(Position::START),
            missing: Notify::new(),
            oddities: Oddities::default(),
            looked: Mutex::new(end),
        };
        if let Some(newest) = log.before(From::End(()), 1, until).await?.pop() {
            log.tail = Tail::new(Position(newest.position.0 - 1));
            log.take_in(vec![newest]);
        }
        Ok(log)
    }

    /// The name of a stream in the server's.
    pub(super) fn name(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// Takes in events that stand one behind the other in the log, from one on that is known. Says how many are new.
    pub(super) fn take_in(&self, mut events: Vec<Recorded>) -> usize {
        // Whoever else takes some in waits.
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let head = *self.head.borrow();
        events.retain(|event| event.position > head);
        if let Some(last) = events.last() {
            let last = last.position;
            let new = events.len();
            self.tail.extend(events.into_iter().map(Arc::new).collect());
            self.head.send_replace(last);
            drop(looked);
            return new;
        }
        0
    }

    /// Takes note that everything of ours up to there was taken in.
    pub(super) fn looked_through(&self, position: Position) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        *looked = (*looked).max(position);
    }

    /// Forgets it, if no record stands there any more.
    pub(super) fn looked_nowhere(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Position::START;
    }

    /// Up to where everything of ours was taken in.
    pub(super) fn known(&self) -> Position {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.max(*self.head.borrow())
    }

    /// The events of an append as they stand in the log, once they were heard of as they were given; nothing if that does not
    /// happen soon. `position` is where the server says that the last one stands. That is the rule, and saves a read.
    pub(super) async fn heard(
        &self,
        (stream, base): (&StreamName, Version),
        events: &[NewEvent],
        position: Option<Position>,
    ) -> Option<Vec<Arc<Recorded>>> {
        let mut head = self.head.subscribe();
        let last = Version(base.0 + events.len() as u64);
        let hears = async {
            loop {
                let reached = *head.borrow_and_update();
                match self.tail.ending_with(stream, last, events.len()) {
                    Sought::Found(heard) => return Some(heard),
                    Sought::Gone => return None,
                    // It was appended before, and so long ago that it is not in memory any more.
                    Sought::NotThere if position.is_some_and(|at| at <= reached) => return None,
                    Sought::NotThere => head.changed().await.ok()?,
                }
            }
        };
        tokio::pin!(hears);
        let heard = match timeout(HEARD_SOON, &mut hears).await {
            Ok(heard) => heard?,
            Err(_) => {
                self.missing.notify_one();
                timeout(HEARD_IN, &mut hears).await.ok()??
            }
        };
        let same = heard.iter().zip(events).all(|(heard, event)| is_same(heard, event));
        same.then_some(heard)
    }

    /// Returns once everything up to a position, which stands in the log already, was taken in.
    pub(super) async fn comes_to(&self, position: Position, until: Instant) -> Result<(), Failure> {
        let mut head = self.head.subscribe();
        self.missing.notify_one();
        let late = || Failure::Passing("what was appended is not heard of".to_owned());
        let heard = tokio::time::timeout_at(until, head.wait_for(|head| *head >= position)).await;
        heard.map_err(|_| late())?.map_err(|_| late())?;
        Ok(())
    }

    /// At most `limit` events of a stream behind a version.
    pub(super) async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        // The revision of the event behind `after` is its version.
        let (mut events, mut from) = (Vec::new(), Some(after.0));
        while let Some(at) = from.take() {
            let (from_here, within) = (Revision::At(at), (limit - events.len(), until));
            let part = self.stream_part(stream, from_here, Direction::Forwards, within).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.map(|(_, revision)| revision + 1);
            }
        }
        Ok(fill(events, limit))
    }

    /// The newest event of a stream.
    pub(super) async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, Failure> {
        let until = Instant::now() + ANSWERED_IN;
        let mut from = Some(Revision::End(()));
        while let Some(at) = from.take() {
            let part = self.stream_part(stream, at, Direction::Backwards, (1, until)).await?;
            if let Some(event) = part.events.into_iter().next() {
                return Ok(Some(event));
            }
            let before = part.last.and_then(|(_, revision)| revision.checked_sub(1));
            from = before.map(Revision::At);
        }
        Ok(None)
    }

    async fn stream_part(
        &self,
        stream: &StreamName,
        from: Revision,
        direction: Direction,
        (limit, until): (usize, Instant),
    ) -> Result<Part, Failure> {
        let options = of_stream(&self.name(stream), from, direction, limit);
        let part = self.connection.ask((until, CALL_IN), |node| {
            reads::take(node, options.clone(), Wanted::most(limit), (&self.prefix, &self.oddities))
        });
        match part.await {
            Err(Failure::NoStream) => Ok(Part { ended: true, ..Part::default() }),
            part => part,
        }
    }

    /// At most `limit` events behind a position that the store gave, up to `through`.
    pub(super) async fn behind(
        &self,
        after: Position,
        through: Option<Position>,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        let (mut events, mut from) = (Vec::new(), Some(after));
        while let Some(after) = from.take() {
            let begins = place(after).map_or(From::Start(()), From::Place);
            let wanted = Wanted { events: limit - events.len(), through, but: Some(after) };
            // The read begins with the event at the place itself.
            let part = self.log_part(begins, Direction::Forwards, wanted, until).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.map(|(position, _)| position);
            }
        }
        Ok(fill(events, limit))
    }

    /// At most `limit` events before a place, newest first.
    pub(super) async fn before(
        &self,
        from: From,
        limit: usize,
        until: Instant,
    ) -> Result<Vec<Recorded>, Failure> {
        let (mut events, mut from) = (Vec::new(), Some(from));
        while let Some(at) = from.take() {
            let wanted = Wanted::most(limit - events.len());
            let part = self.log_part(at, Direction::Backwards, wanted, until).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.and_then(|(position, _)| place(position)).map(From::Place);
            }
        }
        Ok(fill(events, limit))
    }

    async fn log_part(
        &self,
        from: From,
        direction: Direction,
        wanted: Wanted,
        until: Instant,
    ) -> Result<Part, Failure> {
        // One more, where the first one is not wanted.
        let count = wanted.events + usize::from(wanted.but.is_some());
        let options = of_log(&self.prefix, from, direction, count);
        self.connection
            .ask((until, FIND_TIMEOUT), |node| {
                reads::take(node, options.clone(), wanted, (&self.prefix, &self.oddities))
            })
            .await
    }

    /// At most `limit` events up to the one at a position, newest first.
    pub(super) async fn up_to(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, Failure> {
        let until = Instant::now() + ANSWERED_IN;
        let head = *self.head.borrow();
        let beyond = through > head && {
            // Another store may have given it, or another process's append may not have been heard of yet.
            through > self.connection.ask((until, CALL_IN), reads::end).await?
        };
        let through = if beyond { head } else { through };
        if let Some(back) = self.tail.back(through, limit)
            && through <= head
        {
            return self.and_before(back, limit, until).await;
        }
        let Some(at) = place(through) else { return Ok(Vec::new()) };
        // Forwards a read begins with the event at its place, backwards with the one before it.
        let wanted = Wanted { events: 1, through: Some(through), but: None };
        let part = self.log_part(From::Place(at), Direction::Forwards, wanted, until);
        let mut events = match part.await {
            // Another store gave the number, before the log was copied here.
            Err(Failure::NoPlace) => return Ok(Vec::new()),
            part => part?.events,
        };
        events.retain(|event| event.position <= through);
        if events.len() < limit {
            let before = From::Place(at);
            events.extend(self.before(before, limit - events.len(), until).await?);
        }
        // Two reads, of which each was as large as one may be.
        Ok(fill(events, limit))
    }

    /// Goes on with what is before the oldest event in memory.
    async fn and_before(
        &self,
        mut events: Vec<Recorded>,
        limit: usize,
        until: Instant,
    ) -> Result<Vec<Recorded>, Failure> {
        if is_whole(&events, limit)
            && let Some(oldest) = events.last().and_then(|oldest| place(oldest.position))
        {
            let before = From::Place(oldest);
            events.extend(self.before(before, limit - events.len(), until).await?);
        }
        Ok(fill(events, limit))
    }

    /// The same as `behind`, behind a number that is no event's position, for example one that another store gave before the
    /// log was copied here: looked for from the beginning, which takes its time and happens once.
    pub(super) async fn look_for(
        &self,
        after: Position,
        through: Option<Position>,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        tracing::warn!(after = after.0, "a position that this store did not give");
        let mut from = Position::START;
        loop {
            let mut events = self.behind(from, through, (PAGE_EVENTS_MAX, until)).await?;
            match events.last() {
                Some(last) if last.position <= after => from = last.position,
                Some(_) | None => {
                    events.retain(|event| event.position > after);
                    events.truncate(limit);
                    return Ok(events);
                }
            }
        }
    }
}

/// Where the event of a position begins; nothing before the first one.
pub(super) fn place(position: Position) -> Option<Place> {
    position.0.checked_sub(1).map(Place::of)
}
