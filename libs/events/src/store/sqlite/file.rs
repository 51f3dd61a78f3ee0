//! The file: its tables, and how it is opened.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use super::Options;
use crate::OpenError;
use crate::limits::LOCK_WAIT;

/// Schema version, stored in `user_version`. Version 1 was never released; version 2 has no
/// `writer`.
const SCHEMA: i64 = 3;
/// Oldest supported version; migrated when opened for writing.
const SCHEMA_OLDEST: i64 = 2;
/// Marks the file as ours, kept in its `application_id` ("DSSR").
const APPLICATION: i64 = 0x4453_5352;

/// Streams are numbered in order of creation, so that rows and index entries of active streams are
/// adjacent, which keeps commits small. The view `log` is for people with standard tools.
const CREATE: &str = "
CREATE TABLE store (id BLOB NOT NULL) STRICT;
CREATE TABLE streams (
  no       INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream   INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  kind     TEXT    NOT NULL,
  data     TEXT    NOT NULL,
  meta     TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE VIEW log AS SELECT position, name AS stream, version, lower(hex(id)) AS id, kind, data, meta
  FROM events JOIN streams ON streams.no = events.stream;
";

/// The writer's epoch: incremented when the file is opened for writing; an older writer stops.
/// `touched` and `room` serve the writability test.
const CREATE_WRITER: &str = "
CREATE TABLE writer (epoch INTEGER NOT NULL, touched INTEGER NOT NULL, room BLOB) STRICT;
INSERT INTO writer (epoch, touched) VALUES (0, 0);
";

/// A file opened for writing.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) id: Uuid,
    pub(super) epoch: i64,
    /// Head at the moment when earlier writers were excluded.
    pub(super) head: i64,
}

pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    let unusable = |error: std::io::Error| OpenError::unusable(path.display(), error);
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

pub(super) fn open_writer(path: &Path, options: Options) -> Result<Opened, OpenError> {
    let unusable = |error: rusqlite::Error| unusable(path, error);
    let connection = Connection::open(path).map_err(unusable)?;
    connection.busy_timeout(LOCK_WAIT).map_err(unusable)?;
    check(path, &connection)?;
    configure(&connection, options).map_err(unusable)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(unusable)?;
    // Checked again inside the transaction: another process may have created the file meanwhile.
    match check(path, &connection)? {
        None => create(&connection).map_err(unusable)?,
        Some(SCHEMA) => {}
        Some(_) => bring_up_to_date(&connection).map_err(unusable)?,
    }
    let epoch = connection
        .query_row("UPDATE writer SET epoch = epoch + 1 RETURNING epoch", [], |row| row.get(0))
        .map_err(unusable)?;
    let head = head(&connection).map_err(unusable)?;
    let id = identity(path, &connection)?;
    connection.execute_batch("COMMIT").map_err(unusable)?;
    Ok(Opened { connection, id, epoch, head })
}

/// Identity and head of a file opened read-only.
pub(super) fn look(path: &Path, connection: &Connection) -> Result<(Uuid, i64), OpenError> {
    if check(path, connection)?.is_none() {
        return Err(OpenError::Missing { path: path.display().to_string() });
    }
    let head = head(connection).map_err(|error| unusable(path, error))?;
    Ok((identity(path, connection)?, head))
}

fn unusable(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::unusable(path.display(), error)
}

/// The file's schema version, `None` if it is empty; fails if it is not ours.
fn check(path: &Path, connection: &Connection) -> Result<Option<i64>, OpenError> {
    let name = || path.display().to_string();
    let ask = |sql: &str| -> Result<i64, OpenError> {
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| unusable(path, error))
    };
    if ask("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(None);
    }
    if ask("PRAGMA application_id")? != APPLICATION {
        return Err(OpenError::Foreign { path: name() });
    }
    let found = ask("PRAGMA user_version")?;
    if found > SCHEMA {
        return Err(OpenError::Newer { path: name(), found, known: SCHEMA });
    }
    if found < SCHEMA_OLDEST {
        let reason = format!("schema version {found} was never released; start with a new file");
        return Err(OpenError::unusable(path.display(), reason));
    }
    Ok(Some(found))
}

fn head(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))
}

fn identity(path: &Path, connection: &Connection) -> Result<Uuid, OpenError> {
    let id: Vec<u8> = connection
        .query_row("SELECT id FROM store", [], |row| row.get(0))
        .map_err(|error| unusable(path, error))?;
    Uuid::from_slice(&id).map_err(|_| OpenError::Foreign { path: path.display().to_string() })
}

fn configure(connection: &Connection, options: Options) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer triggers checkpoints itself: the default costs a third of the throughput.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    prepare_once(connection, 32)
}

/// Creates the tables, inside a transaction.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(CREATE)?;
    connection.execute("INSERT INTO store (id) VALUES (randomblob(16))", [])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    bring_up_to_date(connection)
}

/// Migrates the tables, inside a transaction.
fn bring_up_to_date(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(CREATE_WRITER)?;
    connection.pragma_update(None, "user_version", SCHEMA)
}

pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    prepare_once(&connection, 16)?;
    Ok(connection)
}

/// Prepares a statement so that it is not replanned when parameters change.
fn prepare_once(connection: &Connection, statements: usize) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(statements);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}
