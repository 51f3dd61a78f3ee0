//! `dossier backup` and `dossier restore-check`: everything that must be kept, in one folder that
//! is itself a data directory. A backup is made while the installation serves: the keys, the log up
//! to its head, the documents (which are stored before the steps that name them), and last the list
//! of contents, which only a complete backup has.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use documents::{Copied, Documents};
use platform::TimeSource;
use platform::disk::Reserve;

use crate::limits::DISK_FREE_MIN;
use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier::contract::DocumentDigest;
use events::{EventStore, Position, SqliteOptions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::data::DataDirectory;
use crate::private;
use crate::tools::check;

mod prune;
mod sums;

use sums::{LogSum, Sums};

/// The list of contents, which only a complete backup has.
const LIST: &str = "backup.json";
/// The list's name until the backup is complete. It is the first file of a backup, so that pruning
/// can tell an incomplete backup from a data directory.
const UNFINISHED: &str = "backup.unfinished";
/// The list's name once an installation has been started in the folder, which is then no longer a
/// backup.
const SERVED: &str = "backup.served";
/// The digest key, which a restored installation needs.
const DIGEST_KEY: &str = "digest-key";
/// Further files that are kept if they exist: the development key and the virtual time.
const OTHERS: [&str; 2] = ["development-signing-key", "virtual-time-ended-at"];
const MIB: u64 = 1024 * 1024;

/// Back up the log, documents and keys into a folder.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Documents folder or `s3://bucket/prefix`, if not in the data directory.
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// Digest key, if not in the data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<PathBuf>,
    /// Space in MiB to leave free on the target's disk. A backup that would leave less is not
    /// started, or stopped and removed.
    #[arg(long, env = "DOSSIER_BACKUP_LEAVES_MIB", value_name = "MIB", default_value_t = DISK_FREE_MIN / MIB)]
    leave_mib: u64,
    /// Folder to write to; a new one for each backup.
    to: PathBuf,
}

/// Check that a backup can be restored.
#[derive(Debug, Parser)]
pub(crate) struct CheckArguments {
    /// Folder of the backup.
    backup: PathBuf,
    /// Number of backups of this installation to keep in the parent folder, this one included, if
    /// the check succeeds. Older ones are removed, and incomplete ones older than a day. Default:
    /// keep all.
    #[arg(long, env = "DOSSIER_BACKUPS_KEPT", value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// Contents of a backup.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    /// Start of the backup; everything that was acknowledged before is in it.
    begun_at: Timestamp,
    /// The program that wrote it.
    program: String,
    events: u64,
    /// Documents and their records.
    files: u64,
    bytes: u64,
    /// Digest of [`sums::SUMS`]; older programs wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sums: Option<String>,
    /// Digest of the log's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let to = &arguments.to;
    let directory = arguments.data.existing()?.with_documents(arguments.documents.clone());
    let directory = directory.with_digest_key(arguments.digest_key.clone());
    // Before the log is opened, because later steps may not be in the backup.
    let begun_at = TimeSource::System.now();
    let from = directory.store_to_read().await?;
    // Missing inputs are reported before anything is written.
    let office = Office {
        begun_at,
        documents: documents(&directory, &from).await?,
        kept: kept(&directory, &from)?,
        log_bytes: directory.log_bytes(),
        from,
    };
    let made = empty(to)?;
    // Incomplete backups take space that this one needs. If they cannot be removed, there may still
    // be enough.
    if let Err(error) = prune::prune_incomplete(to, office.digest_key()?.as_deref(), begun_at) {
        tracing::warn!(why = %format!("{error:#}"), "incomplete backups cannot be removed");
    }
    let reserve = Reserve::new(to, arguments.leave_mib.saturating_mul(MIB));
    let list = match office.write(to, &reserve).await {
        Ok(list) => list,
        Err(error) => {
            // Otherwise it would take the space of the next backup.
            if let Err(why) = clear(to, made) {
                let (to, why) = (to.display(), why.to_string());
                tracing::error!(%to, why, "incomplete backup cannot be removed");
            }
            return Err(error);
        }
    };
    let List { begun_at, events, files, bytes, .. } = list;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "backup of {begun_at}: {events} events, {files} document files with {bytes} bytes; verify it with: dossier restore-check {}",
        to.display()
    )?;
    Ok(())
}

