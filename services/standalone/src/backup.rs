//! `dossier backup` and `dossier restore-check`: all that must be kept, in one folder that is itself a data directory. It is taken
//! while the office is served: first the log up to where it stands, then the documents, which are stored before the steps that name
//! them, then the keys, and last a list that says that it is whole.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;
use events::{EventStore, SqliteOptions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::Clock;
use service_kit::documents::Copied;

use crate::check;
use crate::data::DataDirectory;
use crate::private;

mod prune;

/// The list; without it a folder is no whole backup.
const LIST: &str = "backup.json";
/// What else of a data directory is kept: keys, and in what time it lives.
const FILES: [&str; 3] = ["digest-key", "development-signing-key", "virtual-time-ended-at"];

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
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let to = &arguments.to;
    let directory = arguments.data.existing()?.with_documents(arguments.documents.clone());
    let directory = directory.with_digest_key(arguments.digest_key.clone());
    let begun_at = Clock::System.now();
    let from = directory.store_to_read().await?;
    empty(to)?;
    let log = EventStore::sqlite(&to.join("log.sqlite"), SqliteOptions::default())?;
    let events = crate::copy::copy(&from, &log).await?.written;
    drop(log);
    private::folder(&to.join("documents"))?;
    let Copied { files, bytes } = match directory.documents_to_read().await? {
        Some(documents) => documents.copy_into(&to.join("documents")).await?,
        None => Copied::default(),
    };
    for name in FILES {
        keep(&directory.kept(name), &to.join(name))?;
    }
    let program = crate::VERSION.to_owned();
    let list = serde_json::to_string_pretty(&List { begun_at, program, events, files, bytes })?;
    let mut file = std::fs::File::create_new(to.join(LIST))?;
    file.write_all(list.as_bytes())?;
    file.sync_all()?;
    std::fs::File::open(to)?.sync_all()?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{events} events and {files} files of documents with {bytes} bytes, begun at {begun_at}; check it: dossier restore-check {}",
        to.display()
    )?;
    Ok(())
}

/// A folder with nothing in it.
fn empty(to: &Path) -> Result<()> {
    let shown = || format!("the folder of the backup, {}", to.display());
    private::folder(to).with_context(shown)?;
    if std::fs::read_dir(to).with_context(shown)?.next().is_some() {
        bail!("{} is not empty: each backup has a folder of its own", to.display());
    }
    Ok(())
}

/// Copies a file if it is there.
fn keep(from: &Path, to: &Path) -> Result<()> {
    match std::fs::copy(from, to) {
        Ok(_) => Ok(std::fs::File::open(to)?.sync_all()?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| from.display().to_string()),
    }
}

pub(crate) async fn restore_check(arguments: &CheckArguments) -> Result<()> {
    let folder = &arguments.backup;
    let Some(list) = list(folder)? else {
        bail!(
            "{} has no {LIST}: it is no backup, or one that was broken off before it was whole",
            folder.display()
        );
    };
    let report = check::look(&DataDirectory::existing(folder, None)?).await?;
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
