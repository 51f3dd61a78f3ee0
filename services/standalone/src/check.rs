//! `dossier check`: reads the whole log again, and what lies beside it, and verifies what can be verified. What only a chain of
//! hashes could find is not found here: a text, a form, a rating or a name that was exchanged for another one.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Parser;
use events::{EventStore, Filter, Position};
use service_kit::documents::Documents;

use crate::data::DataDirectory;

mod checker;
mod finding;
mod follows;
mod order;
mod papers;
mod promises;
mod sums;
mod who;

use checker::Checker;
pub use finding::Finding;

/// Check the log.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Where documents are kept, if not in the data directory: a folder, or `s3://bucket/prefix`.
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// The key of digests, if it is not in the data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<std::path::PathBuf>,
}

/// What was looked at and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Events that were read.
    pub events: u64,
    /// Promised dates that were computed again.
    pub promises: u64,
    /// Other periods that were computed again.
    pub periods: u64,
    /// Documents that were compared with what was recorded of them.
    pub documents: u64,
    /// What is wrong, the first thousand.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub found: u64,
    /// What may have been right by the rules of its time, the first thousand; no findings.
    pub notes: Vec<Finding>,
    /// How many notes there are.
    pub noted: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let directory = arguments.data.existing()?.with_documents(arguments.documents.clone());
    let directory = directory.with_digest_key(arguments.digest_key.clone());
    look(&directory).await?;
    Ok(())
}

/// Checks a directory and prints what is found; an error if anything is.
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
            writeln!(out, "these are the first {listed} of {all} {what}")?;
        }
    }
    writeln!(
        out,
        "{} events, {} promised dates and {} other periods computed again, {} documents compared, {} findings",
        report.events, report.promises, report.periods, report.documents, report.found
    )?;
    match report.found {
        0 => Ok(report),
        found => bail!("the log has {found} findings"),
    }
}

/// Reads the whole log of `store`, and not what lies beside it.
pub async fn check(store: &EventStore) -> Result<Report> {
    Ok(read(store).await?.done())
}

/// The same, with the documents that are kept in `documents`.
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
