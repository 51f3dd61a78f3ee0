//! Read models that are ahead of the log: evidence that it has lost its end.

use std::path::{Path, PathBuf};

use events::{EventStore, Position};
use rusqlite::{Connection, OpenFlags};

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
    let (id, position) = reflected(path)?;
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let ahead = Ahead { name, position, other: id != store.id().as_bytes() };
    (position > store.head()).then_some(ahead)
}

/// The log that a file reflects, and the position, without a change of it; `None` if it cannot be
/// read.
pub(super) fn reflected(path: &Path) -> Option<(Vec<u8>, Position)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    connection.pragma_update(None, "query_only", true).ok()?;
    let row = connection.query_row("SELECT store, position FROM view", [], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
    });
    let (id, position) = row.ok()?;
    Some((id, Position(u64::try_from(position).unwrap_or(0))))
}
