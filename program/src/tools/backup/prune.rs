//! Removes the old and the incomplete backups of an installation. Everything else in the same
//! folder stays: data directories, backups of other installations, folders of other kinds.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use super::{DIGEST_KEY, LIST, UNFINISHED, list};

/// The age at which an incomplete backup no longer counts as being written: less than a day, so
/// that the next nightly backup removes it.
const INCOMPLETE_AFTER: Duration = Duration::from_secs(20 * 60 * 60);

/// Removes complete backups of the same installation beside `good` (begun at `begun_at`), except
/// the newest `keep`, and incomplete ones; returns the removed folders. `good` and later backups
/// count towards `keep` and are never removed.
///
/// # Errors
///
/// Some cannot be removed; the others are removed nevertheless.
pub(super) fn prune(good: &Path, begun_at: Timestamp, keep: usize) -> Result<Vec<PathBuf>> {
    let good = good.canonicalize().with_context(|| good.display().to_string())?;
    let key = key_in(&good).with_context(|| good.display().to_string())?;
    let mut complete = Vec::new();
    for folder in siblings(&good)? {
        match list(&folder) {
            Ok(Some(list)) if has_key(&folder, key.as_deref()) => {
                complete.push((list.begun_at, folder));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(folder = %folder.display(), why = %format!("{error:#}"), "backup cannot be read; not removed");
            }
        }
    }
    complete.sort();
    let surplus = complete.len().saturating_sub(keep);
    let old = complete.into_iter().take(surplus);
    let old = old.filter(|(at, folder)| *at <= begun_at && *folder != good);
    let mut all: Vec<PathBuf> = old.map(|(_, folder)| folder).collect();
    all.extend(incomplete(&good, key.as_deref(), begun_at)?);
    remove_all(all)
}

/// Removes incomplete backups beside `backup` (begun at `begun_at`) of the installation with this
/// digest key.
///
/// # Errors
///
/// Some cannot be removed; the others are removed nevertheless.
pub(super) fn prune_incomplete(
    backup: &Path,
    key: Option<&[u8]>,
    begun_at: Timestamp,
) -> Result<Vec<PathBuf>> {
    let backup = backup.canonicalize().with_context(|| backup.display().to_string())?;
    remove_all(incomplete(&backup, key, begun_at)?)
}

