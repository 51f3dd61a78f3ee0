//! `dossier backup` and `dossier restore-check`: all that must be kept, in one folder that is itself a data directory. It is taken
//! while the office is served: first the log up to where it stands, then the documents, which are stored before the steps that name
//! them, then the keys, and last a list that says that it is whole.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier::contract::DocumentDigest;
use events::{EventStore, Position, SqliteOptions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::Clock;
use service_kit::disk::Reserve;
use service_kit::documents::{Copied, Documents};
use service_kit::limits::DISK_FREE_MIN;

use crate::check;
use crate::data::DataDirectory;
use crate::private;

mod prune;
mod sums;

use sums::{LogSum, Sums};

/// The list; without it a folder is no whole backup.
const LIST: &str = "backup.json";
/// The key of digests, which a restored office needs.
const DIGEST_KEY: &str = "digest-key";
/// What else of a data directory is kept, if it is there: the development key, and in what time it lives.
const OTHERS: [&str; 2] = ["development-signing-key", "virtual-time-ended-at"];
const MIB: u64 = 1024 * 1024;

/// Write all that must be kept into a folder.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Where documents are kept, if not in the data directory: a folder, or `s3://bucket/prefix`.
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// The key of digests, if it is not in the data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<PathBuf>,
    /// How many MiB must stay free on the disk that is written to: what would leave less is not begun, and what comes to leave
    /// less is broken off and removed.
    #[arg(long, env = "DOSSIER_BACKUP_LEAVES_MIB", value_name = "MIB", default_value_t = DISK_FREE_MIN / MIB)]
    leave_mib: u64,
    /// The folder to write: a new one for each backup.
    to: PathBuf,
}

/// Check that a backup can be restored.
#[derive(Debug, Parser)]
pub(crate) struct CheckArguments {
    /// The folder that was written.
    backup: PathBuf,
    /// How many backups stay in the folder in which it stands, this one among them, once it was found to be good: older ones are
    /// removed, and what was broken off a day before. Without it, all stay.
    #[arg(long, env = "DOSSIER_BACKUPS_KEPT", value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    /// When it was begun: what was acknowledged before is in it.
    begun_at: Timestamp,
    /// The program that wrote it.
    program: String,
    events: u64,
    /// Documents and their records.
    files: u64,
    bytes: u64,
    /// The digest of [`sums::SUMS`]; older programs wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sums: Option<String>,
    /// The digest of the log's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let to = &arguments.to;
    let directory = arguments.data.existing()?.with_documents(arguments.documents.clone());
    let directory = directory.with_digest_key(arguments.digest_key.clone());
    // Before the log is opened: what is acknowledged afterwards may not be in it.
    let begun_at = Clock::System.now();
    let from = directory.store_to_read().await?;
    // Whatever is missing is said before anything is written.
    let office = Office {
        begun_at,
        documents: documents(&directory, &from).await?,
        kept: kept(&directory, &from)?,
        log_bytes: directory.log_bytes(),
        from,
    };
    let made = empty(to)?;
    let reserve = Reserve::new(to, arguments.leave_mib.saturating_mul(MIB));
    let list = match office.write(to, &reserve).await {
        Ok(list) => list,
        Err(error) => {
            // Left there, it would take the room that the next one needs.
            if let Err(why) = clear(to, made) {
                let (to, why) = (to.display(), why.to_string());
                tracing::error!(%to, why, "a backup that was broken off cannot be removed");
            }
            return Err(error);
        }
    };
    let List { begun_at, events, files, bytes, .. } = list;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{events} events and {files} files of documents with {bytes} bytes, begun at {begun_at}; check it: dossier restore-check {}",
        to.display()
    )?;
    Ok(())
}

