//! `EventStoreDB`: a log that several processes share, on a cluster that replicates it. A stream is
//! a stream of the server, named `LOG.STREAM`. The server checks the expected version and assigns
//! the positions. Two rules of the contract are enforced here: the ids of a repeated append come
//! with the same bytes, and an id is not used again later in its stream. An append returns once the
//! follower has received its events, so the result is what the log has, however often the
//! connection failed, and the next read sees it.
//!
//! Steps use a channel of our own with long-lived calls: appends (`batch`), a subscription
//! (`follower`) and reads. The client parses the connection string, and reads a whole log for
//! `flaws`.
//!
//! A position is the event's position in the server's log plus one, because the server's may be
//! zero.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::probe::Probe;
use super::room::Room;
use crate::budget;
use crate::limits::{
    ANSWERED_IN, APPEND_QUEUE_MAX, KNOWN_IN, PROBE_FRESH_KEPT, PROBE_WAIT, READ_AT_ONCE,
    TIME_EVERY, TOGETHER_BYTES_MAX,
};
use crate::{
    Cause, Filter, Flaw, OpenError, Page, Position, ReadError, Recorded, Stats, StreamName,
    Unwritable, Version,
};

mod address;
mod append;
mod batch;
mod connection;
mod dial;
mod discovery;
mod failure;
mod flaws;
mod follower;
mod health;
mod in_order;
mod known;
mod log;
mod node;
mod opening;
mod own;
mod reads;
mod record;
mod wire;

pub(super) use address::{servers, speaks};
use failure::Failure;
use known::Known;
use log::Log;
use opening::Opened;

/// See [`crate::EventStore::eventstoredb`].
#[derive(Debug)]
pub struct EventStoreDb {
    id: Uuid,
    log: Arc<Log>,
    known: Known,
    /// One for each append in flight.
    permits: Semaphore,
    room: Room,
    appends: AtomicU64,
    appended: AtomicU64,
    /// The server's time, and when it was read.
    time: Mutex<Option<(Duration, Instant)>>,
    probe: Probe,
    read_only: bool,
    /// Receives the events that this and other processes append; it ends with the store.
    _follower: JoinSet<()>,
}

