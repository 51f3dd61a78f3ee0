//! File permissions: data is readable by the process's user only, because the log, documents and
//! read models contain personal data.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Sets the umask, so that all files that the process creates, SQLite's included, are for its user
/// only.
pub(crate) fn from_now_on() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Creates a folder for the process's user only; an existing one is not changed.
pub(crate) fn folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes others' permissions from a folder and its files; subfolders are unreachable then. Files
/// of another user cannot be changed; this is logged and not an error, because a volume may belong
/// to another user.
pub(crate) fn tighten(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    // The folder first, so that it is closed while its files are changed.
    for path in std::iter::once(folder.to_owned()).chain(files) {
        let Ok(mode) = path.metadata().map(|found| found.permissions().mode()) else { continue };
        if mode & OTHERS == 0 {
            continue;
        }
        let (path_shown, mode_shown) = (path.display(), format!("{:03o}", mode & 0o777));
        match std::fs::set_permissions(&path, Permissions::from_mode(mode & 0o700)) {
            Ok(()) => {
                tracing::info!(path = %path_shown, mode = mode_shown, "file was readable by other users; permissions restricted");
            }
            Err(error) => {
                tracing::warn!(path = %path_shown, mode = mode_shown, %error, "file is readable by other users, and permissions cannot be changed");
            }
        }
    }
}
