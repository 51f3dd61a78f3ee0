//! The store's interface: a closed set of engines.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::append::check;
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
use crate::budget;
use crate::event::is_whole;
use crate::limits::{PAGE_EVENTS_MAX, READ_EVENTS_MAX};
use crate::reach::{Server, shown};
use crate::{
    AppendError, Appended, Expected, Filter, Flaw, NewEvent, OpenError, Page, Position, ReadError,
    Recorded, SqliteOptions, StreamName, Unwritable, Version,
};

mod categories;
#[cfg(feature = "eventstoredb")]
pub(crate) mod eventstoredb;
pub(crate) mod faulty;
mod memory;
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
mod patience;
#[cfg(feature = "postgres")]
mod plan;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod probe;
mod room;
pub(crate) mod sqlite;
mod tail;
mod together;

/// The event store. The crate's documentation has its contract.
#[derive(Debug)]
pub enum EventStore {
    /// In memory, for tests.
    Memory(memory::Memory),
    /// One SQLite file, for a single process.
    Sqlite(sqlite::Sqlite),
    /// A PostgreSQL server, for several processes.
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
    /// An EventStoreDB server, for several processes.
    #[cfg(feature = "eventstoredb")]
    EventStoreDb(eventstoredb::EventStoreDb),
    /// Another store with injected faults, for tests.
    Faulty(faulty::Faulty),
}

/// Statistics since the store was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Committed transactions.
    pub groups: u64,
    /// Events in them.
    pub events: u64,
    /// Appends in the queue.
    pub waiting: u64,
    /// Size of the write-ahead log, 0 for engines without one.
    pub wal_bytes: u64,
    /// Whether a reader blocks checkpoints; at the size limit, appends are refused.
    pub wal_pinned: bool,
    /// Whether the checkpoint thread fails and the writer checkpoints.
    pub wal_failing: bool,
    /// Streams of other programs under the log's prefix, which are skipped.
    pub foreign_streams: u64,
}

