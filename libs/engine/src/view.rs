//! A read model in its own SQLite file: rows and the position that they reflect, updated in one
//! transaction. A view can be deleted at any time and is rebuilt from the store; it deletes itself
//! if it does not match the store. One that is ahead of the store is evidence of a lost log: see
//! [`ahead`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::{EventStore, Position, Wal, WalLimits};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, Row};

use crate::limits::{
    LISTS_AT_ONCE, LISTS_WAITING_MAX, LOOK_UPS_AT_ONCE, LOOK_UPS_WAITING_MAX, STATISTICS_AT_ONCE,
    STATISTICS_WAITING_MAX,
};

mod ahead;
mod conditions;
mod file;
pub(crate) mod legacy;
mod readers;
mod writer;

pub use ahead::{Ahead, ahead};
pub use conditions::{of_agency, of_others, of_uninvolved, party_names, text_array, texts};
use file::{create, is_elsewhere, remove, reopen};
use readers::Readers;
use writer::Writer;

/// A read model.
#[derive(Debug)]
pub struct View {
    writer: Writer,
    /// `None` for a view in memory.
    wal: Option<Arc<Wal>>,
    look_ups: Readers,
    lists: Readers,
    statistics: Readers,
}

/// Cost class of a query, which selects its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// One row by key.
    LookUp,
    /// A page of a list.
    List,
    /// Figures over many rows.
    Statistics,
}

/// Definition of a view.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Also the name of its file.
    pub name: &'static str,
    /// Schema version, increased with every change of the tables.
    pub version: u32,
    /// Creates the tables.
    pub tables: &'static str,
}

/// Why a view cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error("{path}: {source}")]
    File {
        /// The file or folder that could not be accessed.
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("a view failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The thread of the query panicked or was cancelled.
    #[error("a query was broken off")]
    BrokenOff,
    /// The write-ahead log has its greatest length.
    #[error("the write-ahead log of a view is full: {0}")]
    Full(events::Unwritable),
    /// Too many queued queries of this class.
    #[error("too many questions to a view wait")]
    Busy,
}

impl ViewError {
    /// Whether a retry may succeed without an operator. A damaged view is rebuilt at the next
    /// start.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy | Self::File { .. } | Self::Full(_) => true,
            Self::BrokenOff => false,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::DiskFull
                        | ErrorCode::ReadOnly
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::OutOfMemory
                        | ErrorCode::OperationAborted
                        | ErrorCode::OperationInterrupted
                        | ErrorCode::FileLockingProtocolFailed
                        | ErrorCode::SchemaChanged
                )
            ),
        }
    }
}

/// An instant that a row has in milliseconds since 1970.
///
/// # Errors
///
/// The number is not one of an instant: the view's file is damaged.
pub fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// Number of read models that were rebuilt.
static REBUILT: AtomicU64 = AtomicU64::new(0);

/// Number of existing read models that were rebuilt: damaged, outdated schema, or of another store.
#[must_use]
pub fn rebuilt() -> u64 {
    REBUILT.load(Ordering::Relaxed)
}

/// Length of a view's write-ahead log, in pages of 4,096 bytes: beyond 32 MiB the writer waits for
/// a checkpoint; a view whose readers prevent it is not written beyond 512 MiB.
const WAL: WalLimits = WalLimits { copy: 2_000, wait: 8_192, alarm: 32_768, most: 131_072 };

impl View {
    /// Opens the view in `folder` (`None`: in memory). It is rebuilt if it is missing, damaged, of
    /// another schema or store, or ahead of the store.
    pub fn open(
        folder: Option<&Path>,
        shape: Shape,
        store: &EventStore,
    ) -> Result<Self, ViewError> {
        Self::open_within(folder, shape, store, WAL)
    }

