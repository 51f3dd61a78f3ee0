//! Rebuilding views from a log of large dossiers: peak memory of the server. The log consists of
//! copies of one dossier with a form of nearly the maximum size.

#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::actors::Actors;
use crate::client::Client;
use crate::copies::{self, Original};
use crate::lifecycle::{bytes_f64, round};
use crate::server::{Server, bytes_below};

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Number of dossiers.
    #[arg(long, default_value_t = 6_000)]
    dossiers: u64,
    /// Size of each form in KiB.
    #[arg(long, default_value_t = 236)]
    form_kib: usize,
    /// Limit of the server's peak memory, in MiB.
    #[arg(long, default_value_t = 300.0)]
    rss_mib_max: f64,
}

/// A procedure with a form without restrictions.
const PROCEDURE: &str = r"
code: BENCH.LARGE
version: 1
issued: 2026-01-01
effective: { from: 2026-01-01 }
legal_basis: none
name: { vi: Đo tải, en: Benchmark }
agency: G02
level: full
channels: [online]
form: { type: object }
intake: { answer: { amount: 8, unit: working_hours } }
clock:
  start: submitted
  budget: { online: { amount: 30, unit: working_days } }
  supplement: pause
  supplement_window: { amount: 1, unit: months }
  redatings_max: 0
review: {}
result: {}
";

/// Time limit of each phase.
const WAIT_MAX: Duration = Duration::from_secs(1_800);

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let server = Server::start(data)?;
    let id = submit(&server, &Actors::of(data)?, arguments.form_kib).await?;
    server.stop()?;
    let store = Arc::new(copies::open(data)?);
    let unchanged = Timestamp::UNIX_EPOCH;
    let original = Arc::new(Original::read(&store, &id, unchanged).await?);
    original.write(&store, 1..arguments.dossiers, move |_| Ok(unchanged)).await?;
    drop(store);
    std::fs::remove_dir_all(data.join("views"))?;

    let clock = Instant::now();
    let server = Server::start(data)?;
    let mut client = Client::connect(server.address).await?;
    let health = loop {
        let health = client.health().await?;
        if health.get("ready").and_then(Value::as_bool) == Some(true) {
            break health;
        }
        ensure!(clock.elapsed() < WAIT_MAX, "views were not rebuilt in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let seconds = clock.elapsed().as_secs_f64();
    let events = health.get("head").and_then(Value::as_u64).context("no head")?;
    // Reactions read the log as well: wait until they are at its head.
    client.wait_for(events);
    let clerk = Actors::of(data)?.clerk;
    while let Err(error) = client.get(&format!("/v1/reviews/{id}"), &clerk).await {
        // There is no review before the dossier is accepted.
        if error.to_string().contains("404") {
            break;
        }
        ensure!(clock.elapsed() < WAIT_MAX, "reactions did not catch up: {error}");
        client = Client::connect(server.address).await?;
        client.wait_for(events);
    }
    let counted = client.get("/v1/register/statistics", &clerk).await?.body;
    let counted = counted.get("dossiers").and_then(Value::as_u64);
    ensure!(counted == Some(arguments.dossiers), "{counted:?} dossiers are in the view");
    let rss = server.peak_rss_mib()?;
    server.stop()?;
    ensure!(rss < arguments.rss_mib_max, "the server held {rss:.0} MiB");
    Ok(json!({
        "dossiers": arguments.dossiers,
        "events": events,
        "log_bytes": bytes_below(data)?,
        "seconds": round(seconds),
        "rebuilt_events_per_s": round(bytes_f64(events) / seconds),
        "server_rss_mib": round(rss),
    }))
}

/// Submits one dossier to the real program.
pub(crate) async fn submit(server: &Server, actors: &Actors, form_kib: usize) -> Result<String> {
    let mut client = Client::connect(server.address).await?;
    let rules = json!({ "kind": "procedure", "text": PROCEDURE });
    client.post("/v1/rules", (&actors.operator, "rules", ""), &rules, None).await?;
    let text = "đ".repeat(512);
    let texts: Vec<&str> = (0..form_kib).map(|_| &*text).collect();
    let body = json!({
        "procedure": "BENCH.LARGE", "agency": "G02.001", "channel": "online", "documents": [],
        "form": { "texts": texts },
    });
    let applicant = actors.applicant("applicant");
    let submitted = client.post("/v1/dossiers", (&applicant, "submit", ""), &body, None).await?;
    Ok(submitted.body.get("id").and_then(Value::as_str).context("no id")?.to_owned())
}
