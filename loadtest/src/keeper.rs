//! The deadline keeper with a large number of open obligations: memory, catching up after hours of
//! downtime, many deadlines in the same second, and accuracy of single ones.

#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use events::EventStore;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::actors::Actors;
use crate::client::Client;
use crate::copies::{self, Original};
use crate::lifecycle::{bytes_f64, round};
use crate::raw;
use crate::server::Server;

#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Open obligations, two per dossier.
    #[arg(long, default_value_t = 1_000_000)]
    obligations: u64,
    /// Obligations due in the same second.
    #[arg(long, default_value_t = 100_000)]
    burst: u64,
    /// Obligations that fell due within twelve hours of downtime.
    #[arg(long, default_value_t = 10_000)]
    overdue: u64,
    /// Obligations that fall due 20 ms apart after that second.
    #[arg(long, default_value_t = 2_000)]
    single: u64,
    /// Seconds from the second start to that second; must be enough to catch up.
    #[arg(long, default_value_t = 120)]
    lead_s: i64,
    /// Seconds from that second to the single ones; must be enough to enforce all that fell due in
    /// it.
    #[arg(long, default_value_t = 60)]
    rest_s: i64,
}

/// A procedure without a period: officers set every date.
const PROCEDURE: &str = r"
code: BENCH.GIVEN
version: 1
issued: 2026-01-01
effective: { from: 2026-01-01 }
legal_basis: none
name: { vi: Đo tải, en: Benchmark }
agency: G02
level: full
channels: [online]
form: { type: object }
intake: {}
clock:
  start: submitted
  supplement: pause
  supplement_window: { amount: 1, unit: months }
  redatings_max: 0
review: {}
result: {}
";

const SINGLE_APART: SignedDuration = SignedDuration::from_millis(20);

/// Time span of the overdue ones.
const OVERDUE_OVER: SignedDuration = SignedDuration::from_hours(12);
/// Time limit of each phase.
const WAIT_MAX: Duration = Duration::from_secs(1_800);

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let far = Timestamp::from_second(Timestamp::now().as_second() + 60 * 86_400)?;
    let server = Server::start(data)?;
    let id = carry(&server, &Actors::of(data)?, far).await?;
    let rss_before = server.rss_mib()?;
    server.stop()?;
    let original = Arc::new(Original::read(&copies::open(data)?, &id, far).await?);

    // Half of them fall due in two months; the first start indexes them all.
    let idle = arguments.obligations / 2;
    write(data, &original, 0..idle, move |n| Ok(far.checked_add(seconds(n))?)).await?;
    let server = Server::start(data)?;
    let clock = Instant::now();
    until(&server, |open| open >= 2 * idle).await?;
    let first_start = clock.elapsed();
    server.stop()?;

    // The others fall due around the second start.
    let plan = Plan::of(arguments)?;
    let last = plan.single_at(arguments.single)?;
    let all = idle + arguments.overdue + arguments.burst + arguments.single;
    write(data, &original, idle..all, move |n| plan.due_at(n - idle)).await?;
    let (stolen, ticks) = raw::stolen_ticks()?;
    let server = Server::start(data)?;
    let started_at = Timestamp::now();
    let rss = server.rss_mib()? - rss_before;
    sleep_until(plan.burst_at).await?;
    let cpu = server.cpu_s()?;
    sleep_until(plan.single_at(0)?).await?;
    let cpu = server.cpu_s()? - cpu;
    sleep_until(last).await?;
    until(&server, |open| open <= 2 * (idle + 1)).await?;
    let (stolen_after, ticks_after) = raw::stolen_ticks()?;
    server.stop()?;

    let mut missed = misses(&copies::open(data)?).await?;
    ensure!(missed.iter().all(|miss| miss.due_at <= miss.at), "a deadline was enforced early");
    ensure!(
        missed.len() as u64 == all - idle,
        "{} of {} deadlines were enforced",
        missed.len(),
        all - idle
    );
    let single = missed.split_off(usize::try_from(arguments.overdue + arguments.burst)?);
    let burst = missed.split_off(usize::try_from(arguments.overdue)?);
    let done = |misses: &[Miss]| misses.iter().map(|miss| miss.at).max().unwrap_or(Timestamp::MIN);
    let mut late: Vec<f64> =
        single.iter().map(|miss| ms(miss.at.duration_since(miss.due_at))).collect();
    late.sort_by(f64::total_cmp);
    let percentile = |percent: usize| late.get((late.len().max(1) - 1) * percent / 100).copied();
    Ok(json!({
        "open_obligations": 2 * idle,
        "events": original.events() as u64 * all,
        "first_start_caught_up_after_s": round(first_start.as_secs_f64()),
        "rss_mib_with_them": round(rss),
        "bytes_per_open_obligation": round(rss * 1_048_576.0 / bytes_f64(2 * idle)),
        "overdue": arguments.overdue,
        "overdue_done_after_start_s": round(ms(done(&missed).duration_since(started_at)) / 1_000.0),
        "overdue_out_of_order_ms": out_of_order_ms(&missed),
        "burst": arguments.burst,
        "burst_done_after_s": round(ms(done(&burst).duration_since(plan.burst_at)) / 1_000.0),
        "burst_out_of_order_ms": out_of_order_ms(&burst),
        "server_cpu_s_of_burst": round(cpu),
        "single": arguments.single,
        "single_late_p50_ms": percentile(50),
        "single_late_p99_ms": percentile(99),
        "single_late_max_ms": percentile(100),
        "stolen_by_host": round(bytes_f64(stolen_after - stolen) / bytes_f64((ticks_after - ticks).max(1))),
    }))
}

