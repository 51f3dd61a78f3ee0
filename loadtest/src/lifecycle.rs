//! Whole dossiers: fourteen steps from submission to rating, each durable when acknowledged, each
//! actor with a token, over three procedures of one agency with one receipt symbol.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::actors::Actors;
use crate::client::Client;
use crate::raw;
use crate::server::{Server, bytes_below};

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Number of dossiers.
    #[arg(long, default_value_t = 3_000)]
    pub(crate) dossiers: u64,
    /// Dossiers processed concurrently.
    #[arg(long, default_value_t = 64)]
    pub(crate) concurrency: u64,
    /// Dossiers started per second, independent of the server's speed (open loop). Default: as many
    /// as possible.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Dossiers before the measurement, to warm up caches and connections.
    #[arg(long, default_value_t = 200)]
    pub(crate) warm_up: u64,
}

/// Dossiers per applicant: each takes five of the applicant's steps, and the server limits steps
/// per minute.
const DOSSIERS_OF_ONE: u64 = 8;

/// Applicants: token and uploaded document.
pub(crate) struct People(Vec<(String, String)>);

impl People {
    /// Creates the applicants for a number of dossiers. Documents are uploaded beforehand and not
    /// measured, because uploads are not steps.
    pub(crate) async fn for_dossiers(
        address: SocketAddr,
        data: &std::path::Path,
        dossiers: u64,
    ) -> Result<Arc<Self>> {
        let actors = Arc::new(Actors::of(data)?);
        let next = Arc::new(AtomicU64::new(0));
        let needed = dossiers.div_ceil(DOSSIERS_OF_ONE);
        let mut workers = JoinSet::new();
        for _ in 0..needed.min(16) {
            let (actors, next) = (Arc::clone(&actors), Arc::clone(&next));
            workers.spawn(async move {
                let (mut client, mut people) = (Client::connect(address).await?, Vec::new());
                while next.fetch_add(1, Ordering::Relaxed) < needed {
                    let person = serial();
                    let token = actors.applicant(&format!("a{person}"));
                    let document = client.upload(&token, &format!("document-{person}")).await?;
                    people.push((token, document));
                }
                anyhow::Ok(people)
            });
        }
        let mut people = Vec::new();
        while let Some(worker) = workers.join_next().await {
            people.extend(worker??);
        }
        Ok(Arc::new(Self(people)))
    }

    /// Token and document for a dossier's number.
    pub(crate) fn of(&self, number: u64) -> Result<(&str, &str)> {
        let index = usize::try_from(number)?.checked_rem(self.0.len()).context("nobody files")?;
        let (token, document) = self.0.get(index).context("nobody files")?;
        Ok((token, document))
    }
}

struct Load {
    actors: Actors,
    people: Arc<People>,
    started: Instant,
    next: AtomicU64,
    rate: Option<f64>,
}

