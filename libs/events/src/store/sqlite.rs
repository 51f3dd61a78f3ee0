//! The embedded store: one SQLite file that standard tools can read and back up.
//!
//! One thread writes. It takes all queued appends, writes them in one transaction and commits with
//! one sync (group commit), so that throughput grows with load. It assigns the positions, which
//! makes their order the commit order. Readers have connections of their own and, in WAL mode,
//! never wait for the writer.
//!
//! There is one writer across processes: opening the file for writing increments an epoch, which
//! every transaction compares. The lock file beside the database only makes a second process fail
//! early, with a clear message.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::probe::Probe;
use super::room::Room;
use super::tail::Tail;
use crate::limits::WalLimits;
use crate::limits::{
    APPEND_QUEUE_MAX, BUSY_RETRY_AFTER, DISK_FREE_MIN, PROBE_FRESH, READ_BYTES_MAX, READERS_MAX,
    WAL,
};
use crate::wal;
use crate::{
    AppendError, Appended, Cause, Expected, Filter, Flaw, NewEvent, OpenError, Page, Position,
    ReadError, Recorded, Stats, StreamName, Unwritable, Version,
};

mod append;
mod fault;
mod file;
mod flaws;
mod readers;
mod together;
mod writer;

use fault::Damaged;
use readers::Readers;
use writer::{Append, Job, Writer};

/// Options for opening the file.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Maximum size of the file in pages of 4,096 bytes; `None`: limited by the disk.
    pub pages_max: Option<u32>,
    /// Limits of the write-ahead log.
    pub wal: WalLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self { pages_max: None, wal: WAL }
    }
}

/// See [`crate::EventStore::sqlite`].
#[derive(Debug)]
pub struct Sqlite {
    id: Uuid,
    path: PathBuf,
    /// Queue of the writer; `None` if opened read-only.
    jobs: Option<mpsc::Sender<Job>>,
    room: Room,
    writer: Option<std::thread::JoinHandle<()>>,
    readers: Readers,
    shared: Arc<Shared>,
    /// Held while the store is open: a second process is refused.
    _lock: Option<File>,
}

/// State shared by writer and readers.
#[derive(Debug)]
struct Shared {
    head: watch::Sender<Position>,
    tail: Tail,
    groups: AtomicU64,
    events: AtomicU64,
    probe: Probe,
    /// Set when another process has opened the file for writing.
    taken_over: OnceLock<Unwritable>,
    wal: Option<Arc<wal::State>>,
}

impl Shared {
    fn new(head: Position, wal: Option<Arc<wal::State>>) -> Self {
        Self {
            head: watch::Sender::new(head),
            tail: Tail::new(head),
            groups: AtomicU64::new(0),
            events: AtomicU64::new(0),
            probe: Probe::default(),
            taken_over: OnceLock::new(),
            wal,
        }
    }
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = file::lock(path)?;
        let opened = file::open_writer(path, options)?;
        let id = opened.id;
        let (jobs, queue) = mpsc::channel(APPEND_QUEUE_MAX);
        let (writer, shared) = Writer::new(opened, path, options)
            .map_err(|error| OpenError::unusable(path.display(), error))?;
        let writer = std::thread::Builder::new()
            .name("event-store-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| OpenError::unusable(path.display(), error))?;
        let readers = Readers::open(path, READERS_MAX)?;
        Ok(Self {
            id,
            path: path.to_owned(),
            jobs: Some(jobs),
            room: Room::default(),
            writer: Some(writer),
            readers,
            shared,
            _lock: Some(lock),
        })
    }