/// The folder and its siblings. Symbolic links are not followed.
fn siblings(folder: &Path) -> Result<Vec<PathBuf>> {
    let Some(parent) = folder.parent() else { return Ok(Vec::new()) };
    let shown = || parent.display().to_string();
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(parent).with_context(shown)? {
        let entry = entry.with_context(shown)?;
        if entry.file_type().with_context(shown)?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// Incomplete backups that are old enough: of this installation, or too short to have a key.
fn incomplete(backup: &Path, key: Option<&[u8]>, begun_at: Timestamp) -> Result<Vec<PathBuf>> {
    let before = SystemTime::from(begun_at).checked_sub(INCOMPLETE_AFTER);
    let is_old = |folder: &Path| {
        let begun = std::fs::metadata(folder.join(UNFINISHED)).and_then(|about| about.modified());
        begun.ok().zip(before).is_some_and(|(begun, before)| begun < before)
    };
    let mut folders = siblings(backup)?;
    folders.retain(|folder| {
        let is_ours = has_key(folder, key) || has_key(folder, None);
        is_old(folder) && is_ours && !folder.join(LIST).exists()
    });
    Ok(folders)
}

/// Whether a folder contains this digest key (`None`: none). False if it cannot be read.
fn has_key(folder: &Path, key: Option<&[u8]>) -> bool {
    key_in(folder).is_ok_and(|found| found.as_deref() == key)
}

fn key_in(folder: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::read(folder.join(DIGEST_KEY)) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove_all(folders: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let (mut removed, mut failures) = (Vec::new(), Vec::new());
    for folder in folders {
        match remove(&folder) {
            Ok(()) => removed.push(folder),
            Err(error) => failures.push(format!("{}: {error}", folder.display())),
        }
    }
    if !failures.is_empty() {
        bail!("old backups cannot be removed: {}", failures.join("; "));
    }
    Ok(removed)
}

/// Marks a backup as incomplete and deletes that mark last: if the process is killed in between,
/// the next run removes the rest.
fn remove(folder: &Path) -> std::io::Result<()> {
    let mark = folder.join(UNFINISHED);
    match std::fs::rename(folder.join(LIST), &mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else if entry.path() != mark {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn at(day: i8) -> Timestamp {
        jiff::civil::date(2026, 11, day).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    fn folder(place: &Path, name: &str, key: &str) -> PathBuf {
        let folder = place.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(DIGEST_KEY), key).unwrap();
        let log = File::create(folder.join("log.sqlite")).unwrap();
        log.set_modified(at(1).into()).unwrap();
        folder
    }

    /// A complete backup.
    fn backup(place: &Path, name: &str, day: i8) -> PathBuf {
        let folder = folder(place, name, "key");
        let list = serde_json::json!({
            "begun_at": at(day), "program": "x", "events": 0, "files": 0, "bytes": 0 });
        std::fs::write(folder.join(LIST), list.to_string()).unwrap();
        folder
    }

    /// An incomplete backup.
    fn unfinished(place: &Path, name: &str, day: i8, key: &str) -> PathBuf {
        let folder = folder(place, name, key);
        let begun = File::create(folder.join(UNFINISHED)).unwrap();
        begun.set_modified(at(day).into()).unwrap();
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
            backup(place.path(), &format!("day-{day}"), day);
        }
        let good = backup(place.path(), "day-5", 5);
        unfinished(place.path(), "broken-off", 3, "key");
        unfinished(place.path(), "being-written", 5, "key");
        std::fs::create_dir(place.path().join("lost+found")).unwrap();
        std::fs::write(place.path().join("note"), "").unwrap();
        std::os::unix::fs::symlink("day-1", place.path().join("link")).unwrap();
        let unreadable = folder(place.path(), "unreadable", "key");
        std::fs::write(unreadable.join(LIST), "no JSON").unwrap();
        assert_eq!(prune(&good, at(5), 2).unwrap().len(), 4);
        let left = ["being-written", "day-4", "day-5", "link", "lost+found", "note", "unreadable"];
        assert_eq!(names(place.path()), left);
        assert_eq!(prune(&good, at(5), 2).unwrap().len(), 0);
    }

    #[test]
    fn neither_a_data_directory_nor_the_backups_of_another_installation_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let good = backup(place.path(), "good", 5);
        // A data directory in which nothing was recorded for days.
        folder(place.path(), "office", "key");
        let restored = backup(place.path(), "restored", 1);
        super::super::served_from(&restored).unwrap();
        let other = backup(place.path(), "other", 2);
        std::fs::write(other.join(DIGEST_KEY), "other key").unwrap();
        unfinished(place.path(), "other-broken-off", 2, "other key");
        let before = names(place.path());
        assert_eq!(prune(&good, at(5), 1).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(prune_incomplete(&good, Some(b"key"), at(5)).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(names(place.path()), before);
    }

    #[test]
    fn a_backup_that_cannot_be_removed_does_not_keep_the_others() {
        let place = tempfile::tempdir().unwrap();
        for day in 1..=3 {
            backup(place.path(), &format!("day-{day}"), day);
        }
        // The list cannot be renamed onto a folder, not even by root.
        let stuck = place.path().join("day-1");
        std::fs::remove_file(stuck.join("log.sqlite")).unwrap();
        std::fs::create_dir(stuck.join(UNFINISHED)).unwrap();
        let good = backup(place.path(), "day-4", 4);
        let said = prune(&good, at(4), 1).unwrap_err().to_string();
        assert!(said.contains("day-1") && !said.contains("day-2"), "{said}");
        assert_eq!(names(place.path()), ["day-1", "day-4"]);
    }

    #[test]
    fn incomplete_and_half_removed_backups_are_removed_before_the_next_one_is_written() {
        let place = tempfile::tempdir().unwrap();
        unfinished(place.path(), "night-1", 1, "key");
        let without_key = unfinished(place.path(), "night-2", 1, "key");
        std::fs::remove_file(without_key.join(DIGEST_KEY)).unwrap();
        let next = place.path().join("next");
        std::fs::create_dir(&next).unwrap();
        let gone = prune_incomplete(&next, Some(b"key"), at(2)).unwrap();
        assert_eq!((gone.len(), names(place.path())), (2, vec!["next".to_owned()]));
        // A rename keeps the time of the list.
        let half = backup(place.path(), "half", 1);
        let list = File::options().write(true).open(half.join(LIST)).unwrap();
        list.set_modified(at(1).into()).unwrap();
        std::fs::rename(half.join(LIST), half.join(UNFINISHED)).unwrap();
        assert_eq!(prune_incomplete(&next, Some(b"key"), at(2)).unwrap().len(), 1);
    }

    #[test]
    fn an_older_one_that_is_checked_again_stays_and_removes_nothing_newer() {
        let place = tempfile::tempdir().unwrap();
        let old = backup(place.path(), "old", 1);
        for day in 2..=4 {
            backup(place.path(), &format!("day-{day}"), day);
        }
        assert_eq!(prune(&old, at(1), 1).unwrap().len(), 0);
        assert_eq!(names(place.path()).len(), 4);
    }
}
