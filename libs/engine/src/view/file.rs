//! The file of a view: opened, created, checked and removed.

use std::path::Path;

use events::EventStore;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, ffi, params};

use super::{Shape, ViewError};

const META: &str = "CREATE TABLE view (
  store BLOB NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL
) STRICT;";

pub(super) fn reopen(
    path: &Path,
    shape: Shape,
    store: &EventStore,
) -> rusqlite::Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = configure(Connection::open(path)?)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let meta: Option<(Vec<u8>, u32, i64)> = connection
        .query_row("SELECT store, version, position FROM view", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let head = i64::try_from(store.head().0).unwrap_or(i64::MAX);
    let ours = meta.is_some_and(|(id, version, position)| {
        id == store.id().as_bytes() && version == shape.version && position <= head
    });
    Ok((sound == "ok" && ours).then_some(connection))
}

/// Whether the cause is the disk, its permissions or a lock, and not the file.
pub(super) fn is_elsewhere(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(error, _) = error else { return false };
    match error.code {
        ErrorCode::DiskFull
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly => true,
        // A truncated file is damaged.
        ErrorCode::SystemIoFailure => error.extended_code != ffi::SQLITE_IOERR_SHORT_READ,
        _ => false,
    }
}

pub(super) fn create(
    connection: Connection,
    shape: Shape,
    store: &EventStore,
) -> rusqlite::Result<Connection> {
    let connection = configure(connection)?;
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(META)?;
    connection.execute_batch(shape.tables)?;
    connection.execute(
        "INSERT INTO view (store, version, position) VALUES (?1, ?2, 0)",
        params![store.id().as_bytes().as_slice(), shape.version],
    )?;
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

fn configure(connection: Connection) -> rusqlite::Result<Connection> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // No sync at every commit: a view that is lost in a crash is rebuilt.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise statements with partial indexes are replanned whenever parameters change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

pub(super) fn remove(path: &Path) -> Result<(), ViewError> {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ViewError::File { path: name.into(), source }),
        }
    }
    Ok(())
}