/// Due instants.
#[derive(Clone, Copy)]
struct Plan {
    burst_at: Timestamp,
    rest: SignedDuration,
    overdue: u64,
    burst: u64,
}

impl Plan {
    fn of(arguments: &Arguments) -> Result<Self> {
        let burst_at = Timestamp::from_second(Timestamp::now().as_second() + arguments.lead_s)?;
        let rest = SignedDuration::from_secs(arguments.rest_s);
        Ok(Self { burst_at, rest, overdue: arguments.overdue, burst: arguments.burst })
    }

    fn due_at(self, n: u64) -> Result<Timestamp> {
        if n < self.overdue {
            let share = i32::try_from(self.overdue - n)?;
            let apart = OVERDUE_OVER / i32::try_from(self.overdue)?;
            let began = self.burst_at.checked_sub(SignedDuration::from_hours(1))?;
            return Ok(began.checked_sub(apart.checked_mul(share).context("too long")?)?);
        }
        let n = n - self.overdue;
        if n < self.burst {
            let apart = SignedDuration::from_secs(1) / i32::try_from(self.burst)?;
            let after = apart.checked_mul(i32::try_from(n)?).context("too long")?;
            return Ok(self.burst_at.checked_add(after)?);
        }
        self.single_at(n - self.burst)
    }

    fn single_at(self, n: u64) -> Result<Timestamp> {
        let after = SINGLE_APART.checked_mul(i32::try_from(n)?).context("too long")?;
        Ok(self.burst_at.checked_add(self.rest)?.checked_add(after)?)
    }
}

/// A recorded miss.
struct Miss {
    due_at: Timestamp,
    at: Timestamp,
}

/// Recorded misses in the order of their due instants.
async fn misses(store: &EventStore) -> Result<Vec<Miss>> {
    let mut found = Vec::new();
    for event in copies::events(store, "intake.DeadlineMissed.").await? {
        let time = |text: &str, name: &str| -> Result<Timestamp> {
            let value: Value = serde_json::from_str(text)?;
            Ok(value.get(name).and_then(Value::as_str).context("no time")?.parse()?)
        };
        found.push(Miss { due_at: time(&event.data, "due_at")?, at: time(&event.meta, "at")? });
    }
    found.sort_by_key(|miss| miss.due_at);
    Ok(found)
}

/// The largest inversion: how much earlier than one due before it a deadline was enforced.
fn out_of_order_ms(misses: &[Miss]) -> f64 {
    let mut latest = Timestamp::MIN;
    let mut most = SignedDuration::ZERO;
    for miss in misses {
        latest = latest.max(miss.at);
        most = most.max(latest.duration_since(miss.at));
    }
    ms(most)
}

fn ms(duration: SignedDuration) -> f64 {
    round(duration.as_secs_f64() * 1_000.0)
}

fn seconds(n: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(n % 1_000_000).unwrap_or(0))
}

async fn write(
    data: &Path,
    original: &Arc<Original>,
    numbers: std::ops::Range<u64>,
    due: impl Fn(u64) -> Result<Timestamp> + Send + Sync + 'static,
) -> Result<()> {
    original.write(&Arc::new(copies::open(data)?), numbers, due).await
}

async fn sleep_until(at: Timestamp) -> Result<()> {
    let wait = at.duration_since(Timestamp::now()).max(SignedDuration::ZERO);
    tokio::time::sleep(Duration::try_from(wait)?).await;
    Ok(())
}

/// Waits for a number of open obligations.
async fn until(server: &Server, wanted: impl Fn(u64) -> bool) -> Result<()> {
    let clock = Instant::now();
    let mut client = Client::connect(server.address).await?;
    loop {
        // While indexing, it is not ready but reports its progress.
        let open = client.health().await?;
        let open = open.get("open_obligations").and_then(Value::as_u64).context("no figure")?;
        if wanted(open) {
            return Ok(());
        }
        ensure!(clock.elapsed() < WAIT_MAX, "{open} obligations are open after {WAIT_MAX:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Processes one dossier up to its promised date.
async fn carry(server: &Server, actors: &Actors, due_at: Timestamp) -> Result<String> {
    let mut client = Client::connect(server.address).await?;
    let rules = json!({ "kind": "procedure", "text": PROCEDURE });
    client.post("/v1/rules", (&actors.operator, "rules", ""), &rules, None).await?;
    let applicant = actors.applicant("applicant");
    let body = json!({
        "procedure": "BENCH.GIVEN", "agency": "G02.001", "channel": "online", "documents": [], "form": {},
    });
    let submitted = client.post("/v1/dossiers", (&applicant, "submit", ""), &body, None).await?;
    let id = submitted.body.get("id").and_then(Value::as_str).context("no id")?.to_owned();
    let dossier = format!("/v1/dossiers/{id}");
    let etag = submitted.etag();
    let clerk = (&*actors.clerk, "accept", &*etag);
    let accepted = client.post(&format!("{dossier}/acceptance"), clerk, &json!({}), None).await?;
    let given = json!({ "at": due_at, "by": "benchmark", "basis": "none" });
    let etag = accepted.etag();
    let clerk = (&*actors.clerk, "fix", &*etag);
    client.post(&format!("{dossier}/fixed-appointment"), clerk, &given, None).await?;
    // The other services have received it once they respond.
    client.get(&format!("/v1/reviews/{id}"), &actors.reviewer).await?;
    Ok(id)
}