    pub(super) fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        if !path.is_file() {
            return Err(OpenError::Missing { path: path.display().to_string() });
        }
        let connection =
            file::open_reader(path).map_err(|error| OpenError::unusable(path.display(), error))?;
        let (id, head) = file::look(path, &connection)?;
        Ok(Self {
            id,
            path: path.to_owned(),
            jobs: None,
            room: Room::default(),
            writer: None,
            readers: Readers::open(path, READERS_MAX)?,
            shared: Arc::new(Shared::new(Position(unsigned(head)), None)),
            _lock: None,
        })
    }

    /// Whether this process is the only writer, so that its caches are complete.
    fn is_only_writer(&self) -> bool {
        self.jobs.is_some() && self.shared.taken_over.get().is_none()
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Job>, Unwritable> {
        let read_only = || Unwritable::ReadOnly(Cause::new("it was opened for reading"));
        self.jobs.as_ref().ok_or_else(read_only)
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let stopped = || AppendError::Unreachable(Cause::new("the writer has stopped"));
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs()?;
        let taken = self.room.take(&events)?;
        let append = Append { stream: stream.clone(), expected, events, taken, reply };
        match jobs.try_send(Job::Append(append)) {
            Ok(()) => answer.await.map_err(|_| stopped())?,
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Busy(BUSY_RETRY_AFTER)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(stopped()),
        }
    }

    pub(super) async fn writable(&self) -> Result<(), Unwritable> {
        let jobs = self.jobs()?;
        if let Some(why) = self.shared.taken_over.get() {
            return Err(why.clone());
        }
        let ask = async {
            if let Some(free) = self.disk_free().filter(|free| *free < DISK_FREE_MIN) {
                return Err(Unwritable::Full(Cause::new(format!("{free} bytes free on its disk"))));
            }
            let (reply, answer) = oneshot::channel();
            let full = |_| Unwritable::Silent(Cause::new("its queue is full"));
            jobs.try_send(Job::Probe(reply)).map_err(full)?;
            let stopped = |_| Unwritable::Silent(Cause::new("the writer has stopped"));
            answer.await.map_err(stopped)?
        };
        self.shared.probe.answer(PROBE_FRESH, ask).await
    }

    pub(super) fn disk_free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.path).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    pub(super) async fn flaws(&self) -> Result<Vec<Flaw>, ReadError> {
        self.readers.with(flaws::of).await
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let stream = stream.clone();
        self.readers.with(move |connection| read(connection, &stream, after, limit)).await
    }

    pub(super) async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, ReadError> {
        if self.is_only_writer()
            && let Some(last) = self.shared.tail.last(stream)
        {
            return Ok(Some(Recorded::clone(&last)));
        }
        let stream = stream.clone();
        self.readers
            .with(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT position, version, id, kind, data, meta FROM events
                         WHERE stream = (SELECT no FROM streams WHERE name = ?1)
                         ORDER BY version DESC LIMIT 1",
                    )?
                    .query_row([stream.as_str()], |row| recorded(row, &stream))
                    .optional()
            })
            .await
    }

    pub(super) async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        if self.is_only_writer()
            && let Some(page) = self.shared.tail.page(after, filter, limit)
        {
            return Ok(page);
        }
        let filter = filter.clone();
        self.readers
            .with(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT position, version, id, kind, data, meta, stream FROM events
                     WHERE position > ?1 ORDER BY position LIMIT ?2",
                )?;
                let mut rows = statement.query(params![signed(after.0), signed(limit as u64)])?;
                let (mut page, mut bytes) = (Page { events: Vec::new(), through: after }, 0);
                // A join would look up names for rows that do not pass the filter as well.
                let mut names: HashMap<i64, StreamName> = HashMap::new();
                while let Some(row) = rows.next()? {
                    page.through = Position(unsigned(row.get(0)?));
                    if filter.passes(row.get_ref(3)?.as_str()?) {
                        let stream = match names.entry(row.get(6)?) {
                            Entry::Occupied(known) => known.into_mut(),
                            Entry::Vacant(new) => {
                                let name = name_of(connection, *new.key())?;
                                new.insert(name)
                            }
                        };
                        let event = recorded(row, stream)?;
                        bytes += event.bytes();
                        page.events.push(Arc::new(event));
                    }
                    if bytes >= READ_BYTES_MAX {
                        break;
                    }
                }
                Ok(page)
            })
            .await
    }

    pub(super) async fn read_back(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.readers
            .with(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT position, version, id, kind, data, meta, stream FROM events
                     WHERE position <= ?1 ORDER BY position DESC LIMIT ?2",
                )?;
                let range = params![signed(through.0), signed(limit as u64)];
                let row = |row: &Row<'_>| recorded(row, &name_of(connection, row.get(6)?)?);
                filled(statement.query_map(range, row)?)
            })
            .await
    }

    /// Reads on a connection for reading, on its thread.
    pub(super) async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.readers.with(read).await
    }

    pub(super) fn is_unchanged(&self, stream: &StreamName, since: Position) -> bool {
        // Acknowledged events are in the tail.
        self.is_only_writer() && self.shared.tail.is_unchanged(stream, since)
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            groups: self.shared.groups.load(Ordering::Relaxed),
            events: self.shared.events.load(Ordering::Relaxed),
            waiting: self.jobs.as_ref().map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
                as u64,
            wal_bytes: self.shared.wal.as_ref().map_or(0, |wal| wal.bytes()),
            wal_pinned: self.shared.wal.as_ref().is_some_and(|wal| wal.is_pinned()),
            wal_failing: self.shared.wal.as_ref().is_some_and(|wal| wal.failing().is_some()),
            ..Stats::default()
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.shared.head.subscribe()
    }
}