/// The inputs of a backup.
struct Office {
    begun_at: Timestamp,
    from: EventStore,
    /// Bytes of the log; 0 if unknown.
    log_bytes: u64,
    documents: Option<Documents>,
    kept: Vec<(&'static str, PathBuf)>,
}

impl Office {
    /// The digest key, which identifies the installation for pruning.
    fn digest_key(&self) -> Result<Option<Vec<u8>>> {
        let mut kept = self.kept.iter();
        let Some((_, path)) = kept.find(|(name, _)| *name == DIGEST_KEY) else { return Ok(None) };
        std::fs::read(path).map(Some).with_context(|| path.display().to_string())
    }

    async fn write(&self, to: &Path, reserve: &Reserve) -> Result<List> {
        let mut list = File::create_new(to.join(UNFINISHED))?;
        list.sync_all()?;
        let mut sums = Sums::create(to)?;
        // The keys first, so that an incomplete backup can be assigned to its installation.
        for (name, from) in &self.kept {
            let copy = to.join(name);
            std::fs::copy(from, &copy).with_context(|| from.display().to_string())?;
            File::open(&copy)?.sync_all()?;
            sums.add(name, &sums::of_file(&copy)?.unwrap_or_default())?;
        }
        let bytes = match &self.documents {
            Some(documents) => documents.bytes().await?,
            None => 0,
        };
        reserve.allows(self.log_bytes.saturating_add(bytes))?;
        let log = EventStore::sqlite(&to.join("log.sqlite"), SqliteOptions::default())?;
        let mut log_sum = LogSum::default();
        let copied = crate::tools::copy::copy_with(&self.from, &log, |page| {
            let bytes = page.iter().map(|event| event.data.len() + event.meta.len()).sum::<usize>();
            reserve.allows(bytes as u64)?;
            for event in page {
                log_sum.add(event);
            }
            Ok(())
        });
        let events = copied.await?.written;
        drop(log);
        let place = to.join("documents");
        private::folder(&place)?;
        let Copied { files, bytes } = match &self.documents {
            Some(documents) => {
                let each = |name: &str, sha256: &_| {
                    sums.add(&format!("documents/{name}"), DocumentDigest::as_str(sha256))
                };
                documents.copy_into(&place, reserve, each).await?
            }
            None => Copied::default(),
        };
        let program = crate::VERSION.to_owned();
        let (sums, log) = (Some(sums.done()?), Some(log_sum.done()));
        let begun_at = self.begun_at;
        let whole = List { begun_at, program, events, files, bytes, sums, log };
        list.write_all(serde_json::to_string_pretty(&whole)?.as_bytes())?;
        list.sync_all()?;
        std::fs::rename(to.join(UNFINISHED), to.join(LIST))?;
        File::open(to)?.sync_all()?;
        Ok(whole)
    }
}

/// The documents; `None` for an empty log.
async fn documents(directory: &DataDirectory, from: &EventStore) -> Result<Option<Documents>> {
    let documents = directory.documents_to_read().await?;
    if documents.is_none() && from.head() > Position::START {
        bail!(
            "no documents folder at {}; set --documents (DOSSIER_DOCUMENTS)",
            directory.kept("documents").display()
        );
    }
    Ok(documents)
}

/// The files to copy. The digest key is required if it is configured or if the log has events.
fn kept(directory: &DataDirectory, from: &EventStore) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut kept = Vec::new();
    for name in std::iter::once(DIGEST_KEY).chain(OTHERS) {
        let path = directory.kept(name);
        match std::fs::metadata(&path) {
            Ok(_) => kept.push((name, path)),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| path.display().to_string());
            }
            Err(_)
                if name == DIGEST_KEY
                    && (directory.names_digest_key() || from.head() > Position::START) =>
            {
                bail!(
                    "no digest key at {}: without it, a restored installation refuses retried requests as \
                     changed. Set --digest-key (DOSSIER_DIGEST_KEY)",
                    path.display()
                );
            }
            Err(_) => {}
        }
    }
    Ok(kept)
}