/// Result of a worker.
#[derive(Default)]
pub(crate) struct Harvest {
    pub(crate) latencies_us: Vec<u32>,
    requests: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let all = arguments.dossiers.max(arguments.warm_up);
    let people = People::for_dossiers(server.address, folder.path(), all).await?;
    let drive = |dossiers, rate| {
        drive((server.address, folder.path()), &people, dossiers, arguments.concurrency, rate)
    };
    drive(arguments.warm_up, None).await?;
    let before = health(&server).await?;
    let tenth = arguments.dossiers / 10;
    let (stolen, ticks) = raw::stolen_ticks()?;
    let (cpu, clock) = (server.cpu_s()?, Instant::now());
    let mut harvest = drive(tenth, arguments.rate).await?;
    let cpu_first = server.cpu_s()? - cpu;
    let middle = arguments.dossiers - 2 * tenth;
    harvest.add(drive(middle, arguments.rate).await?);
    let cpu_middle = server.cpu_s()?;
    harvest.add(drive(tenth, arguments.rate).await?);
    let seconds = clock.elapsed().as_secs_f64();
    let (cpu_last, cpu_all) = (server.cpu_s()? - cpu_middle, server.cpu_s()? - cpu);
    let (stolen_after, ticks_after) = raw::stolen_ticks()?;
    let after = health(&server).await?;
    let rss = server.peak_rss_mib()?;
    server.stop()?;
    let bytes = bytes_below(folder.path())?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (dossiers, per_tenth) = (arguments.dossiers as f64, tenth.max(1) as f64);
    let (events, groups) = (after.0 - before.0, after.1 - before.1);
    let raw_http = raw::empty_handler(arguments.concurrency).await?;
    let raw_append = raw::append_with_sync(events, groups)?;
    harvest.latencies_us.sort_unstable();
    Ok(json!({
        "dossiers": arguments.dossiers,
        "concurrency": arguments.concurrency,
        "rate": arguments.rate,
        "seconds": round(seconds),
        "dossiers_per_s": round(dossiers / seconds),
        "steps_per_s": round(14.0 * dossiers / seconds),
        "requests_per_dossier": round(harvest.requests_f64() / dossiers),
        "events_per_s": round(events / seconds),
        "events_per_dossier": round(events / dossiers),
        "step_p50_ms": harvest.percentile_ms(50.0),
        "step_p99_ms": harvest.percentile_ms(99.0),
        "step_p999_ms": harvest.percentile_ms(99.9),
        "server_cpu_ms_per_dossier": round(1_000.0 * cpu_all / dossiers),
        "server_cpu_ms_per_dossier_first_tenth": round(1_000.0 * cpu_first / per_tenth),
        "server_cpu_ms_per_dossier_last_tenth": round(1_000.0 * cpu_last / per_tenth),
        "server_rss_mib": round(rss),
        "disk_bytes_per_dossier": round(bytes_f64(bytes) / (dossiers + bytes_f64(arguments.warm_up))),
        "fsyncs_per_dossier": round(groups / dossiers),
        "durable": true,
        "raw_empty_handler_requests_per_s": round(raw_http),
        "raw_append_events_per_s": round(raw_append),
        "stolen_by_host": round(bytes_f64(stolen_after - stolen) / bytes_f64((ticks_after - ticks).max(1))),
    }))
}

/// Deletes the views of a directory and measures the time until the register has caught up.
pub(crate) async fn rebuild(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let people = People::for_dossiers(server.address, folder.path(), arguments.dossiers).await?;
    let at = (server.address, folder.path());
    drive(at, &people, arguments.dossiers, arguments.concurrency, None).await?;
    server.stop()?;
    std::fs::remove_dir_all(folder.path().join("views"))?;
    let actors = Actors::of(folder.path())?;
    let clock = Instant::now();
    let server = Server::start(folder.path())?;
    let mut client = Client::connect(server.address).await?;
    // It is not ready before the views are rebuilt.
    let ready = client.health().await?;
    let head = ready.get("head").and_then(Value::as_u64).context("no head")?;
    client.wait_for(head);
    // A read that waits too long for the view is a 503: retry.
    while let Err(error) = client.get("/v1/register/statistics", &actors.clerk).await {
        anyhow::ensure!(clock.elapsed() < WAIT_MAX, "the view was not rebuilt in time: {error}");
        client = Client::connect(server.address).await?;
        client.wait_for(head);
    }
    let seconds = clock.elapsed().as_secs_f64();
    let rss = server.peak_rss_mib()?;
    server.stop()?;
    Ok(json!({
        "events": head, "seconds": round(seconds), "rebuilt_events_per_s": round(bytes_f64(head) / seconds),
        "server_rss_mib": round(rss),
    }))
}

pub(crate) async fn drive(
    (address, data): (SocketAddr, &std::path::Path),
    people: &Arc<People>,
    dossiers: u64,
    concurrency: u64,
    rate: Option<f64>,
) -> Result<Harvest> {
    let actors = Actors::of(data)?;
    let (people, next) = (Arc::clone(people), AtomicU64::new(0));
    let load = Arc::new(Load { actors, people, started: Instant::now(), next, rate });
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let load = Arc::clone(&load);
        workers.spawn(async move {
            let mut client = Client::connect(address).await?;
            loop {
                let number = load.next.fetch_add(1, Ordering::Relaxed);
                if number >= dossiers {
                    return anyhow::Ok((client.latencies_us, client.requests));
                }
                let since = load.wait_for_turn(number).await;
                carry(&mut client, &load.actors, load.people.of(number)?, since).await?;
            }
        });
    }
    let mut harvest = Harvest::default();
    while let Some(worker) = workers.join_next().await {
        let (latencies_us, requests) = worker??;
        harvest.add(Harvest { latencies_us, requests });
    }
    Ok(harvest)
}

