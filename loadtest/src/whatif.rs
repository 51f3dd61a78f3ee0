//! `dossier whatif` on a log with many copies of one dossier.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::actors::Actors;
use crate::client::Client;
use crate::copies::{self, Original};
use crate::lifecycle::{self, bytes_f64, round};
use crate::raw;
use crate::server::{Server, binary, bytes_below};

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Number of dossiers.
    #[arg(long, default_value_t = 1_000_000)]
    dossiers: u64,
    /// Include the streams of all services, not only intake's.
    #[arg(long)]
    whole: bool,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let server = Server::start(data)?;
    let mut client = Client::connect(server.address).await?;
    let actors = Actors::of(data)?;
    let applicant = actors.applicant("applicant");
    let document = client.upload(&applicant, "document").await?;
    let id = lifecycle::carry(&mut client, &actors, (&applicant, &document), None).await?;
    server.stop()?;
    let unchanged = Timestamp::UNIX_EPOCH;
    let store = Arc::new(copies::open(data)?);
    let mut original = Original::read(&store, &id, unchanged).await?;
    if !arguments.whole {
        original.only("intake");
    }
    let original = Arc::new(original);
    original.write(&store, 0..arguments.dossiers, move |_| Ok(unchanged)).await?;
    drop(store);
    let (stolen, ticks) = raw::stolen_ticks()?;
    let clock = Instant::now();
    let tried = Command::new(binary()?)
        .args(["whatif", "--procedure", "CO.D", "--budget", "2wh", "--json", "--data"])
        .arg(data)
        .output()?;
    let seconds = clock.elapsed().as_secs_f64();
    let (stolen_after, ticks_after) = raw::stolen_ticks()?;
    ensure!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    let report: Value = serde_json::from_slice(&tried.stdout)?;
    let tally = report.pointer("/procedures/CO.D").context("no CO.D in the report")?;
    let moved = tally.pointer("/moved_earlier/dossiers").and_then(Value::as_u64);
    ensure!(moved == Some(arguments.dossiers + 1), "{moved:?} dossiers were moved");
    Ok(json!({
        "dossiers": arguments.dossiers,
        "events": original.events() as u64 * arguments.dossiers,
        "log_bytes": bytes_below(data)?,
        "seconds": round(seconds),
        "dossiers_per_s": round(bytes_f64(arguments.dossiers) / seconds),
        "stolen_by_host": round(bytes_f64(stolen_after - stolen) / bytes_f64((ticks_after - ticks).max(1))),
    }))
}
