//! `dossier store-suite`: tests a server against every rule of the event store's contract, each in
//! a log of its own.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use events::EventStore;
use events::contract_suite::SENTENCES;
use platform::TimeSource;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Test an event store server against the contract.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Server: `postgres://user@host/database` (each rule gets a schema), `esdb://user@host` (each
    /// gets a log, which stays, named `suite_…`), or `sqlite:FOLDER` (each gets a file).
    url: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let run =
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}", TimeSource::System.now()).as_bytes());
    let mut broken = 0_usize;
    for (place, (sentence, holds)) in SENTENCES.iter().enumerate() {
        let url = place_of(&arguments.url, &format!("suite_{}_{place}", run.simple()))?;
        let store = Arc::new(EventStore::open(&url).await?);
        let mut trial = JoinSet::new();
        trial.spawn(holds(store));
        let held = trial.join_next().await.is_some_and(|outcome| outcome.is_ok());
        broken += usize::from(!held);
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} {}",
            if held { "holds  " } else { "BROKEN " },
            sentence.replace('_', " ")
        )?;
    }
    match broken {
        0 => Ok(()),
        broken => bail!("{broken} of {} rules of the contract are violated", SENTENCES.len()),
    }
}

/// The address of one rule's log.
fn place_of(url: &str, name: &str) -> Result<String> {
    if let Some(folder) = url.strip_prefix("sqlite:") {
        std::fs::create_dir_all(folder).with_context(|| folder.to_owned())?;
        return Ok(format!("sqlite:{folder}/{name}.sqlite"));
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    let place = if url.starts_with("postgres") { "options=-csearch_path%3D" } else { "log=" };
    Ok(format!("{url}{joint}{place}{name}"))
}
