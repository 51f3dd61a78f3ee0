//! A registry of agencies as large as the country, issued part by part: what a part, the start
//! after it and each step then cost, beside what they cost with the registry that ships.

use std::fmt::Write;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};

use crate::actors::Actors;
use crate::client::Client;
use crate::lifecycle::{self, round};
use crate::server::Server;

/// How often the figures are read.
const READS: usize = 20;

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// How many parts: one for each province.
    #[arg(long, default_value_t = 34, value_parser = clap::value_parser!(u32).range(1..=90))]
    parts: u32,
    /// How many agencies each part names; 34 parts of 330 are about the country.
    #[arg(long, default_value_t = 330, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    agencies: u32,
    /// How many dossiers are carried through before it and after it.
    #[arg(long, default_value_t = 50)]
    dossiers: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let server = Server::start(data)?;
    let actors = Actors::of(data)?;
    let mut client = Client::connect(server.address).await?;
    ready(&mut client).await?;
    let before = cost(&server, &mut client, &actors, arguments.dossiers).await?;

    client.latencies_us.clear();
    for number in 1..=arguments.parts {
        let body = json!({ "kind": "agencies", "text": part(number, arguments.agencies)? });
        let key = format!("part-{number}");
        client.post("/v1/rules", (&actors.operator, &key, ""), &body, None).await?;
    }
    let mut parts = std::mem::take(&mut client.latencies_us);
    let total: u64 = parts.iter().copied().map(u64::from).sum();
    parts.sort_unstable();
    let slowest = parts.last().copied().context("no part was issued")?;
    let after = cost(&server, &mut client, &actors, arguments.dossiers).await?;
    server.stop()?;

    let started = Instant::now();
    let server = Server::start(data)?;
    let mut client = Client::connect(server.address).await?;
    ready(&mut client).await?;
    let start_s = started.elapsed().as_secs_f64();
    let last = json!({ "kind": "agencies", "text": part(1, arguments.agencies + 1)?.replace("version: 1", "version: 2") });
    let more =
        client.post("/v1/rules?dry_run=true", (&actors.operator, "dry", ""), &last, None).await;
    ensure!(more.is_ok(), "the registry was not read again: {:?}", more.err());
    let figures = json!({
        "agencies": arguments.parts * arguments.agencies,
        "parts": arguments.parts,
        "issued_s": round(milliseconds(total) / 1_000.0),
        "slowest_part_ms": round(milliseconds(slowest.into())),
        "start_s": round(start_s),
        "before": before,
        "after": after,
    });
    server.stop()?;
    Ok(figures)
}

/// What steps and figures cost now.
async fn cost(
    server: &Server,
    client: &mut Client,
    actors: &Actors,
    dossiers: u32,
) -> Result<Value> {
    client.latencies_us.clear();
    for number in 0..dossiers {
        let applicant = actors.applicant(&format!("applicant-{number}"));
        let document = client.upload(&applicant, &format!("document-{number}")).await?;
        lifecycle::carry(client, actors, (&applicant, &document), None).await?;
    }
    let mut steps = std::mem::take(&mut client.latencies_us);
    steps.sort_unstable();
    let at = |percent: usize| steps.get((steps.len().max(1) - 1) * percent / 100).copied();
    let mut reads = Vec::new();
    for _ in 0..READS {
        let asked = Instant::now();
        client.get("/metrics", "").await?;
        reads.push(asked.elapsed().as_micros());
    }
    reads.sort_unstable();
    let metrics = reads.get(READS / 2).and_then(|read| u64::try_from(*read).ok());
    Ok(json!({
        "step_p50_ms": at(50).map(|us| round(milliseconds(us.into()))),
        "step_p99_ms": at(99).map(|us| round(milliseconds(us.into()))),
        "metrics_p50_ms": metrics.map(|us| round(milliseconds(us))),
        "rss_mib": round(server.rss_mib()?),
    }))
}

async fn ready(client: &mut Client) -> Result<()> {
    let waiting = Instant::now();
    while client.health().await?.get("ready").and_then(Value::as_bool) != Some(true) {
        ensure!(waiting.elapsed() < lifecycle::WAIT_MAX, "it does not become ready");
    }
    Ok(())
}

fn milliseconds(microseconds: u64) -> f64 {
    lifecycle::bytes_f64(microseconds) / 1_000.0
}

/// The registry of a province.
fn part(number: u32, agencies: u32) -> Result<String> {
    let mut text =
        format!("id: t{number:02}\nversion: 1\nlegal_basis: Nghị quyết 202/2025/QH15\nagencies:\n");
    for agency in 1..=agencies {
        writeln!(
            text,
            "  - {{ code: T{number:02}.{agency:03}, name: {{ vi: Ủy ban nhân dân xã số {agency}, en: Commune {agency} }}, calendar: vn, system: \"{number:02}\", receipt_symbol: T{number:02}-{agency:03} }}"
        )?;
    }
    Ok(text)
}