impl EventStoreDb {
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        Ok(Self::of(opening::open(url, false).await?, false))
    }

    /// The log must exist, and appends are refused.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        Ok(Self::of(opening::open(url, true).await?, true))
    }

    fn of(Opened { id, log, follower }: Opened, read_only: bool) -> Self {
        Self {
            id,
            log,
            known: Known::default(),
            permits: Semaphore::new(APPEND_QUEUE_MAX),
            room: Room::default(),
            appends: AtomicU64::new(0),
            appended: AtomicU64::new(0),
            time: Mutex::new(None),
            probe: Probe::default(),
            read_only,
            _follower: follower,
        }
    }

    fn check_not_read_only(&self) -> Result<(), Unwritable> {
        let said = || Unwritable::ReadOnly(Cause::new("it was opened for reading"));
        if self.read_only { Err(said()) } else { Ok(()) }
    }

    /// Appends to the stream by which the server's time is read, which is not of the log.
    pub(super) async fn writable(&self) -> Result<(), Unwritable> {
        self.check_not_read_only()?;
        let silent = |failure: Failure| {
            let (is_retryable, cause) = (failure.is_retryable(), Cause::new(failure));
            if is_retryable { Unwritable::Silent(cause) } else { Unwritable::Refused(cause) }
        };
        // Known not to answer: fail without waiting.
        self.log.connection.health.check().map_err(silent)?;
        let ask = async {
            // The error of the call comes before that of the probe.
            let until = Instant::now() + PROBE_WAIT.mul_f32(0.9);
            let asked = own::time(&self.log.connection, self.log_name(), until).await;
            asked.map(drop).map_err(silent)
        };
        self.probe.answer(PROBE_FRESH_KEPT, ask).await
    }

    fn log_name(&self) -> &str {
        self.log.prefix.trim_end_matches('.')
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.read_until(stream, after, (limit, budget::until(ANSWERED_IN))).await
    }

    async fn read_until(
        &self,
        stream: &StreamName,
        after: Version,
        within: (usize, Instant),
    ) -> Result<Vec<Recorded>, ReadError> {
        let events = self.log.read_stream(stream, after, within).await?;
        self.known.note(stream, &events);
        Ok(events)
    }

    pub(super) async fn read_together(
        &self,
        streams: &[StreamName],
        limit: usize,
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        // One deadline for all of them, however many wait for their turn.
        let within = (limit, budget::until(ANSWERED_IN));
        let mut each = Vec::with_capacity(streams.len());
        for stream in streams {
            each.push(self.read_until(stream, Version(0), within));
        }
        let mut reading = futures_util::StreamExt::buffered(stream::iter(each), READ_AT_ONCE);
        let (mut read, mut bytes) = (Vec::with_capacity(streams.len()), 0);
        while bytes < TOGETHER_BYTES_MAX
            && let Some(events) = reading.try_next().await?
        {
            bytes += events.iter().map(Recorded::bytes).sum::<usize>();
            read.push(events);
        }
        Ok(read)
    }

    pub(super) async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, ReadError> {
        Ok(self.log.last(stream, budget::until(ANSWERED_IN)).await?)
    }

    pub(super) async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        if let Some(page) = self.log.tail.page(after, filter, limit) {
            return Ok(page);
        }
        // Events that the follower has not received yet do not exist for this process.
        let head = *self.log.head.borrow();
        let within = (limit, budget::until(ANSWERED_IN));
        let mut events = match self.log.behind(after, Some(head), within).await {
            Err(Failure::NoPlace) => return Err(ReadError::NoSuchPosition(after)),
            read => read?,
        };
        events.retain(|event| event.position <= head);
        let through = events.last().map_or(after, |last| last.position);
        let events = events.into_iter().filter(|event| filter.passes(&event.kind));
        Ok(Page { events: events.map(Arc::new).collect(), through })
    }

    pub(super) async fn read_back(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        Ok(self.log.up_to(through, (limit, budget::until(ANSWERED_IN))).await?)
    }

    /// The server's clock. It is read once a minute; in between, this machine's monotonic clock is
    /// added. Every call makes a call of the server, which shows that it is available; if it is
    /// known not to be, the call fails at once.
    pub(super) async fn time(&self) -> Result<Duration, ReadError> {
        self.log.connection.health.check()?;
        let asked = self.ask_time().await;
        if let Err(failure) = &asked
            && failure.is_retryable()
        {
            self.log.connection.health.down(failure);
        }
        Ok(asked?)
    }

    async fn ask_time(&self) -> Result<Duration, Failure> {
        let (connection, until) = (&self.log.connection, Instant::now() + KNOWN_IN);
        let asked = *self.time.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Some((time, at)) if at.elapsed() < TIME_EVERY => {
                let id = own::begun_by(connection, self.log_name(), until).await?;
                if id != Some(self.id) {
                    let reason = "the log of this name was replaced on the server";
                    return Err(Failure::Final(reason.to_owned()));
                }
                Ok(time + at.elapsed())
            }
            _ => {
                let (time, at) = own::time(connection, self.log_name(), until).await?;
                *self.time.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, at));
                Ok(time + at.elapsed())
            }
        }
    }

    pub(super) async fn flaws(&self) -> Result<Vec<Flaw>, ReadError> {
        Ok(flaws::of(&self.log).await?)
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            groups: self.appends.load(Ordering::Relaxed),
            events: self.appended.load(Ordering::Relaxed),
            waiting: (APPEND_QUEUE_MAX - self.permits.available_permits()) as u64,
            foreign_streams: self.log.oddities.count(),
            ..Stats::default()
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.log.head.subscribe()
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        let retryable = failure.is_retryable();
        let cause = Cause::new(failure);
        if retryable { Self::Unreachable(cause) } else { Self::Refused(cause) }
    }
}
