//! A read model in its own SQLite file: rows and the position that they reflect, updated in one
//! transaction. A view can be deleted at any time and is rebuilt from the store; it deletes itself
//! if it does not match the store. One that is ahead of the store is evidence of a lost log: see
//! [`ahead`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::{EventStore, Position, Wal, WalLimits};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, ffi, params};

use crate::limits::{
    LISTS_AT_ONCE, LISTS_WAITING_MAX, LOOK_UPS_AT_ONCE, LOOK_UPS_WAITING_MAX, STATISTICS_AT_ONCE,
    STATISTICS_WAITING_MAX,
};

mod conditions;
mod readers;

pub use conditions::{of_agency, of_others};
use readers::Readers;

/// A read model.
#[derive(Debug)]
pub struct View {
    writer: Arc<Mutex<Connection>>,
    /// `None` for a view in memory.
    wal: Option<Wal>,
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
    /// Too many queued queries of this class.
    #[error("too many questions to a view wait")]
    Busy,
}

/// Number of read models that were rebuilt.
static REBUILT: AtomicU64 = AtomicU64::new(0);

/// Number of existing read models that were rebuilt: damaged, outdated schema, or of another store.
#[must_use]
pub fn rebuilt() -> u64 {
    REBUILT.load(Ordering::Relaxed)
}

/// Length of a view's write-ahead log, in pages of 4,096 bytes.
const WAL: WalLimits = WalLimits { copy: 2_000, alarm: 32_768, most: u64::MAX };

const META: &str = "CREATE TABLE view (
  store BLOB NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL
) STRICT;";

impl View {
    /// Opens the view in `folder` (`None`: in memory). It is rebuilt if it is missing, damaged, of
    /// another schema or store, or ahead of the store.
    pub fn open(
        folder: Option<&Path>,
        shape: Shape,
        store: &EventStore,
    ) -> Result<Self, ViewError> {
        let Some(folder) = folder else {
            let connection =
                Arc::new(Mutex::new(create(Connection::open_in_memory()?, shape, store)?));
            return Ok(Self {
                look_ups: Readers::of_memory(&connection, LOOK_UPS_WAITING_MAX),
                lists: Readers::of_memory(&connection, LISTS_WAITING_MAX),
                statistics: Readers::of_memory(&connection, STATISTICS_WAITING_MAX),
                writer: connection,
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
        let wal = Some(Wal::of(&mut writer, path, WAL)?);
        Ok(Self { writer: Arc::new(Mutex::new(writer)), wal, look_ups, lists, statistics })
    }

    /// The position that it reflects.
    pub fn position(&self) -> Result<Position, ViewError> {
        let position: i64 =
            lock(&self.writer).query_row("SELECT position FROM view", [], |row| row.get(0))?;
        Ok(Position(u64::try_from(position).unwrap_or(0)))
    }

    /// Changes rows and sets the position to `through`, atomically.
    pub fn write<T>(
        &self,
        through: Position,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ViewError> {
        let connection = lock(&self.writer);
        // Prepared once: parsing BEGIN and COMMIT matters at thousands of small transactions per
        // second.
        connection.prepare_cached("BEGIN")?.execute([])?;
        let written = change(&connection).and_then(|value| {
            connection
                .prepare_cached("UPDATE view SET position = ?1")?
                .execute([i64::try_from(through.0).unwrap_or(i64::MAX)])?;
            connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(value)
        });
        if written.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        if let Some(wal) = &self.wal {
            wal.tend(&connection);
        }
        Ok(written?)
    }

    /// A short read on the writer's connection.
    pub fn peek<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ViewError> {
        Ok(read(&lock(&self.writer))?)
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

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A transaction that panicked was rolled back when it was dropped.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reopen(path: &Path, shape: Shape, store: &EventStore) -> rusqlite::Result<Option<Connection>> {
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
fn is_elsewhere(error: &rusqlite::Error) -> bool {
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

/// A read model that is ahead of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    pub name: String,
    /// The position that it reflects.
    pub position: Position,
    /// Whether it belongs to another log.
    pub other: bool,
}

/// The read models in `folder` that are ahead of `store`, whose end was lost or which is an older
/// copy. Changes nothing; unreadable ones are skipped.
#[must_use]
pub fn ahead(folder: &Path, store: &EventStore) -> Vec<Ahead> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let mut views: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "sqlite")).collect();
    views.sort();
    views.iter().filter_map(|path| witness(path, store)).collect()
}

fn witness(path: &Path, store: &EventStore) -> Option<Ahead> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    connection.pragma_update(None, "query_only", true).ok()?;
    let row = connection.query_row("SELECT store, position FROM view", [], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
    });
    let (id, position) = row.ok()?;
    let position = Position(u64::try_from(position).unwrap_or(0));
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let ahead = Ahead { name, position, other: id != store.id().as_bytes() };
    (position > store.head()).then_some(ahead)
}

fn create(
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
    connection.pragma_update(None, "cache_size", -4_096)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise statements with partial indexes are replanned whenever parameters change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn remove(path: &Path) -> Result<(), ViewError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape =
        Shape { name: "numbers", version: 1, tables: "CREATE TABLE numbers (n INTEGER) STRICT;" };

    fn count(view: &View) -> i64 {
        view.peek(|c| c.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0))).unwrap()
    }