    fn open_within(
        folder: Option<&Path>,
        shape: Shape,
        store: &EventStore,
        limits: WalLimits,
    ) -> Result<Self, ViewError> {
        let Some(folder) = folder else {
            let connection = create(Connection::open_in_memory()?, shape, store)?;
            let writer = Writer::new(shape.name, connection);
            return Ok(Self {
                look_ups: Readers::of_memory(&writer.connection, LOOK_UPS_WAITING_MAX),
                lists: Readers::of_memory(&writer.connection, LISTS_WAITING_MAX),
                statistics: Readers::of_memory(&writer.connection, STATISTICS_WAITING_MAX),
                writer,
                wal: None,
            });
        };
        let path = folder.join(format!("{}.sqlite", shape.name));
        let mut writer = match reopen(&path, shape, store) {
            Ok(Some(connection)) => connection,
            // A full disk or a locked file is no reason to delete the view.
            Err(error) if is_elsewhere(&error) => return Err(error.into()),
            Ok(None) | Err(_) => {
                if path.exists() {
                    REBUILT.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(view = shape.name, "rebuilding the read model");
                }
                remove(&path)?;
                create(Connection::open(&path)?, shape, store)?
            }
        };
        let of = |at_once, waiting| Readers::of_file(path.clone(), at_once, waiting);
        let (look_ups, lists, statistics) = (
            of(LOOK_UPS_AT_ONCE, LOOK_UPS_WAITING_MAX),
            of(LISTS_AT_ONCE, LISTS_WAITING_MAX),
            of(STATISTICS_AT_ONCE, STATISTICS_WAITING_MAX),
        );
        let wal = Some(Arc::new(Wal::of(&mut writer, path, limits)?));
        Ok(Self { writer: Writer::new(shape.name, writer), wal, look_ups, lists, statistics })
    }

    /// The position that it reflects.
    pub fn position(&self) -> Result<Position, ViewError> {
        let position: i64 =
            lock(&self.writer.connection)
                .query_row("SELECT position FROM view", [], |row| row.get(0))?;
        Ok(Position(u64::try_from(position).unwrap_or(0)))
    }

    /// Changes rows and moves the position to `through`, atomically, on the view's own thread.
    ///
    /// # Errors
    ///
    /// Nothing was changed, unless the caller was cancelled meanwhile: then both were changed, or
    /// neither.
    pub async fn write<T: Send + 'static>(
        &self,
        through: Position,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ViewError> {
        self.begin_write(through, change).await
    }

    /// Begins [`View::write`]; the result is that of the future.
    pub(crate) fn begin_write<T, C>(
        &self,
        through: Position,
        change: C,
    ) -> impl Future<Output = Result<T, ViewError>> + Send + use<T, C>
    where
        T: Send + 'static,
        C: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let wal = self.wal.clone();
        self.writer.begin(move |rows| transact(rows, wal.as_deref(), through, change))
    }

    /// Like [`View::write`], on this thread: while a service is assembled.
    pub(crate) fn write_at_start<T>(
        &self,
        through: Position,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ViewError> {
        transact(&lock(&self.writer.connection), self.wal.as_deref(), through, change)
    }

    /// A short read on the writer's connection, on this thread: while a service is assembled.
    /// Later, [`View::query`] does not wait for the writer.
    pub fn peek<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ViewError> {
        Ok(read(&lock(&self.writer.connection))?)
    }

    /// Runs a query; queries of one class never wait for those of another.
    pub async fn query<T: Send + 'static>(
        &self,
        question: Question,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ViewError> {
        let readers = match question {
            Question::LookUp => &self.look_ups,
            Question::List => &self.lists,
            Question::Statistics => &self.statistics,
        };
        readers.query(read).await
    }
}

fn transact<T>(
    connection: &Connection,
    wal: Option<&Wal>,
    through: Position,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, ViewError> {
    if !connection.is_autocommit() {
        // An earlier change panicked.
        connection.execute_batch("ROLLBACK")?;
    }
    if let Some(why) = wal.and_then(Wal::full) {
        return Err(ViewError::Full(why));
    }
    // Prepared once: parsing BEGIN and COMMIT matters at thousands of small transactions per
    // second.
    connection.prepare_cached("BEGIN")?.execute([])?;
    let written = change(connection).and_then(|value| {
        connection
            .prepare_cached("UPDATE view SET position = max(position, ?1)")?
            .execute([i64::try_from(through.0).unwrap_or(i64::MAX)])?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(value)
    });
    if written.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    if let Some(wal) = wal {
        wal.tend(connection);
    }
    Ok(written?)
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // After a panic the next transaction rolls back what was left open.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
