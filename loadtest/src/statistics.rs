//! Auditors who read statistics continuously on many connections, while others look up and submit:
//! aggregating many rows occupies a core, and others must not wait for it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::actors::Actors;
use crate::client::Client;
use crate::copies::{self, Original};
use crate::large;
use crate::lifecycle::round;
use crate::others::{Seen, fares_well};
use crate::server::Server;

/// Measure other clients' latency during expensive reads.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Number of dossiers.
    #[arg(long, default_value_t = 60_000)]
    dossiers: u64,
    /// Connections of the auditors.
    #[arg(long, default_value_t = 64)]
    auditors: usize,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Report only; do not fail if a limit is exceeded.
    #[arg(long)]
    report_only: bool,
}

/// Interval of the others' requests.
const EVERY: Duration = Duration::from_millis(50);
/// Time limit for catching up.
const WAIT_MAX: Duration = Duration::from_secs(600);

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let (server, actors, code) = office(folder.path(), arguments.dossiers).await?;
    let (answered, refused) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let mut auditors = JoinSet::new();
    for _ in 0..arguments.auditors {
        let (address, token) = (server.address, actors.auditor("auditor"));
        let (answered, refused) = (Arc::clone(&answered), Arc::clone(&refused));
        auditors.spawn(async move {
            let Ok(mut client) = Client::connect(address).await else { return };
            loop {
                // A 503 is retried at once.
                let counts = match client.get("/v1/register/statistics", &token).await {
                    Ok(_) => &answered,
                    Err(_) => &refused,
                };
                counts.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (mut look_up, mut submission) = (Seen::default(), Seen::default());
    let (begun, mut come, mut number) = (Instant::now(), interval(EVERY), 0_u64);
    while begun.elapsed() < Duration::from_secs(arguments.seconds) {
        come.tick().await;
        number += 1;
        // Each client has an address of its own, and so a quota.
        let from = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 250).unwrap_or(0) + 1);
        if number.is_multiple_of(2) {
            let asks = format!(
                "GET /v1/register/lookup/{code} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            );
            look_up.ask(from, server.address, &asks).await;
        } else {
            let asks = filing(&actors.applicant(&format!("other-{number}")), number);
            submission.ask(from, server.address, &asks).await;
        }
    }
    auditors.shutdown().await;
    let seconds = begun.elapsed().as_secs_f64();
    let answered = answered.load(Ordering::Relaxed);
    let (look_up, submission) = (look_up.figures(), submission.figures());
    let well = fares_well(&look_up) && fares_well(&submission);
    let figures = json!({
        "dossiers": arguments.dossiers,
        "auditors": arguments.auditors,
        "statistics": {
            "answered": answered,
            "refused": refused.load(Ordering::Relaxed),
            "answered_per_s": round(u32::try_from(answered).map_or(0.0, f64::from) / seconds),
        },
        "look_up": look_up,
        "submission": submission,
        "server_rss_mib": round(server.peak_rss_mib()?),
    });
    server.stop()?;
    if !well && !arguments.report_only {
        bail!("{figures:#}\nthe others fared badly");
    }
    Ok(figures)
}

/// Prepares a data directory with many dossiers; returns the code of one.
async fn office(data: &Path, dossiers: u64) -> Result<(Server, Actors, String)> {
    let server = Server::start(data)?;
    let actors = Actors::of(data)?;
    let id = large::submit(&server, &actors, 1).await?;
    server.stop()?;
    let store = Arc::new(copies::open(data)?);
    let unchanged = Timestamp::UNIX_EPOCH;
    let original = Arc::new(Original::read(&store, &id, unchanged).await?);
    original.write(&store, 1..dossiers, move |_| Ok(unchanged)).await?;
    drop(store);

    let server = Server::start(data)?;
    let mut client = Client::connect(server.address).await?;
    let waiting = Instant::now();
    while client.health().await?.get("ready").and_then(Value::as_bool) != Some(true) {
        ensure!(waiting.elapsed() < WAIT_MAX, "it does not catch up");
    }
    let shown = client.get(&format!("/v1/dossiers/{id}"), &actors.applicant("applicant")).await?;
    let code = shown.body.get("code").and_then(Value::as_str).context("no code")?.to_owned();
    let counted = client.get("/v1/register/statistics", &actors.auditor("auditor")).await?.body;
    let counted = counted.get("dossiers").and_then(Value::as_u64);
    ensure!(counted == Some(dossiers), "{counted:?} dossiers are counted");
    Ok((server, actors, code))
}

/// A submission.
fn filing(token: &str, number: u64) -> String {
    let body = json!({
        "procedure": "BENCH.LARGE", "agency": "G02.001", "channel": "online", "documents": [],
        "form": {},
    })
    .to_string();
    format!(
        "POST /v1/dossiers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: n-{number}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