impl Drop for Sqlite {
    /// Lets the writer finish its queue, so that a dropped store leaves no thread and no lock.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("SQLite writer thread panicked");
        }
    }
}

/// A range of a stream, in order.
const READ: &str = "SELECT position, version, id, kind, data, meta FROM events
  WHERE stream = (SELECT no FROM streams WHERE name = ?1) AND version > ?2 ORDER BY version LIMIT ?3";

fn read(
    connection: &Connection,
    stream: &StreamName,
    after: Version,
    limit: usize,
) -> rusqlite::Result<Vec<Recorded>> {
    let range = params![stream.as_str(), signed(after.0), signed(limit as u64)];
    filled(connection.prepare_cached(READ)?.query_map(range, |row| recorded(row, stream))?)
}

/// Fetches rows up to the byte limit of a read.
fn filled(
    rows: impl Iterator<Item = rusqlite::Result<Recorded>>,
) -> rusqlite::Result<Vec<Recorded>> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let event = row?;
        bytes += event.bytes();
        events.push(event);
        if bytes >= READ_BYTES_MAX {
            break;
        }
    }
    Ok(events)
}

fn name_of(connection: &Connection, no: i64) -> rusqlite::Result<StreamName> {
    let mut statement = connection.prepare_cached("SELECT name FROM streams WHERE no = ?1")?;
    let name: String = statement.query_row([no], |row| row.get(0))?;
    StreamName::new(&name).map_err(|_| not_as_written(0, Type::Text))
}

fn recorded(row: &Row<'_>, stream: &StreamName) -> rusqlite::Result<Recorded> {
    let position: i64 = row.get(0)?;
    let out_of_range = |_| rusqlite::Error::IntegralValueOutOfRange(0, position);
    let position = Position(u64::try_from(position).map_err(out_of_range)?);
    written(row, position, stream).map_err(|source| {
        let damaged = Box::new(Damaged { position, source });
        rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, damaged)
    })
}

fn written(row: &Row<'_>, position: Position, stream: &StreamName) -> rusqlite::Result<Recorded> {
    let id = row.get_ref(2)?.as_blob()?;
    Ok(Recorded {
        position,
        stream: stream.clone(),
        version: Version(unsigned(row.get(1)?)),
        id: Uuid::from_slice(id).map_err(|_| not_as_written(2, Type::Blob))?,
        kind: row.get_ref(3)?.as_str()?.into(),
        data: row.get(4)?,
        meta: row.get(5)?,
    })
}

/// The event at a position.
pub(super) fn row_at(connection: &Connection, position: i64) -> rusqlite::Result<Recorded> {
    let mut statement = connection.prepare_cached(
        "SELECT position, version, id, kind, data, meta, stream FROM events WHERE position = ?1",
    )?;
    statement.query_row([position], |row| recorded(row, &name_of(connection, row.get(6)?)?))
}

/// The position of the newest event.
pub(super) fn head_of(connection: &Connection) -> rusqlite::Result<Position> {
    let mut statement = connection.prepare_cached("SELECT max(position) FROM events")?;
    let head: Option<i64> = statement.query_row([], |row| row.get(0))?;
    Ok(Position(unsigned(head.unwrap_or(0))))
}

fn not_as_written(column: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "not as written".to_owned(), found)
}

/// A bound of a query: SQLite's integers are signed, and no event is beyond the largest.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A position or a version to be written.
fn stored(value: u64) -> i64 {
    i64::try_from(value).expect("positions and versions never reach the sign bit")
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