    fn fill(folder: &Path, store: &EventStore, position: Position) {
        let view = View::open(Some(folder), SHAPE, store).unwrap();
        view.write(position, |t| t.execute("INSERT INTO numbers VALUES (7)", [])).unwrap();
    }

    #[test]
    fn a_view_keeps_its_rows_and_position() {
        let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
        fill(folder.path(), &store, Position::START);
        assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 1);
    }

    #[test]
    fn a_view_of_another_store_or_shape_or_ahead_of_its_store_is_built_anew() {
        let folder = tempfile::tempdir().unwrap();
        let store = EventStore::memory();
        fill(folder.path(), &store, Position::START);
        let other = View::open(Some(folder.path()), SHAPE, &EventStore::memory()).unwrap();
        assert_eq!(count(&other), 0);
        drop(other);
        fill(folder.path(), &store, Position::START);
        let newer = Shape { version: 2, ..SHAPE };
        assert_eq!(count(&View::open(Some(folder.path()), newer, &store).unwrap()), 0);
        fill(folder.path(), &store, Position(99));
        assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 0);
    }

    #[tokio::test]
    async fn questions_of_one_kind_never_wait_for_another_and_those_that_are_too_many_are_refused()
    {
        let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
        fill(folder.path(), &store, Position::START);
        let view = Arc::new(View::open(Some(folder.path()), SHAPE, &store).unwrap());
        // Readers of statistics block until this is dropped.
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (begun, begins) = std::sync::mpsc::channel();
        let mut statistics = tokio::task::JoinSet::new();
        for _ in 0..STATISTICS_AT_ONCE + STATISTICS_WAITING_MAX {
            let (view, held, begun) = (Arc::clone(&view), Arc::clone(&held), begun.clone());
            statistics.spawn(async move {
                let read = move |rows: &Connection| {
                    begun.send(()).unwrap();
                    // Dropping the sender ends all of them at once.
                    held.lock().unwrap().recv().unwrap_err();
                    rows.query_row("SELECT n FROM numbers", [], |row| row.get::<_, i64>(0))
                };
                view.query(Question::Statistics, read).await.unwrap()
            });
        }
        let one = |rows: &Connection| rows.query_row("SELECT 1", [], |row| row.get::<_, i64>(0));
        while view.statistics.waiting() < STATISTICS_WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert!(matches!(view.query(Question::Statistics, one).await, Err(ViewError::Busy)));
        for question in [Question::LookUp, Question::List] {
            assert_eq!(view.query(question, one).await.unwrap(), 1);
        }
        assert!(begins.try_iter().count() <= STATISTICS_AT_ONCE);
        drop(release);
        let read = statistics.join_all().await;
        assert_eq!(read, vec![7; STATISTICS_AT_ONCE + STATISTICS_WAITING_MAX]);
        assert_eq!(view.query(Question::Statistics, one).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_question_that_panics_takes_no_connection_with_it() {
        let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
        for folder in [None, Some(folder.path())] {
            let view = View::open(folder, SHAPE, &store).unwrap();
            for _ in 0..2 * STATISTICS_AT_ONCE {
                let panics = |_: &Connection| -> rusqlite::Result<()> { panic!("on purpose") };
                let broken = view.query(Question::Statistics, panics).await;
                assert!(matches!(broken, Err(ViewError::BrokenOff)));
            }
            let read = |rows: &Connection| rows.query_row("SELECT 1", [], |row| row.get(0));
            let one: i64 = view.query(Question::Statistics, read).await.unwrap();
            assert_eq!(one, 1);
        }
    }

    #[test]
    fn a_view_that_knows_more_than_the_log_is_a_witness_and_stays_as_it_is() {
        let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
        fill(folder.path(), &store, Position::START);
        std::fs::write(folder.path().join("damaged.sqlite"), "no database").unwrap();
        assert_eq!(ahead(folder.path(), &store), []);
        fill(folder.path(), &store, Position(99));
        let witness = |other| Ahead { name: "numbers".to_owned(), position: Position(99), other };
        assert_eq!(ahead(folder.path(), &store), [witness(false)]);
        assert_eq!(ahead(folder.path(), &EventStore::memory()), [witness(true)]);
        assert_eq!(ahead(&folder.path().join("missing"), &store), []);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_no_reason_to_throw_a_view_away() {
        let elsewhere =
            |code| is_elsewhere(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let reasons = [
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_BUSY,
        ];
        assert!(reasons.into_iter().all(elsewhere));
        let damages = [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR_SHORT_READ];
        assert!(!damages.into_iter().any(elsewhere));
    }

    #[test]
    fn a_damaged_view_is_built_anew() {
        let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
        fill(folder.path(), &store, Position::START);
        std::fs::write(folder.path().join("numbers.sqlite"), "no database").unwrap();
        assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 0);
    }
}
