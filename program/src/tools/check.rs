//! `dossier check`: verifies the whole log, and the documents, keys and issued papers beside it.
//! Changes that only a hash chain would reveal are not found: a modified rating, or a text or form
//! of which no paper was issued.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Parser;
use documents::Documents;
use events::{EventStore, Filter, Position};

use crate::data::DataDirectory;

mod checker;
mod finding;
mod follows;
mod order;
mod papers;
mod promises;
mod shared;
mod slips;
mod sums;
mod who;

use checker::Checker;
pub use finding::Finding;

/// Verify the log.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Documents folder or `s3://bucket/prefix`, if not in the data directory.
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// Digest key, if not in the data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<std::path::PathBuf>,
}

/// Result of a check.
#[derive(Debug, Default)]
pub struct Report {
    /// Events read.
    pub events: u64,
    /// Promised dates that were recomputed.
    pub promises: u64,
    /// Other periods that were recomputed.
    pub periods: u64,
    /// Documents that were compared with their recorded digests.
    pub documents: u64,
    /// Papers that were made again and compared with their recorded digests.
    pub papers: u64,
    /// The first 1,000 findings.
    pub findings: Vec<Finding>,
    /// Number of findings.
    pub found: u64,
    /// The first 1,000 notes: events that may have been correct by the rules of an earlier version.
    pub notes: Vec<Finding>,
    /// Number of notes.
    pub noted: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let directory = arguments.data.existing()?.with_documents(arguments.documents.clone());
    let directory = directory.with_digest_key(arguments.digest_key.clone());
    look(&directory).await?;
    Ok(())
}

/// Checks a directory and prints the findings; fails if there are any.
pub(crate) async fn look(directory: &DataDirectory) -> Result<Report> {
    let store = directory.store_to_read().await?;
    let mut checker = read(&store).await?;
    let beside = checker.beside(directory, &store).await?;
    let report = checker.done();
    let mut out = std::io::stdout();
    if let Some(not_looked_at) = beside {
        writeln!(out, "{not_looked_at}")?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    for (what, listed, all) in [
        ("notes", report.notes.len(), report.noted),
        ("findings", report.findings.len(), report.found),
    ] {
        if all > listed as u64 {
            writeln!(out, "showing the first {listed} of {all} {what}")?;
        }
    }
    writeln!(
        out,
        "{} events, {} promised dates and {} other periods recomputed, {} papers made again, {} documents compared, {} findings",
        report.events,
        report.promises,
        report.periods,
        report.papers,
        report.documents,
        report.found
    )?;
    match report.found {
        0 => Ok(report),
        found => bail!("the log has {found} findings"),
    }
}

/// Checks the log of `store` alone.
pub async fn check(store: &EventStore) -> Result<Report> {
    Ok(read(store).await?.done())
}

/// Checks the log of `store` and its documents.
pub async fn check_with(store: &EventStore, documents: &Documents) -> Result<Report> {
    let mut checker = read(store).await?;
    checker.compare_documents(documents).await?;
    Ok(checker.done())
}

async fn read(store: &EventStore) -> Result<Checker> {
    let mut checker = Checker::new();
    for flaw in store.flaws().await? {
        checker.flaw(&flaw);
    }
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await?;
        if page.through == after {
            return Ok(checker);
        }
        for event in &page.events {
            checker.look_at(event);
        }
        after = page.through;
    }
}
