//! EventStoreDB: a log that several processes share, on a cluster that replicates it. A stream of ours is a stream of the
//! server's, named `LOG.STREAM`; the server checks the expected version and gives the positions. Two things it does not
//! know are seen to here: that the ids of an append that was made before come with the same bytes, and that an id is not
//! used again later in its stream. What was appended is read back, so that the answer is what stands there, however often
//! the connection broke on the way; mostly by this process's own follower, which an append waits for in any case, so that
//! whoever reads the log next sees it.
//!
//! A position is the place of the event in the server's log, plus one, because that may begin at zero.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eventstore::{AppendToStreamOptions, Error, ReadStreamOptions, StreamPosition, StreamState};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::is_same;
use super::probe::Probe;
use super::room::Room;
use crate::limits::{
    APPEND_QUEUE_MAX, BUSY_RETRY_AFTER, PROBE_FRESH_KEPT, READ_AT_ONCE, READ_EVENTS_MAX,
    TIME_EVERY, TOGETHER_BYTES_MAX,
};
use crate::{
    AppendError, Appended, Expected, Filter, NewEvent, OpenError, Page, Position, ReadError,
    Recorded, Stats, StreamName, Unwritable, Version,
};

mod address;
mod connection;
mod follower;
mod known;
mod log;
mod own;
mod record;

use address::Address;
pub(super) use address::{servers, speaks};
use connection::Connection;
use known::Known;
use log::{Log, Refused};

/// See [`crate::EventStore::eventstoredb`].
#[derive(Debug)]
pub struct EventStoreDb {
    id: Uuid,
    log: Arc<Log>,
    known: Known,
    /// One for each append that may be under way.
    permits: Semaphore,
    room: Room,
    appends: AtomicU64,
    appended: AtomicU64,
    /// What the server's clock said, and when it was asked.
    time: Mutex<Option<(Duration, Instant)>>,
    probe: Probe,
    read_only: bool,
    /// Who hears of what this process and others append; it ends with the store.
    _follower: JoinSet<()>,
}