impl Load {
    /// With a fixed rate, returns the intended start, from which latency counts.
    async fn wait_for_turn(&self, number: u64) -> Option<Instant> {
        let rate = self.rate?;
        let intended = self.started + Duration::from_secs_f64(bytes_f64(number) / rate);
        tokio::time::sleep_until(intended.into()).await;
        Some(intended)
    }
}

/// Time limit of each phase.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(1_800);

const PROCEDURES: [(&str, &[&str], &str); 3] = [
    ("CO.D", &["application", "export_declaration", "invoice"], "appraisal"),
    ("MLM.CERTIFICATE", &["application", "deposit", "plan"], "appraisal"),
    ("CO.D.REISSUE", &["application", "certificate"], "appraisal"),
];

/// A unique number in this process.
fn serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Processes a dossier of one of the three procedures.
pub(crate) async fn carry(
    client: &mut Client,
    actors: &Actors,
    person: (&str, &str),
    since: Option<Instant>,
) -> Result<String> {
    let like = usize::try_from(serial() % 3)?;
    carry_under(client, actors, person, (PROCEDURES[like].0, like), since).await
}

/// Processes a dossier of the procedure `code`, which is like the one of [`PROCEDURES`] at a place.
pub(crate) async fn carry_under(
    client: &mut Client,
    actors: &Actors,
    (applicant, document): (&str, &str),
    (code, like): (&str, usize),
    since: Option<Instant>,
) -> Result<String> {
    let serial = serial();
    let (procedure, components, activity) = PROCEDURES[like];
    let key = |step: &str| format!("{serial}-{step}");
    let named = |c: &&str| json!({ "component": c, "document": document, "file_name": "a.pdf" });
    let documents: Vec<Value> = components.iter().map(named).collect();
    let address = json!({ "name": "A", "lines": ["Hà Nội"], "phone": "0900000000" });
    let body = json!({
        "procedure": code, "agency": "G02.001", "channel": "online", "documents": documents,
        "delivery": { "channel": "post", "address": address }, "form": form(procedure),
    });
    let fee_first = procedure != "MLM.CERTIFICATE";
    let submitted =
        client.post("/v1/dossiers", (applicant, &key("submit"), ""), &body, since).await?;
    let id = submitted.body.get("id").and_then(Value::as_str).context("no id")?.to_owned();
    let (dossier, review) = (format!("/v1/dossiers/{id}"), format!("/v1/reviews/{id}"));
    let delivery = format!("/v1/deliveries/{id}");
    if fee_first {
        pay(client, actors, applicant, &id).await?;
    }
    let etag = client.get(&dossier, &actors.clerk).await?.etag();
    let clerk = (&*actors.clerk, &*key("accept"), &*etag);
    client.post(&format!("{dossier}/acceptance"), clerk, &json!({}), None).await?;
    if !fee_first {
        pay(client, actors, applicant, &id).await?;
        // The review opens once intake has recorded the fee: read it first.
        client.get(&dossier, &actors.clerk).await?;
    }
    let etag = client.get(&review, &actors.reviewer).await?.etag();
    let (reviewer, claim) = (&*actors.reviewer, format!("{review}/claim"));
    let claimed = client.post(&claim, (reviewer, &key("claim"), &etag), &json!({}), None).await?;
    let etag = claimed.etag();
    let done = json!({ "activity": activity });
    let etag = client
        .post(&format!("{review}/activities"), (reviewer, &key("work"), &etag), &done, None)
        .await?
        .etag();
    let missing = json!({ "components": [components[0]], "reason": "not legible" });
    let needs = format!("{review}/supplement-needs");
    client.post(&needs, (reviewer, &key("need"), &etag), &missing, None).await?;
    let etag = client.get(&dossier, applicant).await?.etag();
    let again = json!({ "documents": [{ "component": components[0], "document": document, "file_name": "b.pdf" }] });
    let supplements = format!("{dossier}/supplements");
    client.post(&supplements, (applicant, &key("supply"), &etag), &again, None).await?;
    let etag = client.get(&review, reviewer).await?.etag();
    let proposal = json!({ "outcome": "approved", "reason": "complete" });
    let proposals = format!("{review}/decision-proposals");
    let proposed =
        client.post(&proposals, (reviewer, &key("propose"), &etag), &proposal, None).await?;
    let approval = json!({ "proposal": proposed.body.pointer("/proposal/proposal") });
    let etag = proposed.etag();
    let approver = (&*actors.approver, &*key("approve"), &*etag);
    client.post(&format!("{review}/decision"), approver, &approval, None).await?;
    let etag = client.get(&delivery, &actors.approver).await?.etag();
    let signed = client.upload(&actors.approver, &key("signed")).await?;
    let issued = json!({ "number": format!("KQ-{serial}"), "document": signed });
    let approver = (&*actors.approver, &*key("issue"), &*etag);
    let etag = client.post(&format!("{delivery}/result"), approver, &issued, None).await?.etag();
    let parcel = json!({ "carrier": "vnpost", "waybill": format!("EA{serial}VN") });
    let sent = client
        .post(&format!("{delivery}/parcels"), (&actors.clerk, &key("send"), &etag), &parcel, None)
        .await?;
    let notice = json!({
        "carrier": "vnpost", "event": format!("c{serial}"), "kind": "delivered",
        "reference": sent.body.get("parcel_reference"),
    });
    client.post("/v1/parcel-notices", (&actors.carrier, &key("arrive"), ""), &notice, None).await?;
    rate(client, applicant, &id, &key("rate")).await?;
    Ok(id)
}

