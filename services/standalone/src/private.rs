//! What the process keeps is for its own user alone: personal data stands in the log, in documents and in read models.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

/// What nobody but the owner may do.
const OTHERS: u32 = 0o077;

/// From now on everything that the process makes, SQLite's files beside its own included, is for its user alone, whatever
/// the shell that started it says.
pub(crate) fn from_now_on() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// A folder for the process's user alone, made if it is missing; one that is there stays as it is.
pub(crate) fn folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Takes a folder, and the files that lie in it, from others. What lies in folders below is out of their reach then. Another
/// user's cannot be changed; that is said and no reason to stop, because a volume may belong to the machine.
pub(crate) fn tighten(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    // The folder first: then nobody comes in any more while the files are looked at.
    for path in std::iter::once(folder.to_owned()).chain(files) {
        let Ok(mode) = path.metadata().map(|found| found.permissions().mode()) else { continue };
        if mode & OTHERS == 0 {
            continue;
        }
        let (path_shown, mode_shown) = (path.display(), format!("{:03o}", mode & 0o777));
        match std::fs::set_permissions(&path, Permissions::from_mode(mode & 0o700)) {
            Ok(()) => {
                tracing::info!(path = %path_shown, mode = mode_shown, "others could read it; now only this user can");
            }
            Err(error) => {
                tracing::warn!(path = %path_shown, mode = mode_shown, %error, "others can read it");
            }
        }
    }
}
