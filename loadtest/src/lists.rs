//! Lists and searches over many dossiers: the time and memory in which their read models are
//! rebuilt, and the latency of each kind of page on a few connections.
//!
//! The log has copies of dossiers that the real program processed, at several stages, with other
//! names, numbers, agencies and applicants. The server serves the register alone, so that no
//! reaction, deadline or receipt changes the log.

#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::actors::Actors;
use crate::client::Client;
use crate::copies::{self, Original};
use crate::lifecycle::{Harvest, People, bytes_f64, carry, round};
use crate::server::{Server, bytes_below};

mod names;
mod pages;

/// Measure the rebuild of lists and the latency of their pages.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Number of dossiers.
    #[arg(long, default_value_t = 1_000_000)]
    dossiers: u64,
    /// Pages read of each list.
    #[arg(long, default_value_t = 500)]
    pages: u64,
    /// Connections that read at the same time.
    #[arg(long, default_value_t = 2)]
    connections: u64,
    /// Data directory to write, or to use again if it has a log; a temporary one if absent.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Measure the pages of views that exist in `--data`, without a rebuild.
    #[arg(long, requires = "data")]
    no_rebuild: bool,
    /// Measure only lists whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// Time limit of the rebuild.
const WAIT_MAX: Duration = Duration::from_secs(7_200);
/// Of this many copies, one is left at each of the stages, and the others are finished.
const COPIES: u64 = 10;
/// Steps before which copies stop: nothing that was recorded until then is still to be reacted to.
const STAGES: [&str; 4] = [
    "intake.DossierAccepted",
    "review.ReviewClaimed",
    "review.DecisionProposed",
    "delivery.ResultHandedToCarrier",
];
/// Dossiers that the real program processes: one of each procedure of the load.
const ORIGINALS: u64 = 3;

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let data = arguments.data.as_deref().unwrap_or_else(|| folder.path());
    if !data.join("log.sqlite").exists() {
        write(data, arguments.dossiers).await?;
    }
    let views = data.join("views");
    if views.exists() && !arguments.no_rebuild {
        std::fs::remove_dir_all(&views)?;
    }
    let clock = Instant::now();
    // Services can be left out only if the store is named.
    let store = format!("sqlite:{}", data.join("log.sqlite").display());
    let register = ["--store", &store, "--services", "register"];
    let unlimited = ["--client-requests-per-second", "0"];
    let server = Server::start_with(data, &[&register[..], &unlimited].concat())?;
    let events = ready(&server, clock).await?;
    let (seconds, cpu) = (clock.elapsed().as_secs_f64(), server.cpu_s()?);
    let rebuilt_mib = server.peak_rss_mib()?;
    let actors = Arc::new(Actors::of(data)?);
    let mut latencies = Map::new();
    let is_asked =
        |list: &&pages::List| arguments.only.as_ref().is_none_or(|only| list.name.contains(only));
    for list in pages::LISTS.iter().filter(is_asked) {
        latencies.insert(list.name.to_owned(), measure(&server, &actors, list, arguments).await?);
    }
    let served_mib = server.peak_rss_mib()?;
    server.stop()?;
    Ok(json!({
        "dossiers": arguments.dossiers,
        "events": events,
        "log_bytes": std::fs::metadata(data.join("log.sqlite"))?.len(),
        "views_bytes": bytes_below(&views)?,
        "search_bytes": std::fs::metadata(views.join("search.sqlite"))?.len(),
        "rebuild": (!arguments.no_rebuild).then(|| json!({
            "s": round(seconds),
            "cpu_s": round(cpu),
            "events_per_s": round(bytes_f64(events) / seconds),
            "rss_mib": round(rebuilt_mib),
        })),
        "served_rss_mib": round(served_mib),
        "connections": arguments.connections,
        "pages": latencies,
    }))
}