async fn rate(client: &mut Client, applicant: &str, id: &str, key: &str) -> Result<()> {
    let score = json!({ "score": 5 });
    client.post(&format!("/v1/ratings/{id}"), (applicant, key, ""), &score, None).await?;
    Ok(())
}

async fn pay(client: &mut Client, actors: &Actors, applicant: &str, id: &str) -> Result<()> {
    let payments = format!("/v1/payments/{id}");
    let etag = client.get(&payments, applicant).await?.etag();
    let body = json!({ "provider": "sandbox" });
    let key = format!("{id}-pay");
    let started =
        client.post(&format!("{payments}/attempts"), (applicant, &key, &etag), &body, None).await?;
    let attempt = started.body.pointer("/attempts/0").context("no attempt")?;
    let notice = json!({
        "provider": "sandbox", "event": format!("p-{id}"), "kind": "captured",
        "reference": attempt.get("reference"), "amount_vnd": attempt.get("amount_vnd"),
    });
    client
        .post("/v1/payment-notices", (&actors.provider, &format!("{id}-paid"), ""), &notice, None)
        .await?;
    Ok(())
}

fn form(procedure: &str) -> Value {
    if procedure == "CO.D.REISSUE" {
        return json!({ "number": "VN-TH-1", "reason": "lost" });
    }
    if procedure == "CO.D" {
        return json!({
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        });
    }
    json!({
        "company": { "name": "Đa cấp A", "tax_code": "0101234565" },
        "capital_vnd": 12_000_000_000_i64, "deposit_bank": "VCB",
    })
}

/// Events and committed groups so far.
async fn health(server: &Server) -> Result<(f64, f64)> {
    let mut client = Client::connect(server.address).await?;
    let ready = client.health().await?;
    let figure = |name: &str| ready.get(name).and_then(Value::as_f64).context("no figure");
    Ok((figure("events")?, figure("groups")?))
}

impl Harvest {
    fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.requests += other.requests;
    }

    fn requests_f64(&self) -> f64 {
        bytes_f64(self.requests)
    }

    /// A percentile of sorted latencies, in ms.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index far below 2^52"
        )]
        let index = (last as f64 * percent / 100.0).round() as usize;
        round(f64::from(self.latencies_us.get(index).copied().unwrap_or(0)) / 1_000.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn bytes_f64(count: u64) -> f64 {
    count as f64
}

pub(crate) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
