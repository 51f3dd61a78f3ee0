//! Raw limits of the machine, measured in the same run.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::task::JoinSet;
use warp::Filter;

use crate::client::Client;

/// Requests per second to an empty handler, with the load generator on the same cores.
pub(crate) async fn empty_handler(concurrency: u64) -> Result<f64> {
    let nothing = warp::post().and(warp::body::bytes()).map(|_| "{}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut serving = JoinSet::new();
    #[expect(clippy::disallowed_methods, reason = "the bare server is what is measured")]
    serving.spawn(warp::serve(nothing).incoming(listener).run());
    let clock = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(async move {
            let mut client = Client::connect(address).await?;
            while clock.elapsed() < Duration::from_secs(2) {
                client.post("/", ("", "", ""), &json!({ "a": 1 }), None).await?;
            }
            anyhow::Ok(client.requests)
        });
    }
    let mut requests = 0;
    while let Some(worker) = workers.join_next().await {
        requests += worker??;
    }
    serving.abort_all();
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    Ok(requests as f64 / clock.elapsed().as_secs_f64())
}

/// Events per second of a plain file: the same bytes in the same number of groups, each synced.
pub(crate) fn append_with_sync(events: f64, groups: f64) -> Result<f64> {
    const EVENT_BYTES: f64 = 850.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts far below 2^52"
    )]
    let (bytes, rounds) = ((events / groups.max(1.0) * EVENT_BYTES) as usize, groups as u64);
    let mut file = tempfile::tempfile()?;
    let group = vec![b'x'; bytes.max(1)];
    let clock = Instant::now();
    for _ in 0..rounds {
        file.write_all(&group)?;
        file.sync_data()?;
    }
    Ok(events / clock.elapsed().as_secs_f64())
}

/// Stolen and total clock ticks since boot. Stolen time appears as slowness, and on shared cores as
/// CPU time: measurements taken meanwhile are unreliable.
pub(crate) fn stolen_ticks() -> Result<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/stat").context("/proc/stat")?;
    let line = text.lines().next().unwrap_or("");
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    Ok((ticks.get(7).copied().unwrap_or(0), ticks.iter().take(8).sum()))
}
