//! The log among the server's streams: read in parts, and followed.

use std::sync::Arc;

use eventstore::{
    Error, Position as Place, ReadAllOptions, ReadStreamOptions, RecordedEvent, StreamPosition,
};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::connection::{self, Connection, is_no_place};
use super::record;
use crate::event::fill;
use crate::limits::{FIND_TIMEOUT, HEARD_IN, PAGE_EVENTS_MAX, RECONNECT_MAX};
use crate::store::is_same;
use crate::store::tail::Tail;
use crate::{AppendError, NewEvent, Position, ReadError, Recorded, StreamName, Version};

/// What follower and readers share.
#[derive(Debug)]
pub(super) struct Log {
    /// What stands before the names of our streams in the server's.
    pub(super) prefix: String,
    pub(super) connection: Connection,
    /// The newest events, as they were heard of.
    pub(super) tail: Tail,
    pub(super) head: watch::Sender<Position>,
    /// Told when this process has appended.
    pub(super) appended: Notify,
}

/// Why a read of the log gave nothing.
#[derive(Debug)]
pub(super) enum Refused {
    /// No event begins at the position.
    NoPlace,
    Failed(ReadError),
}

impl From<Refused> for ReadError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoPlace => {
                Self::Unavailable("no event of the log has this position".to_owned())
            }
            Refused::Failed(error) => error,
        }
    }
}

impl Log {
    /// The log as far as it reaches now.
    pub(super) async fn open(connection: Connection, prefix: String) -> Result<Self, ReadError> {
        let (tail, head) = (Tail::new(Position::START), watch::Sender::new(Position::START));
        let mut log = Self { prefix, connection, tail, head, appended: Notify::new() };
        let end = ReadAllOptions::default().position(StreamPosition::End).backwards();
        if let Some(newest) = log.read_log(end, 1).await?.pop() {
            log.tail = Tail::new(newest.position);
            log.head.send_replace(newest.position);
        }
        Ok(log)
    }

