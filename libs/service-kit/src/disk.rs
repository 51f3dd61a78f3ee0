//! How much room there is on a disk.

use std::path::{Path, PathBuf};

/// Bytes that this process may still write on the disk of `path`; nothing where that cannot be said.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What must stay free on a disk while something large is written to it.
#[derive(Debug, Clone)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

/// Something would not leave enough room on a disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is not enough room on the disk of {path}: {free} bytes are free there, {wanted} are to be written, and {reserve} must stay \
     free. Remove something there, or write to another disk"
)]
pub struct NoRoom {
    path: PathBuf,
    free: u64,
    wanted: u64,
    reserve: u64,
}

impl Reserve {
    /// So many bytes on the disk of `path`.
    #[must_use]
    pub fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), bytes }
    }

    /// Whether `wanted` bytes more leave it free. A disk that does not say how much is free is not held against anybody.
    ///
    /// # Errors
    ///
    /// They do not.
    pub fn allows(&self, wanted: u64) -> Result<(), NoRoom> {
        match free(&self.path) {
            Some(free) if free < wanted.saturating_add(self.bytes) => {
                Err(NoRoom { path: self.path.clone(), free, wanted, reserve: self.bytes })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_says_how_much_room_it_has_and_a_missing_folder_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(folder.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free(&folder.path().join("missing")), None);
    }

    #[test]
    fn what_must_stay_free_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Reserve::new(folder.path(), 0).allows(1), Ok(()));
        let refused = Reserve::new(folder.path(), u64::MAX).allows(1).unwrap_err();
        assert!(refused.to_string().contains("must stay free"), "{refused}");
        assert!(Reserve::new(folder.path(), 0).allows(u64::MAX).is_err());
    }
}