impl EventStoreDb {
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        Self::begin(url, false).await
    }

    /// Nothing is begun, and nothing can be appended.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        Self::begin(url, true).await
    }

    async fn begin(url: &str, read_only: bool) -> Result<Self, OpenError> {
        let unusable = |reason: String| OpenError::Unusable { path: address::shown(url), reason };
        let Address { settings, log: name } = address::parse(url).map_err(unusable)?;
        let prefix = format!("{name}.");
        let connection = Connection::new(settings);
        let id = if read_only {
            own::begun(&connection, &name).await
        } else {
            own::identity(&connection, &name).await.map(Some)
        };
        let id = id.map_err(|error| unusable(error.to_string()))?;
        let id = id.ok_or_else(|| OpenError::Missing { path: address::shown(url) })?;
        let log = Log::open(connection, prefix).await;
        let log = Arc::new(log.map_err(|error| unusable(error.to_string()))?);
        tracing::warn!(
            "EventStoreDB was tried on a double of its server alone: run `dossier store-suite` on this one first"
        );
        let mut follower = JoinSet::new();
        follower.spawn(follower::follow(Arc::clone(&log)));
        Ok(Self {
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
        })
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.check_not_read_only()?;
        let Ok(_permit) = self.permits.try_acquire() else {
            return Err(AppendError::Busy(BUSY_RETRY_AFTER));
        };
        let _taken = self.room.take(&events)?;
        for (place, event) in events.iter().enumerate() {
            if events.iter().take(place).any(|before| before.id == event.id) {
                return Err(AppendError::IdReused(event.id));
            }
        }
        let (base, state) = match expected {
            Expected::NoStream => (Version(0), StreamState::NoStream),
            Expected::At(version) => match version.0.checked_sub(1) {
                // Revisions begin at zero, versions at one.
                Some(revision) => (version, StreamState::StreamRevision(revision)),
                None => {
                    let actual = self.last(stream).await.map_err(unread)?.map(|last| last.version);
                    return Err(AppendError::Conflict { actual });
                }
            },
        };
        if let Some(id) = self.used(stream, base, &events).await.map_err(unread)? {
            return Err(AppendError::IdReused(id));
        }
        let name = self.log.name(stream);
        let options = AppendToStreamOptions::default().stream_state(state);
        let proposed: Vec<_> = events.iter().map(record::proposed).collect();
        let answer = self.log.connection.ask(|client| {
            let (name, options, proposed) = (name.clone(), options.clone(), proposed.clone());
            async move { client.append_to_stream(name, &options, proposed).await }
        });
        match answer.await {
            Ok(_) => {
                let heard = self.log.heard(stream, base, &events).await.unwrap_or_default();
                if let Some(last) = heard.last() {
                    self.known.note(stream, &heard);
                    return Ok(self.appended(last, &events));
                }
            }
            Err(Error::WrongExpectedVersion { .. }) => {}
            Err(error) => return Err(AppendError::Unavailable(error.to_string())),
        }
        self.settle(stream, base, &events).await
    }

    fn check_not_read_only(&self) -> Result<(), Unwritable> {
        let said = || Unwritable::ReadOnly("it was opened for reading".to_owned());
        if self.read_only { Err(said()) } else { Ok(()) }
    }

    /// Has the server write something that is not an event: a question after its time.
    pub(super) async fn writable(&self) -> Result<(), Unwritable> {
        self.check_not_read_only()?;
        let ask = async {
            let name = self.log.prefix.trim_end_matches('.');
            let asked = own::time(&self.log.connection, name).await;
            asked.map(drop).map_err(|error| Unwritable::Silent(error.to_string()))
        };
        self.probe.answer(PROBE_FRESH_KEPT, ask).await
    }

    fn appended(&self, last: &Recorded, events: &[NewEvent]) -> Appended {
        self.probe.committed();
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.appended.fetch_add(events.len() as u64, Ordering::Relaxed);
        Appended { version: last.version, position: last.position }
    }

    /// What an append came to, as it stands in the stream.
    async fn settle(
        &self,
        stream: &StreamName,
        base: Version,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let found = self.read(stream, base, events.len()).await.map_err(unread)?;
        if let Some(last) = found.last()
            && found.len() == events.len()
            && found.iter().zip(events).all(|(found, event)| is_same(found, event))
        {
            self.log.comes_to(last.position).await?;
            return Ok(self.appended(last, events));
        }
        let actual = self.last(stream).await.map_err(unread)?.map(|last| last.version);
        match self.used(stream, actual.unwrap_or(Version(0)), events).await.map_err(unread)? {
            Some(id) => Err(AppendError::IdReused(id)),
            None => Err(AppendError::Conflict { actual }),
        }
    }

    /// Which of the events' ids stands in the stream, up to a version; of a long one, among the newest.
    async fn used(
        &self,
        stream: &StreamName,
        through: Version,
        events: &[NewEvent],
    ) -> Result<Option<Uuid>, ReadError> {
        if through == Version(0) {
            return Ok(None);
        }
        if self.known.covers(stream, through) {
            return Ok(self.known.first_of(stream, through, events));
        }
        let mut after = Version(through.0.saturating_sub(READ_EVENTS_MAX as u64));
        while after < through {
            let stand = self.read(stream, after, READ_EVENTS_MAX).await?;
            let stands = |event: &&NewEvent| {
                stand.iter().any(|stands| stands.id == event.id && stands.version <= through)
            };
            if let Some(event) = events.iter().find(stands) {
                return Ok(Some(event.id));
            }
            // A part that is full of large events is not the last one.
            let Some(last) = stand.last() else { break };
            after = last.version;
        }
        Ok(None)
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        // The revision of the event behind `after` is its version.
        let from = ReadStreamOptions::default().position(StreamPosition::Position(after.0));
        let events = self.log.read_stream(stream, from.max_count(limit)).await?;
        self.known.note(stream, &events);
        Ok(events)
    }

    pub(super) async fn read_together(
        &self,
        streams: &[StreamName],
        limit: usize,
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let mut each = Vec::with_capacity(streams.len());
        for stream in streams {
            each.push(self.read(stream, Version(0), limit));
        }
        let mut reading = stream::iter(each).buffered(READ_AT_ONCE);
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
        let from = ReadStreamOptions::default().position(StreamPosition::End).backwards();
        Ok(self.log.read_stream(stream, from.max_count(1)).await?.pop())
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
        let head = *self.log.head.borrow();
        let mut events = match self.log.behind(after, limit).await {
            Err(Refused::NoPlace) => self.log.look_for(after, limit).await?,
            read => read?,
        };
        // What the follower has not come to is not there yet, for anybody in this process.
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
        self.log.up_to(through, limit).await
    }

    /// The server's clock, asked every now and then: in between, time passes here as there. Every call asks the server
    /// something, so that it is known to be there.
    pub(super) async fn time(&self) -> Result<Duration, ReadError> {
        let unread = |error: Error| ReadError::Unavailable(error.to_string());
        let (connection, name) = (&self.log.connection, self.log.prefix.trim_end_matches('.'));
        let asked = *self.time.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Some((time, at)) if at.elapsed() < TIME_EVERY => {
                let id = own::begun(connection, name).await.map_err(unread)?;
                if id != Some(self.id) {
                    let reason = "the server has another log of this name than before";
                    return Err(ReadError::Unavailable(reason.to_owned()));
                }
                Ok(time + at.elapsed())
            }
            _ => {
                let (time, at) = own::time(connection, name).await.map_err(unread)?;
                *self.time.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, at));
                Ok(time + at.elapsed())
            }
        }
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            groups: self.appends.load(Ordering::Relaxed),
            events: self.appended.load(Ordering::Relaxed),
            waiting: (APPEND_QUEUE_MAX - self.permits.available_permits()) as u64,
            ..Stats::default()
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.log.head.subscribe()
    }
}

fn unread(error: ReadError) -> AppendError {
    AppendError::Unavailable(error.to_string())
}