    /// The name of a stream in the server's.
    pub(super) fn name(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// The events of an append as they stand in the log, once the follower has heard of them as they were given; nothing if
    /// it does not soon. That is the rule, and saves a read.
    pub(super) async fn heard(
        &self,
        stream: &StreamName,
        base: Version,
        events: &[NewEvent],
    ) -> Option<Vec<Arc<Recorded>>> {
        let mut head = self.head.subscribe();
        let last = Version(base.0 + events.len() as u64);
        self.appended.notify_one();
        let hears = async {
            loop {
                head.borrow_and_update();
                match self.tail.newest(stream, events.len()) {
                    Some(heard) if heard.last().is_some_and(|newest| newest.version == last) => {
                        return Some(heard);
                    }
                    // The stream has gone on: it was appended before.
                    Some(heard) if heard.last().is_some_and(|newest| newest.version > last) => {
                        return None;
                    }
                    Some(_) | None => head.changed().await.ok()?,
                }
            }
        };
        let heard = timeout(HEARD_IN, hears).await.ok()??;
        let same = heard.iter().zip(events).all(|(heard, event)| is_same(heard, event));
        same.then_some(heard)
    }

    /// Returns once the follower has come to a position, which stands in the log already.
    pub(super) async fn comes_to(&self, position: Position) -> Result<(), AppendError> {
        let mut head = self.head.subscribe();
        let late = || AppendError::Unavailable("what was appended is not heard of".to_owned());
        let heard = timeout(RECONNECT_MAX, head.wait_for(|head| *head >= position)).await;
        heard.map_err(|_| late())?.map_err(|_| late())?;
        Ok(())
    }

    pub(super) async fn read_stream(
        &self,
        stream: &StreamName,
        options: ReadStreamOptions,
    ) -> Result<Vec<Recorded>, ReadError> {
        let name = self.name(stream);
        let answer = self.connection.ask(|client| {
            let (name, options) = (name.clone(), options.clone());
            async move { connection::all_of(client.read_stream(name, &options).await?).await }
        });
        match answer.await {
            Ok(events) => {
                events.iter().map(|event| record::recorded(event, &self.prefix)).collect()
            }
            Err(Error::ResourceNotFound) => Ok(Vec::new()),
            Err(error) => Err(ReadError::Unavailable(error.to_string())),
        }
    }

    /// At most `limit` events of the log, as `options` say, and at most as large as a read may be.
    async fn read_log(
        &self,
        options: ReadAllOptions,
        limit: usize,
    ) -> Result<Vec<Recorded>, Refused> {
        self.read_log_but(None, options, limit).await
    }

    /// The same where the event at a place is brought and not wanted.
    async fn read_log_but(
        &self,
        unwanted: Option<Place>,
        options: ReadAllOptions,
        limit: usize,
    ) -> Result<Vec<Recorded>, Refused> {
        let options = options.filter(connection::streams(&self.prefix)).max_count(limit);
        let answer = self.connection.ask_for(FIND_TIMEOUT, |client| {
            let options = options.clone();
            async move {
                let read = client.read_all(&options).await?;
                let wanted = |event: &RecordedEvent| {
                    unwanted.is_none_or(|place| place.commit != event.position.commit)
                };
                connection::some_of(read, wanted).await
            }
        });
        let events = answer.await.map_err(|error| {
            if is_no_place(&error) {
                Refused::NoPlace
            } else {
                Refused::Failed(ReadError::Unavailable(error.to_string()))
            }
        })?;
        let read = events.iter().map(|event| record::recorded(event, &self.prefix));
        read.collect::<Result<_, _>>().map_err(Refused::Failed)
    }

    /// At most `limit` events behind a position that the store gave.
    pub(super) async fn behind(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, Refused> {
        let Some(place) = place(after) else {
            return self.read_log(ReadAllOptions::default(), limit).await;
        };
        // The read begins with the event at the place itself.
        let from = ReadAllOptions::default().position(StreamPosition::Position(place));
        let mut events = self.read_log_but(Some(place), from, limit + 1).await?;
        events.retain(|event| event.position > after);
        events.truncate(limit);
        Ok(events)
    }

    /// At most `limit` events up to the one at a position, newest first.
    pub(super) async fn up_to(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let Some(place) = place(through) else { return Ok(Vec::new()) };
        let from = || StreamPosition::Position(place);
        // Forwards a read begins with the event at its place, backwards with the one before it.
        let mut events = match self.read_log(ReadAllOptions::default().position(from()), 1).await {
            // Another store gave the number, before the log was copied here.
            Err(Refused::NoPlace) => return Ok(Vec::new()),
            read => read?,
        };
        events.retain(|event| event.position <= through);
        if events.len() < limit {
            let before = ReadAllOptions::default().backwards().position(from());
            events.extend(self.read_log(before, limit - events.len()).await?);
        }
        // Two reads, of which each was as large as one may be.
        Ok(fill(events, limit))
    }

    /// Where everything ends that stands on the server, ours or not.
    pub(super) async fn end(&self) -> Result<Position, ReadError> {
        let end = ReadAllOptions::default().position(StreamPosition::End).backwards().max_count(1);
        let answer = self.connection.ask(|client| {
            let end = end.clone();
            async move { connection::all_of(client.read_all(&end).await?).await }
        });
        let newest = answer.await.map_err(|error| ReadError::Unavailable(error.to_string()))?;
        Ok(newest.first().map_or(Position::START, |event| Position(event.position.commit + 1)))
    }

    /// The same as `behind`, behind a number that is no event's position, for example one that another store gave before the
    /// log was copied here: looked for from the beginning, which takes its time and happens once.
    pub(super) async fn look_for(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        tracing::warn!(after = after.0, "a position that this store did not give");
        let mut from = Position::START;
        loop {
            let mut events = self.behind(from, PAGE_EVENTS_MAX).await?;
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
fn place(position: Position) -> Option<Place> {
    let place = position.0.checked_sub(1)?;
    Some(Place { commit: place, prepare: place })
}
