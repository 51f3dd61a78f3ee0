//! Whole dossiers through a cluster on this machine: CPU of every process, and the latency of
//! reactions according to the log.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use cluster::Cluster;
use events::{EventStore, Filter, Position};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::lifecycle::{Arguments, People, drive, round};
use crate::raw;
use crate::server::binary;

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    // PostgreSQL runs as its own user, which needs access.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let openapi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let cluster = Cluster::start(&binary()?, &openapi, folder.path())?;
    let (address, data) = (cluster.address(), cluster.data());
    let all = arguments.dossiers.max(arguments.warm_up);
    let people = People::for_dossiers(address, &data, all).await?;
    let (at, rate) = ((address, &*data), arguments.rate);
    drive(at, &people, arguments.warm_up, arguments.concurrency, None).await?;
    let store = EventStore::open(&cluster.postgres.url).await?;
    let from = end(&store).await?;
    let (stolen, ticks) = raw::stolen_ticks()?;
    let (before, clock) = (cluster.cpu()?, Instant::now());
    let mut harvest = drive(at, &people, arguments.dossiers, arguments.concurrency, rate).await?;
    let seconds = clock.elapsed().as_secs_f64();
    let after = cluster.cpu()?;
    let (stolen_after, ticks_after) = raw::stolen_ticks()?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (dossiers, stolen) = (
        arguments.dossiers as f64,
        (stolen_after - stolen) as f64 / (ticks_after - ticks).max(1) as f64,
    );
    let (mut cpu, mut all) = (Map::new(), 0.0);
    for ((of, after), (_, before)) in after.iter().zip(&before) {
        let ms = 1_000.0 * (after.as_secs_f64() - before.as_secs_f64()) / dossiers;
        all += ms;
        cpu.insert((*of).to_owned(), round(ms).into());
    }
    let reactions = latencies_ms(&store, from).await?;
    harvest.latencies_us.sort_unstable();
    Ok(json!({
        "dossiers": arguments.dossiers,
        "concurrency": arguments.concurrency,
        "rate": arguments.rate,
        "seconds": round(seconds),
        "dossiers_per_s": round(dossiers / seconds),
        "step_p50_ms": harvest.percentile_ms(50.0),
        "step_p99_ms": harvest.percentile_ms(99.0),
        "cpu_ms_per_dossier": round(all),
        "cpu_ms_per_dossier_of": cpu,
        "reactions": reactions.len(),
        "reaction_p50_ms": round(percentile(&reactions, 50)),
        "reaction_p99_ms": round(percentile(&reactions, 99)),
        "stolen_by_host": round(stolen),
    }))
}

/// The log's head.
async fn end(store: &EventStore) -> Result<Position> {
    let mut after = store.head();
    loop {
        let page = store.read_all(after, &Filter::default(), 1_000).await?;
        if page.through == after {
            return Ok(after);
        }
        after = page.through;
    }
}

/// Latencies between each event after `from` and its reactions, ascending.
async fn latencies_ms(store: &EventStore, from: Position) -> Result<Vec<f64>> {
    let mut recorded: HashMap<Uuid, Timestamp> = HashMap::new();
    let (mut latencies, mut after) = (Vec::new(), from);
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await?;
        if page.through == after {
            break;
        }
        after = page.through;
        for event in &page.events {
            let meta: Value = serde_json::from_str(&event.meta)?;
            let text = |name: &str| meta.get(name).and_then(Value::as_str);
            let Some(at) = text("at") else { continue };
            let at: Timestamp = at.parse().context("a time of recording")?;
            recorded.insert(event.id, at);
            let cause = text("cause").and_then(|cause| cause.parse().ok());
            if let Some(caused) = cause.and_then(|cause: Uuid| recorded.get(&cause)) {
                latencies.push(at.duration_since(*caused).as_secs_f64() * 1_000.0);
            }
        }
    }
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0.0)
}
