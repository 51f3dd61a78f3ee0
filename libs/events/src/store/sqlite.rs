//! The embedded store: one SQLite file that standard tools can read and back up.
//!
//! One thread writes. It takes all appends that wait, writes them in one transaction and makes that durable with one
//! sync (group commit), so that throughput grows with the load. Positions are given by that thread, which makes
//! their order the commit order. Readers have connections of their own and, in write-ahead mode, never wait for it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::tail::Tail;
use crate::limits::{APPEND_QUEUE_MAX, BUSY_RETRY_AFTER, READERS_MAX};
use crate::{
    AppendError, Appended, Expected, Filter, NewEvent, OpenError, Page, Position, ReadError,
    Recorded, Stats, StreamName, Version,
};

mod readers;
mod writer;

use readers::Readers;
use writer::{Job, Writer};

/// Schema version of the file, kept in its `user_version`.
const SCHEMA: i64 = 1;
/// Marks the file as ours, kept in its `application_id` ("DSSR").
const APPLICATION: i64 = 0x4453_5352;

const CREATE: &str = "
CREATE TABLE store (id BLOB NOT NULL) STRICT;
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream   TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  kind     TEXT    NOT NULL,
  data     TEXT    NOT NULL,
  meta     TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (id);
";

/// How the file is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The file may not grow beyond this many pages of 4,096 bytes; without it, beyond the disk.
    pub pages_max: Option<u32>,
}

/// See [`crate::EventStore::sqlite`].
#[derive(Debug)]
pub struct Sqlite {
    id: Uuid,
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<std::thread::JoinHandle<()>>,
    readers: Readers,
    shared: Arc<Shared>,
    /// Held for as long as the store is open: a second process is refused.
    _lock: File,
}

/// What the writer tells the readers.
#[derive(Debug)]
struct Shared {
    head: watch::Sender<Position>,
    tail: Tail,
    groups: AtomicU64,
    events: AtomicU64,
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let unusable =
            |reason: String| OpenError::Unusable { path: path.display().to_string(), reason };
        let lock = lock(path)?;
        let (connection, id) = open_writer(path, options)?;
        let position: i64 = connection
            .query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))
            .map_err(|error| unusable(error.to_string()))?;
        let head = Position(unsigned(position));
        let shared = Arc::new(Shared {
            head: watch::Sender::new(head),
            tail: Tail::new(head),
            groups: AtomicU64::new(0),
            events: AtomicU64::new(0),
        });
        let (jobs, queue) = mpsc::channel(APPEND_QUEUE_MAX);
        let writer = Writer::new(connection, path, head, Arc::clone(&shared));
        let writer = std::thread::Builder::new()
            .name("event-store-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| unusable(error.to_string()))?;
        let readers =
            Readers::open(path, READERS_MAX).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { id, jobs: Some(jobs), writer: Some(writer), readers, shared, _lock: lock })
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let stopped = || AppendError::Unavailable("the writer has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let job = Job { stream: stream.clone(), expected, events, reply };
        match self.jobs.as_ref().ok_or_else(stopped)?.try_send(job) {
            Ok(()) => answer.await.map_err(|_| stopped())?,
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Busy(BUSY_RETRY_AFTER)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(stopped()),
        }
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let stream = stream.clone();
        self.readers
            .with(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT position, stream, version, id, kind, data, meta FROM events
                         WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
                    )?
                    .query_map(
                        params![stream.as_str(), signed(after.0), signed(limit as u64)],
                        recorded,
                    )?
                    .collect()
            })
            .await
    }

    pub(super) async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, ReadError> {
        let stream = stream.clone();
        self.readers
            .with(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT position, stream, version, id, kind, data, meta FROM events
                         WHERE stream = ?1 ORDER BY version DESC LIMIT 1",
                    )?
                    .query_row([stream.as_str()], recorded)
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
        if let Some(page) = self.shared.tail.page(after, filter, limit) {
            return Ok(page);
        }
        let filter = filter.clone();
        self.readers
            .with(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT position, stream, version, id, kind, data, meta FROM events
                     WHERE position > ?1 ORDER BY position LIMIT ?2",
                )?;
                let mut rows = statement.query(params![signed(after.0), signed(limit as u64)])?;
                let mut page = Page { events: Vec::new(), through: after };
                while let Some(row) = rows.next()? {
                    page.through = Position(unsigned(row.get(0)?));
                    if filter.passes(row.get_ref(4)?.as_str()?) {
                        page.events.push(Arc::new(recorded(row)?));
                    }
                }
                Ok(page)
            })
            .await
    }

    pub(super) fn is_unchanged(&self, stream: &StreamName, since: Position) -> bool {
        // This process is the only writer, and what was acknowledged stands in the tail.
        self.shared.tail.is_unchanged(stream, since)
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            groups: self.shared.groups.load(Ordering::Relaxed),
            events: self.shared.events.load(Ordering::Relaxed),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.shared.head.subscribe()
    }
}

impl Drop for Sqlite {
    /// Lets the writer finish what waits, so that a dropped store leaves no thread and no lock behind.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the event store's writer panicked");
        }
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let unusable = |error: std::io::Error| OpenError::Unusable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn open_writer(path: &Path, options: Options) -> Result<(Connection, Uuid), OpenError> {
    let name = || path.display().to_string();
    let unusable =
        |error: rusqlite::Error| OpenError::Unusable { path: name(), reason: error.to_string() };
    let connection = Connection::open(path).map_err(unusable)?;
    let pragma = |name: &str| -> Result<i64, OpenError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(unusable)
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(unusable)?;
    let fresh = tables == 0;
    if !fresh && pragma("application_id")? != APPLICATION {
        return Err(OpenError::Foreign { path: name() });
    }
    let found = pragma("user_version")?;
    if found > SCHEMA {
        return Err(OpenError::Newer { path: name(), found, known: SCHEMA });
    }
    configure(&connection, options).map_err(unusable)?;
    if fresh {
        create(&connection).map_err(unusable)?;
    }
    let id: Vec<u8> =
        connection.query_row("SELECT id FROM store", [], |row| row.get(0)).map_err(unusable)?;
    let id = Uuid::from_slice(&id).map_err(|_| OpenError::Foreign { path: name() })?;
    Ok((connection, id))
}

fn configure(connection: &Connection, options: Options) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer checkpoints by itself, in the background: the default costs a third of the throughput.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(CREATE)?;
    connection.execute("INSERT INTO store (id) VALUES (randomblob(16))", [])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", SCHEMA)?;
    connection.execute_batch("COMMIT")
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

fn recorded(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let wrong = |column: usize, kind| {
        rusqlite::Error::InvalidColumnType(column, "not as written".to_owned(), kind)
    };
    let stream = row.get_ref(1)?.as_str()?;
    let id = row.get_ref(3)?.as_blob()?;
    Ok(Recorded {
        position: Position(unsigned(row.get(0)?)),
        stream: StreamName::new(stream).map_err(|_| wrong(1, rusqlite::types::Type::Text))?,
        version: Version(unsigned(row.get(2)?)),
        id: Uuid::from_slice(id).map_err(|_| wrong(3, rusqlite::types::Type::Blob))?,
        kind: row.get_ref(4)?.as_str()?.into(),
        data: row.get(5)?,
        meta: row.get(6)?,
    })
}

/// SQLite's integers are signed; positions and versions never reach the sign bit.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