/// What is backed up.
struct Office {
    begun_at: Timestamp,
    from: EventStore,
    /// Bytes of the log, where they are known.
    log_bytes: u64,
    documents: Option<Documents>,
    kept: Vec<(&'static str, PathBuf)>,
}

impl Office {
    async fn write(&self, to: &Path, reserve: &Reserve) -> Result<List> {
        let bytes = match &self.documents {
            Some(documents) => documents.bytes().await?,
            None => 0,
        };
        reserve.allows(self.log_bytes.saturating_add(bytes))?;
        let log = EventStore::sqlite(&to.join("log.sqlite"), SqliteOptions::default())?;
        let mut log_sum = LogSum::default();
        let copied = crate::copy::copy_with(&self.from, &log, |page| {
            let bytes = page.iter().map(|event| event.data.len() + event.meta.len()).sum::<usize>();
            reserve.allows(bytes as u64)?;
            for event in page {
                log_sum.add(event);
            }
            Ok(())
        });
        let events = copied.await?.written;
        drop(log);
        let mut sums = Sums::create(to)?;
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
        for (name, from) in &self.kept {
            let copy = to.join(name);
            std::fs::copy(from, &copy).with_context(|| from.display().to_string())?;
            std::fs::File::open(&copy)?.sync_all()?;
            sums.add(name, &sums::of_file(&copy)?.unwrap_or_default())?;
        }
        let program = crate::VERSION.to_owned();
        let (sums, log) = (Some(sums.done()?), Some(log_sum.done()));
        let begun_at = self.begun_at;
        let list = List { begun_at, program, events, files, bytes, sums, log };
        let mut file = std::fs::File::create_new(to.join(LIST))?;
        file.write_all(serde_json::to_string_pretty(&list)?.as_bytes())?;
        file.sync_all()?;
        std::fs::File::open(to)?.sync_all()?;
        Ok(list)
    }
}

/// The documents; nothing for a log that has no events yet.
async fn documents(directory: &DataDirectory, from: &EventStore) -> Result<Option<Documents>> {
    let documents = directory.documents_to_read().await?;
    if documents.is_none() && from.head() > Position::START {
        bail!(
            "there is no folder {}: say where documents are with --documents (DOSSIER_DOCUMENTS)",
            directory.kept("documents").display()
        );
    }
    Ok(documents)
}

/// The files that are kept, and where they are. The key of digests must be there if it was named, or if the log was written with
/// one.
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
                    "the key of digests is not at {}: an office that is restored without it takes repeated requests for changed \
                     ones. Say where it is with --digest-key (DOSSIER_DIGEST_KEY)",
                    path.display()
                );
            }
            Err(_) => {}
        }
    }
    Ok(kept)
}

/// Removes what was written into a folder that was empty, and the folder if it was made for it.
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

/// A folder with nothing in it; whether it was made now.
fn empty(to: &Path) -> Result<bool> {
    let made = !to.exists();
    let shown = || format!("the folder of the backup, {}", to.display());
    private::folder(to).with_context(shown)?;
    if std::fs::read_dir(to).with_context(shown)?.next().is_some() {
        bail!("{} is not empty: each backup has a folder of its own", to.display());
    }
    Ok(made)
}

/// Wrong things of a backup that are said one by one.
const SAID_MAX: usize = 1_000;

/// What of a backup is not what was written, a sentence for each: every file, and the events of the log.
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
            "documents has {files} files with {bytes} bytes, and {} with {} were backed up",
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
        bail!(
            "{} has no {LIST}: it is no backup, or one that was broken off before it was whole",
            folder.display()
        );
    };
    let directory = DataDirectory::existing(folder, None)?;
    let wrong = wrong(folder, &list, &directory).await?;
    for line in wrong.iter().take(SAID_MAX) {
        writeln!(std::io::stdout(), "{line}")?;
    }
    let report = check::look(&directory).await?;
    if !wrong.is_empty() {
        bail!("{} is not what was backed up: {} differences", folder.display(), wrong.len());
    }
    if report.events != list.events {
        bail!("the log has {} events, and {} were backed up", report.events, list.events);
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

/// The list of a backup; nothing where there is none.
fn list(folder: &Path) -> Result<Option<List>> {
    let path = folder.join(LIST);
    let shown = || path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(list) => Ok(Some(serde_json::from_str(&list).with_context(shown)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(shown),
    }
}
