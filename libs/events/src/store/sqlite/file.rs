//! The file: its tables, who may open it, and how.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use super::Options;
use crate::OpenError;

/// Schema version of the file, kept in its `user_version`. Version 1 was never released.
const SCHEMA: i64 = 2;
/// Marks the file as ours, kept in its `application_id` ("DSSR").
const APPLICATION: i64 = 0x4453_5352;

/// Streams have numbers in the order in which they began, so that the rows and index entries of the streams that are
/// being worked on lie side by side: that is what a commit has to write. `log` is for people with standard tools.
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

pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
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

pub(super) fn open_writer(path: &Path, options: Options) -> Result<(Connection, Uuid), OpenError> {
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
    if !fresh && found < SCHEMA {
        let reason = format!("it has version {found}, which was never released; begin a new one");
        return Err(OpenError::Unusable { path: name(), reason });
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
    // The writer sees to checkpoints by itself: the default costs a third of the throughput.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    prepare_once(connection, 32)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(CREATE)?;
    connection.execute("INSERT INTO store (id) VALUES (randomblob(16))", [])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", SCHEMA)?;
    connection.execute_batch("COMMIT")
}

pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    prepare_once(&connection, 16)?;
    Ok(connection)
}

/// Statements are kept, and not planned again whenever other values are bound.
fn prepare_once(connection: &Connection, statements: usize) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(statements);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}