/// Removes a partial backup, and its folder if it was created for it.
fn clear(to: &Path, made: bool) -> std::io::Result<()> {
    if made {
        return std::fs::remove_dir_all(to);
    }
    for entry in std::fs::read_dir(to)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Ensures that the folder is empty; returns whether it was created.
fn empty(to: &Path) -> Result<bool> {
    let made = !to.exists();
    let shown = || format!("the folder of the backup, {}", to.display());
    private::folder(to).with_context(shown)?;
    if std::fs::read_dir(to).with_context(shown)?.next().is_some() {
        bail!("{} is not empty; each backup needs an empty folder", to.display());
    }
    Ok(made)
}

/// Differences that are listed.
const SAID_MAX: usize = 1_000;

/// Differences between a backup and its digests: files and events.
async fn wrong(folder: &Path, list: &List, directory: &DataDirectory) -> Result<Vec<String>> {
    let mut wrong = match &list.sums {
        Some(sums) => sums::compare(folder, sums)?,
        None => Vec::new(),
    };
    let (mut files, mut bytes) = (0_u64, 0_u64);
    let documents = folder.join("documents");
    for entry in std::fs::read_dir(&documents).with_context(|| documents.display().to_string())? {
        let about = entry?.metadata()?;
        if about.is_file() {
            (files, bytes) = (files + 1, bytes.saturating_add(about.len()));
        }
    }
    if (files, bytes) != (list.files, list.bytes) {
        wrong.push(format!(
            "documents has {files} files with {bytes} bytes; {} with {} were backed up",
            list.files, list.bytes
        ));
    }
    let log = LogSum::of(&directory.store_to_read().await?).await?;
    if list.log.as_ref().is_some_and(|backed_up| *backed_up != log) {
        wrong.push("log.sqlite has other events than were backed up".to_owned());
    }
    Ok(wrong)
}

pub(crate) async fn restore_check(arguments: &CheckArguments) -> Result<()> {
    let folder = &arguments.backup;
    let Some(list) = list(folder)? else {
        if !folder.is_dir() {
            bail!("no folder at {}", folder.display());
        }
        if folder.join(SERVED).exists() {
            bail!("{} has been served from since; it is no longer a backup", folder.display());
        }
        bail!("{} has no {LIST}: not a backup, or an incomplete one", folder.display());
    };
    let directory = DataDirectory::existing(folder, None)?;
    let wrong = wrong(folder, &list, &directory).await?;
    for line in wrong.iter().take(SAID_MAX) {
        writeln!(std::io::stdout(), "{line}")?;
    }
    let report = check::look(&directory).await?;
    if !wrong.is_empty() {
        bail!("{} differs from what was backed up in {} places", folder.display(), wrong.len());
    }
    if report.events != list.events {
        bail!("the log has {} events; {} were backed up", report.events, list.events);
    }
    let mut out = std::io::stdout().lock();
    let List { begun_at, program, .. } = list;
    writeln!(
        out,
        "the backup of {begun_at}, written by {program}, can be restored: it is a data directory"
    )?;
    if let Some(keep) = arguments.keep {
        for removed in prune::prune(folder, begun_at, usize::from(keep))? {
            writeln!(out, "removed {}", removed.display())?;
        }
    }
    Ok(())
}

/// Marks a folder that a server is started from: if it was a backup, it must not be pruned any
/// more.
///
/// # Errors
///
/// The list of contents cannot be renamed.
pub(crate) fn served_from(folder: &Path) -> Result<()> {
    let (list, served) = (folder.join(LIST), folder.join(SERVED));
    match std::fs::rename(&list, served) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| list.display().to_string())
        }
        // Another process on the same folder may have been first.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The list of a backup, if there is one.
fn list(folder: &Path) -> Result<Option<List>> {
    let path = folder.join(LIST);
    let shown = || path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(list) => Ok(Some(serde_json::from_str(&list).with_context(shown)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(shown),
    }
}
