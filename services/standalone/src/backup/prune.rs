//! Removes old backups, once a newer one was found to be good.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use jiff::Timestamp;

use super::{LIST, list};

/// After how long what has no list is taken for broken off, and not for a backup that is being written.
const BROKEN_OFF_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// What a backup begins with: by it a folder without a list is told from one that is none of ours.
const FIRST: &str = "log.sqlite";

/// Of the backups beside `good`, which was begun at `begun_at`, removes all but the newest `keep`, `good` among them; gives what was
/// removed. What was begun later than `good` counts, and stays.
pub(super) fn prune(good: &Path, begun_at: Timestamp, keep: usize) -> Result<Vec<PathBuf>> {
    let good = good.canonicalize().with_context(|| good.display().to_string())?;
    let Some(place) = good.parent() else { return Ok(Vec::new()) };
    let (mut whole, mut removed) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(place).with_context(|| place.display().to_string())? {
        let entry = entry?;
        // A link is nobody's backup.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let folder = entry.path();
        match list(&folder) {
            Ok(Some(list)) => whole.push((list.begun_at, folder)),
            Ok(None) if is_broken_off(&folder, begun_at) => removed.push(folder),
            Ok(None) => {}
            // Whoever cannot read it does not remove it either.
            Err(error) => {
                tracing::warn!(folder = %folder.display(), why = %format!("{error:#}"), "not a backup that can be read; it stays");
            }
        }
    }
    whole.sort();
    let old = whole.len().saturating_sub(keep);
    let old = whole.into_iter().take(old);
    removed.extend(old.filter(|(at, folder)| *at <= begun_at && *folder != good).map(|(_, f)| f));
    for folder in &removed {
        remove(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(removed)
}

/// The list first: what is half removed is no whole backup.
fn remove(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(folder.join(LIST)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::remove_dir_all(folder)
}

fn is_broken_off(folder: &Path, begun_at: Timestamp) -> bool {
    let written = std::fs::metadata(folder.join(FIRST)).and_then(|metadata| metadata.modified());
    let before = SystemTime::from(begun_at).checked_sub(BROKEN_OFF_AFTER);
    written.ok().zip(before).is_some_and(|(written, before)| written < before)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn at(day: i8) -> Timestamp {
        jiff::civil::date(2026, 11, day).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    /// A folder with a log of a day, and a list if it is whole.
    fn backup(place: &Path, name: &str, day: i8, whole: bool) -> PathBuf {
        let folder = place.join(name);
        std::fs::create_dir(&folder).unwrap();
        let log = File::create(folder.join(FIRST)).unwrap();
        log.set_modified(at(day).into()).unwrap();
        if whole {
            let list = serde_json::json!({
                "begun_at": at(day), "program": "x", "events": 0, "files": 0, "bytes": 0 });
            std::fs::write(folder.join(LIST), list.to_string()).unwrap();
        }
        folder
    }

    fn names(place: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_stay_and_what_is_no_old_backup_stays_too() {
        let place = tempfile::tempdir().unwrap();
        for day in 1..=4 {
            backup(place.path(), &format!("day-{day}"), day, true);
        }
        let good = backup(place.path(), "day-5", 5, true);
        backup(place.path(), "broken-off", 3, false);
        backup(place.path(), "being-written", 5, false);
        std::fs::create_dir(place.path().join("lost+found")).unwrap();
        std::fs::write(place.path().join("note"), "").unwrap();
        std::os::unix::fs::symlink("day-1", place.path().join("link")).unwrap();
        let unreadable = backup(place.path(), "unreadable", 1, false);
        std::fs::write(unreadable.join(LIST), "no JSON").unwrap();
        assert_eq!(prune(&good, at(5), 2).unwrap().len(), 4);
        let left = ["being-written", "day-4", "day-5", "link", "lost+found", "note", "unreadable"];
        assert_eq!(names(place.path()), left);
        assert_eq!(prune(&good, at(5), 2).unwrap().len(), 0);
    }

    #[test]
    fn an_older_one_that_is_checked_again_stays_and_removes_nothing_newer() {
        let place = tempfile::tempdir().unwrap();
        let old = backup(place.path(), "old", 1, true);
        for day in 2..=4 {
            backup(place.path(), &format!("day-{day}"), day, true);
        }
        assert_eq!(prune(&old, at(1), 1).unwrap().len(), 0);
        assert_eq!(names(place.path()).len(), 4);
    }
}
