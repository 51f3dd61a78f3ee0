//! The log among the server's streams: its newest events in memory, as the follower takes them in, and reads of the rest.

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
}

/// Where the event of a position begins; nothing before the first one.
pub(super) fn place(position: Position) -> Option<Place> {
    position.0.checked_sub(1).map(Place::of)
}
