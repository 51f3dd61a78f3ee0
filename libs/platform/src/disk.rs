//! Free space on disks.

use std::path::{Path, PathBuf};

/// Free bytes on the disk of `path` for this process; `None` if unknown.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Space that must remain free on a disk during a large write.
#[derive(Debug, Clone)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

/// A write would leave too little free space.
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
    /// Requires this many free bytes on the disk of `path`.
    #[must_use]
    pub fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), bytes }
    }

    /// Checks that `wanted` more bytes leave the reserve free. Passes if the free space is unknown.
    ///
    /// # Errors
    ///
    /// The reserve would be used.
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
