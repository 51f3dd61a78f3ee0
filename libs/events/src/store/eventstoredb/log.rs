//! The log among the server's streams: its newest events, which the follower caches, and reads of
//! the rest.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::failure::Failure;
use super::reads;
use super::record::Oddities;
use super::wire::Place;
use super::wire::read::From;
use crate::limits::{ANSWERED_IN, CALL_IN, HEARD_IN, HEARD_SOON};
use crate::store::is_same;
use crate::store::tail::{Sought, Tail};
use crate::{NewEvent, Position, Recorded, StreamName, Version};

mod reading;

/// What the follower and the readers share.
#[derive(Debug)]
pub(super) struct Log {
    /// Prefix of the log's streams on the server.
    pub(super) prefix: String,
    pub(super) connection: Connection,
    /// The newest events, at least one.
    pub(super) tail: Tail,
    pub(super) head: watch::Sender<Position>,
    /// Notified when an append waits for its events.
    pub(super) missing: Notify,
    /// Streams of other programs under the prefix.
    pub(super) oddities: Oddities,
    /// The position after the head up to which there are no events of this log, so that events of
    /// other programs are scanned once.
    looked: Mutex<Position>,
}

impl Log {
    /// Reads the head.
    pub(super) async fn open(connection: Connection, prefix: String) -> Result<Self, Failure> {
        let until = Instant::now() + ANSWERED_IN;
        // First the end of the server's log, then the newest event before it, so that no append in
        // between is missed.
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

    /// The name of a stream on the server.
    pub(super) fn name(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// Adds consecutive events of the log, beginning at or before the head. Returns how many are
    /// new.
    pub(super) fn take_in(&self, mut events: Vec<Recorded>) -> usize {
        // The lock serializes this with other sources of events.
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

    /// All events of this log up to the position were added.
    pub(super) fn looked_through(&self, position: Position) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        *looked = (*looked).max(position);
    }

    /// Scans from the head again, if there is no record at the position any more.
    pub(super) fn looked_nowhere(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Position::START;
    }

    /// The position up to which all events of this log were added.
    pub(super) fn known(&self) -> Position {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.max(*self.head.borrow())
    }

    /// The recorded events of an append, once the follower has received them unchanged; `None` if
    /// that takes too long. `position` is that of the last event, if the server returned it.
    /// Usually this saves a read.
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
                    // A duplicate of an append that is not cached any more.
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

    /// Returns once the head has reached the position of an existing event.
    pub(super) async fn comes_to(&self, position: Position, until: Instant) -> Result<(), Failure> {
        let mut head = self.head.subscribe();
        self.missing.notify_one();
        let late = || Failure::Passing("the appended event was not received in time".to_owned());
        let heard = tokio::time::timeout_at(until, head.wait_for(|head| *head >= position)).await;
        heard.map_err(|_| late())?.map_err(|_| late())?;
        Ok(())
    }
}

/// The server's position of an event; `None` for the start.
pub(super) fn place(position: Position) -> Option<Place> {
    position.0.checked_sub(1).map(Place::of)
}