impl EventStore {
    /// A store in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(memory::Memory::new())
    }

    /// Opens the store at an address: `sqlite:PATH`, `postgres://…` or `esdb://…` (also
    /// `esdb+discover`, `kurrentdb`, `kurrentdb+discover`), as far as the program was built with
    /// that engine.
    #[cfg_attr(
        not(any(feature = "eventstoredb", feature = "postgres")),
        expect(clippy::unused_async, reason = "only a server is waited for")
    )]
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::sqlite(Path::new(path), SqliteOptions::default());
        }
        #[cfg(feature = "postgres")]
        if postgres::speaks(url) {
            return Self::postgres(url).await;
        }
        #[cfg(feature = "eventstoredb")]
        if eventstoredb::speaks(url) {
            return Box::pin(Self::eventstoredb(url)).await;
        }
        Err(OpenError::UnknownEngine { url: shown(url) })
    }

    /// The servers in an address, with their TLS mode; none for a file.
    #[must_use]
    pub fn servers(url: &str) -> Vec<Server> {
        #[cfg(feature = "postgres")]
        if postgres::speaks(url) {
            return postgres::servers(url);
        }
        #[cfg(feature = "eventstoredb")]
        if eventstoredb::speaks(url) {
            return eventstoredb::servers(url);
        }
        let _ = url;
        Vec::new()
    }

    /// Opens an existing store read-only; another process may be writing to it. It is not notified
    /// of later appends: [`EventStore::head`] is the head at the time of opening.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] if there is no store.
    #[cfg_attr(
        not(any(feature = "eventstoredb", feature = "postgres")),
        expect(clippy::unused_async, reason = "only a server is waited for")
    )]
    pub async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::sqlite_read_only(Path::new(path));
        }
        #[cfg(feature = "postgres")]
        if postgres::speaks(url) {
            return Ok(Self::Postgres(postgres::Postgres::open_read_only(url).await?));
        }
        #[cfg(feature = "eventstoredb")]
        if eventstoredb::speaks(url) {
            return Ok(Self::EventStoreDb(
                Box::pin(eventstoredb::EventStoreDb::open_read_only(url)).await?,
            ));
        }
        Err(OpenError::UnknownEngine { url: shown(url) })
    }

    /// As [`EventStore::open_read_only`], for the SQLite file at `path`.
    pub fn sqlite_read_only(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::Sqlite(sqlite::Sqlite::open_read_only(path)?))
    }

    /// Opens or creates the SQLite file at `path`, exclusively for this process.
    pub fn sqlite(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        Ok(Self::Sqlite(sqlite::Sqlite::open(path, options)?))
    }

    /// Connects to the PostgreSQL server at `url` (`postgres://user:password@host/database`) and
    /// creates missing tables.
    #[cfg(feature = "postgres")]
    pub async fn postgres(url: &str) -> Result<Self, OpenError> {
        Ok(Self::Postgres(postgres::Postgres::open(url).await?))
    }

    /// Connects to the EventStoreDB server or cluster at `url`, a connection string
    /// (`esdb://user:password@host:2113`) with one additional setting: `log=NAME`, the name of the
    /// log, by default `dossier`. Requires EventStoreDB 24.2.
    #[cfg(feature = "eventstoredb")]
    pub async fn eventstoredb(url: &str) -> Result<Self, OpenError> {
        Ok(Self::EventStoreDb(Box::pin(eventstoredb::EventStoreDb::open(url)).await?))
    }

    /// Wraps a store with injected faults.
    #[must_use]
    pub fn faulty(inner: Self, faults: crate::Faults) -> Self {
        Self::Faulty(faulty::Faulty::new(inner, faults))
    }

    /// Appends `events` to `stream` if it is at the version `expected`. Durable on return.
    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        check(stream, &events)?;
        match self {
            Self::Memory(store) => store.append(stream, expected, events),
            Self::Sqlite(store) => store.append(stream, expected, events).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                Box::pin(budget::counted(store.append(stream, expected, events))).await
            }
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => {
                Box::pin(budget::counted(store.append(stream, expected, events))).await
            }
            Self::Faulty(store) => Box::pin(store.append(stream, expected, events)).await,
        }
    }

    /// The events of `stream` after version `after` (`None`: from the first), in order, up to
    /// [`READ_EVENTS_MAX`] and [`READ_BYTES_MAX`](crate::limits::READ_BYTES_MAX).
    /// [`EventStore::is_whole`] tells whether there may be more.
    pub async fn read(
        &self,
        stream: &StreamName,
        after: Option<Version>,
    ) -> Result<Vec<Recorded>, ReadError> {
        let after = after.unwrap_or(Version(0));
        match self {
            Self::Memory(store) => Ok(store.read(stream, after, READ_EVENTS_MAX)),
            Self::Sqlite(store) => store.read(stream, after, READ_EVENTS_MAX).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                Box::pin(budget::counted(store.read(stream, after, READ_EVENTS_MAX))).await
            }
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => {
                Box::pin(budget::counted(store.read(stream, after, READ_EVENTS_MAX))).await
            }
            Self::Faulty(store) => Box::pin(store.read(stream, after)).await,
        }
    }

    /// Whether the result of [`EventStore::read`] reaches the end of the stream.
    #[must_use]
    pub fn is_whole(read: &[Recorded]) -> bool {
        is_whole(read, READ_EVENTS_MAX)
    }

    /// All events of `stream`, read page by page; for short streams.
    pub async fn read_whole(&self, stream: &StreamName) -> Result<Vec<Recorded>, ReadError> {
        let mut events = self.read(stream, None).await?;
        let mut whole = Self::is_whole(&events);
        while !whole {
            let more = self.read(stream, events.last().map(|event| event.version)).await?;
            whole = Self::is_whole(&more);
            events.extend(more);
        }
        Ok(events)
    }

    /// The newest event of `stream`.
    pub async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, ReadError> {
        match self {
            Self::Memory(store) => Ok(store.last(stream)),
            Self::Sqlite(store) => store.last(stream).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Box::pin(budget::counted(store.last(stream))).await,
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => Box::pin(budget::counted(store.last(stream))).await,
            Self::Faulty(store) => Box::pin(store.reads()?.last(stream)).await,
        }
    }

    /// The events after `after` that pass `filter`, in commit order. Scans at most `limit` (and
    /// [`PAGE_EVENTS_MAX`]) events and returns at most
    /// [`READ_BYTES_MAX`](crate::limits::READ_BYTES_MAX).
    pub async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let limit = limit.clamp(1, PAGE_EVENTS_MAX);
        match self {
            Self::Memory(store) => Ok(store.read_all(after, filter, limit)),
            Self::Sqlite(store) => store.read_all(after, filter, limit).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                Box::pin(budget::counted(store.read_all(after, filter, limit))).await
            }
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => {
                Box::pin(budget::counted(store.read_all(after, filter, limit))).await
            }
            Self::Faulty(store) => Box::pin(store.reads()?.read_all(after, filter, limit)).await,
        }
    }

    /// The events up to and including `through`, a position that the store returned, newest first;
    /// at most `limit` (and [`PAGE_EVENTS_MAX`]) and
    /// [`READ_BYTES_MAX`](crate::limits::READ_BYTES_MAX).
    pub async fn read_back(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let limit = limit.clamp(1, PAGE_EVENTS_MAX);
        match self {
            Self::Memory(store) => Ok(store.read_back(through, limit)),
            Self::Sqlite(store) => store.read_back(through, limit).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                Box::pin(budget::counted(store.read_back(through, limit))).await
            }
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => {
                Box::pin(budget::counted(store.read_back(through, limit))).await
            }
            Self::Faulty(store) => Box::pin(store.reads()?.read_back(through, limit)).await,
        }
    }

    /// The event at `position`, if there is one.
    pub async fn event_at(&self, position: Position) -> Result<Option<Recorded>, ReadError> {
        let newest = self.read_back(position, 1).await?.pop();
        Ok(newest.filter(|event| event.position == position))
    }

    /// Whether `stream` certainly has no event after `since`, as far as is known without a read.
    #[must_use]
    pub fn is_unchanged(&self, stream: &StreamName, since: Position) -> bool {
        match self {
            Self::Sqlite(store) => store.is_unchanged(stream, since),
            // Other processes may have appended: a read is needed.
            Self::Memory(_) | Self::Faulty(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => false,
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(_) => false,
        }
    }

    /// Appends in this order, pipelined where the engine can. Stops at the first refusal and
    /// returns its index; some of the later appends may have been made.
    pub async fn append_in_order(
        &self,
        appends: Vec<(StreamName, Expected, Vec<NewEvent>)>,
    ) -> Result<(), (usize, AppendError)> {
        for (place, (stream, _, events)) in appends.iter().enumerate() {
            check(stream, events).map_err(|error| (place, error))?;
        }
        #[cfg(feature = "eventstoredb")]
        if let Self::EventStoreDb(store) = self {
            return store.append_in_order(&appends).await;
        }
        // One writer takes them in the order of these calls.
        let each =
            appends.into_iter().enumerate().map(|(place, (stream, expected, events))| async move {
                let appended = self.append(&stream, expected, events).await;
                appended.map_err(|error| (place, error))
            });
        futures_util::future::try_join_all(each).await.map(drop)
    }

    /// The position of the newest event, or [`Position::START`].
    #[must_use]
    pub fn head(&self) -> Position {
        *self.watch().borrow()
    }

    /// Returns once there is an event after `position`.
    pub async fn wait_past(&self, position: Position) {
        let mut head = self.watch();
        // The sender lives in the store, which outlives this borrow.
        let _ = head.wait_for(|head| *head > position).await;
    }

    /// The clock of the store's server (time since 1970); `None` if the store is on this machine.
    pub async fn time(&self) -> Result<Option<Duration>, ReadError> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.time().await.map(Some),
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => Box::pin(store.time()).await.map(Some),
            Self::Memory(_) | Self::Sqlite(_) => Ok(None),
            Self::Faulty(store) => Box::pin(store.reads()?.time()).await,
        }
    }

    /// Whether an append would succeed now, tested without adding an event. Answers within
    /// [`limits::PROBE_WAIT`]; results are cached briefly.
    ///
    /// [`limits::PROBE_WAIT`]: crate::limits::PROBE_WAIT
    pub async fn writable(&self) -> Result<(), Unwritable> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sqlite(store) => store.writable().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.writable().await,
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => Box::pin(store.writable()).await,
            Self::Faulty(store) => Box::pin(store.writes()?.writable()).await,
        }
    }

    /// Free bytes on the log's disk, for an engine with a local disk.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        match self {
            Self::Sqlite(store) => store.disk_free(),
            Self::Faulty(store) => store.inner.disk_free(),
            Self::Memory(_) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(_) => None,
        }
    }

    /// Defects of the log, at most [`limits::FLAWS_MAX`] per kind; reads all of it. What a server
    /// verifies by itself is not checked.
    ///
    /// [`limits::FLAWS_MAX`]: crate::limits::FLAWS_MAX
    pub async fn flaws(&self) -> Result<Vec<Flaw>, ReadError> {
        match self {
            Self::Sqlite(store) => store.flaws().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.flaws().await,
            Self::Faulty(store) => Box::pin(store.reads()?.flaws()).await,
            Self::Memory(_) => Ok(Vec::new()),
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => Box::pin(store.flaws()).await,
        }
    }

    /// The identity of the store, the same for the lifetime of its log.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Memory(store) => store.id(),
            Self::Sqlite(store) => store.id(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.id(),
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => store.id(),
            Self::Faulty(store) => store.inner.id(),
        }
    }

    /// Statistics since the store was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        match self {
            Self::Memory(store) => store.stats(),
            Self::Sqlite(store) => store.stats(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.stats(),
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => store.stats(),
            Self::Faulty(store) => store.inner.stats(),
        }
    }

    fn watch(&self) -> watch::Receiver<Position> {
        match self {
            Self::Memory(store) => store.watch(),
            Self::Sqlite(store) => store.watch(),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.watch(),
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => store.watch(),
            Self::Faulty(store) => store.inner.watch(),
        }
    }
}

/// Whether `new` equals the recorded event.
fn is_same(recorded: &Recorded, new: &NewEvent) -> bool {
    recorded.id == new.id
        && recorded.kind == new.kind
        && recorded.data == new.data
        && recorded.meta == new.meta
}