/// Writes a data directory with many dossiers.
async fn write(data: &Path, dossiers: u64) -> Result<()> {
    let server = Server::start(data)?;
    let people = People::for_dossiers(server.address, data, ORIGINALS).await?;
    let (actors, mut client) = (Actors::of(data)?, Client::connect(server.address).await?);
    let mut ids = Vec::new();
    for number in 0..ORIGINALS {
        ids.push(carry(&mut client, &actors, people.of(number)?, None).await?);
    }
    server.stop()?;
    let store = Arc::new(copies::open(data)?);
    let mut originals = Vec::new();
    for id in &ids {
        let whole = Original::read(&store, id, Timestamp::UNIX_EPOCH).await?;
        originals.extend(STAGES.iter().map(|stage| whole.before(stage)));
        originals.push(whole);
    }
    let originals = Arc::new(originals);
    let next = Arc::new(AtomicU64::new(ORIGINALS));
    let mut writers = JoinSet::new();
    for _ in 0..copies::WRITERS {
        let (store, originals, next) =
            (Arc::clone(&store), Arc::clone(&originals), Arc::clone(&next));
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= dossiers {
                    return anyhow::Ok(());
                }
                let original = originals.get(place(number)?).context("no original")?;
                original.copy_as(&store, number, names::changes(number)).await?;
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

/// The original of a copy, among those of all procedures and stages.
fn place(number: u64) -> Result<usize> {
    let stages = STAGES.len() as u64;
    let stage = (number / ORIGINALS % COPIES).min(stages);
    Ok(usize::try_from(number % ORIGINALS * (stages + 1) + stage)?)
}

/// Waits until the read models have the whole log; returns its head.
async fn ready(server: &Server, clock: Instant) -> Result<u64> {
    let mut client = Client::connect(server.address).await?;
    loop {
        let health = client.health().await?;
        if health.get("ready").and_then(Value::as_bool) == Some(true) {
            return health.get("head").and_then(Value::as_u64).context("no head");
        }
        ensure!(clock.elapsed() < WAIT_MAX, "the read models were not rebuilt in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Reads pages of a list, following its links for some pages each time.
async fn measure(
    server: &Server,
    actors: &Arc<Actors>,
    list: &'static pages::List,
    arguments: &Arguments,
) -> Result<Value> {
    let pages = match list.by {
        pages::By::Auditor => arguments.pages.min(pages::FIGURES_ASKED_MAX),
        pages::By::Clerk | pages::By::Applicant => arguments.pages,
    };
    let next = Arc::new(AtomicU64::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..arguments.connections {
        let (address, actors) = (server.address, Arc::clone(actors));
        let next = Arc::clone(&next);
        readers.spawn(async move {
            let mut client = Client::connect(address).await?;
            let (mut latencies_us, mut rows) = (Vec::new(), 0_u64);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= pages {
                    return anyhow::Ok((latencies_us, rows));
                }
                let token = list.by.token(&actors, number);
                let mut address = Some((list.address)(number));
                for _ in 0..pages::FOLLOWED {
                    let Some(page) = address.take() else { break };
                    let asked = Instant::now();
                    let answer = client.get(&page, &token).await?;
                    let elapsed = asked.elapsed().as_micros();
                    latencies_us.push(u32::try_from(elapsed).unwrap_or(u32::MAX));
                    rows += answer.body.as_array().map_or(0, |rows| rows.len() as u64);
                    address = pages::next(&answer);
                }
            }
        });
    }
    let (mut harvest, mut rows) = (Harvest::default(), 0);
    while let Some(reader) = readers.join_next().await {
        let (latencies_us, found) = reader??;
        harvest.latencies_us.extend(latencies_us);
        rows += found;
    }
    harvest.latencies_us.sort_unstable();
    let read = harvest.latencies_us.len() as u64;
    Ok(json!({
        "read": read,
        "rows_per_page": round(bytes_f64(rows) / bytes_f64(read.max(1))),
        "p50_ms": harvest.percentile_ms(50.0),
        "p99_ms": harvest.percentile_ms(99.0),
        "max_ms": harvest.percentile_ms(100.0),
    }))
}
