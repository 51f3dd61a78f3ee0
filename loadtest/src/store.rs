//! The event store alone, compared with a plain loop that writes the same rows in the same groups.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use events::{EventStore, Expected, Filter, NewEvent, Position, SqliteOptions, StreamName};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::lifecycle::round;

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Number of events.
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Concurrent appenders.
    #[arg(long, default_value_t = 256)]
    submitters: u64,
}

const EVENTS_PER_STREAM: u64 = 10;

fn event(n: u64) -> NewEvent {
    NewEvent {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &n.to_be_bytes()),
        kind: "bench.Event.v1".into(),
        data: format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(360)),
        meta: format!("{{\"at\":\"2026-11-20T02:00:00Z\",\"actor\":\"{}\"}}", "y".repeat(180)),
    }
}

fn per_s(count: u64, clock: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let count = count as f64;
    round(count / clock.elapsed().as_secs_f64())
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let store =
        Arc::new(EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default())?);
    let share = arguments.events / arguments.submitters / EVENTS_PER_STREAM * EVENTS_PER_STREAM;
    let total = share * arguments.submitters;
    let clock = Instant::now();
    let mut submitters = JoinSet::new();
    for submitter in 0..arguments.submitters {
        let store = Arc::clone(&store);
        submitters.spawn(async move {
            let first = submitter * share;
            let mut expected = Expected::NoStream;
            for n in first..first + share {
                if n % EVENTS_PER_STREAM == 0 {
                    expected = Expected::NoStream;
                }
                let stream = StreamName::new(&format!("bench-{}", n / EVENTS_PER_STREAM))?;
                let appended = store.append(&stream, expected, vec![event(n)]).await?;
                expected = Expected::At(appended.version);
            }
            anyhow::Ok(())
        });
    }
    while let Some(submitter) = submitters.join_next().await {
        submitter??;
    }
    let appends = per_s(total, clock);
    let stats = store.stats();
    let per_group = (stats.events / stats.groups.max(1)).max(1);
    let reads = read_streams(&store, total / EVENTS_PER_STREAM).await?;
    drop(store);
    let store = EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default())?;
    let scan = scan(&store).await?;
    let bare = bare_loop(&folder.path().join("bare.sqlite"), total, per_group)?;
    Ok(json!({
        "events": total, "submitters": arguments.submitters, "events_per_group": per_group,
        "appends_per_s": appends, "bare_loop_per_s": bare, "share_of_bare": round(appends / bare),
        "stream_reads_per_s": reads, "scan_events_per_s": scan,
    }))
}

async fn read_streams(store: &EventStore, streams: u64) -> Result<f64> {
    let clock = Instant::now();
    let count = streams.min(10_000);
    for n in 0..count {
        let stream = StreamName::new(&format!("bench-{}", n * 7 % streams))?;
        store.read(&stream, None).await?;
    }
    Ok(per_s(count, clock))
}

async fn scan(store: &EventStore) -> Result<f64> {
    let (clock, mut after, mut count) = (Instant::now(), Position::START, 0);
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await?;
        if page.through == after {
            return Ok(per_s(count, clock));
        }
        count += page.events.len() as u64;
        after = page.through;
    }
}

/// The same rows, tables, indices, groups and background checkpoint without the store.
fn bare_loop(path: &Path, total: u64, per_group: u64) -> Result<f64> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.execute_batch(
        "CREATE TABLE streams (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
         CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL,
           id BLOB NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL) STRICT;
         CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
         CREATE UNIQUE INDEX events_by_id ON events (id);",
    )?;
    let clock = Instant::now();
    let mut n = 0;
    while n < total {
        let transaction = connection.transaction()?;
        for n in n..(n + per_group).min(total) {
            let event = event(n);
            let (stream, version) = (n / EVENTS_PER_STREAM, n % EVENTS_PER_STREAM + 1);
            if version == 1 {
                transaction
                    .prepare_cached("INSERT INTO streams VALUES (?1, ?2)")?
                    .execute(params![stream.cast_signed(), format!("bench-{stream}")])?;
            }
            transaction
                .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .execute(params![
                (n + 1).cast_signed(),
                stream.cast_signed(),
                version.cast_signed(),
                event.id.as_bytes().as_slice(),
                &*event.kind,
                event.data,
                event.meta
            ])?;
        }
        transaction.commit()?;
        n += per_group;
    }
    Ok(per_s(total, clock))
}
