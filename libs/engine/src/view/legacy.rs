//! Files that held nothing but a follower's position, as earlier versions wrote them.

use std::path::Path;

use events::{EventStore, Position};

use super::{ViewError, ahead, file};

/// The position in the file of this name, if it belongs to this log.
pub(crate) fn position(folder: &Path, name: &str, store: &EventStore) -> Option<Position> {
    let path = folder.join(format!("{name}.sqlite"));
    let (id, position) = path.exists().then(|| ahead::reflected(&path))??;
    (id == store.id().as_bytes() && position <= store.head()).then_some(position)
}

/// Removes the file.
pub(crate) fn remove(folder: &Path, name: &str) -> Result<(), ViewError> {
    file::remove(&folder.join(format!("{name}.sqlite")))
}
