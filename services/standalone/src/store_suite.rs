//! `dossier store-suite`: every sentence of the event store's contract, tried on a server, each in a place of its own.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use events::EventStore;
use events::contract_suite::SENTENCES;
use service_kit::Clock;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Try every sentence of the event store's contract on a server.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// The server: `postgres://user@host/database`, in which each sentence gets a schema of its own, `esdb://user@host`, in
    /// which each gets a log (they stay, named `suite_…`), or `sqlite:FOLDER`, in which each gets a file.
    url: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let run = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}", Clock::System.now()).as_bytes());
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
        broken => bail!("{broken} of {} sentences are broken", SENTENCES.len()),
    }
}

/// An address for one sentence alone.
fn place_of(url: &str, name: &str) -> Result<String> {
    if let Some(folder) = url.strip_prefix("sqlite:") {
        std::fs::create_dir_all(folder).with_context(|| folder.to_owned())?;
        return Ok(format!("sqlite:{folder}/{name}.sqlite"));
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    let place = if url.starts_with("postgres") { "options=-csearch_path%3D" } else { "log=" };
    Ok(format!("{url}{joint}{place}{name}"))
}
