//! Subscribers to changes: the latency from the append of an event to the receivers that live,
//! while a tenth of all are dead, and what a delivery costs. Each subscriber wants the dossiers of
//! one of a hundred procedures.
//!
//! What each receiver must have got is read from the change feed: a message that is missing fails
//! the run, and one that came twice is counted.

#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::actors::Actors;
use crate::client::Client;
use crate::lifecycle::{People, bytes_f64, carry_under, round};
use crate::raw;
use crate::server::Server;

mod receivers;

use receivers::{Fate, Receiver};

/// Measure deliveries to subscribers, some of which are dead.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Number of subscribers.
    #[arg(long, default_value_t = 500)]
    subscribers: usize,
    /// Dead ones among them: a third refuses connections, a third never answers, a third answers
    /// 500.
    #[arg(long, default_value_t = 50)]
    dead: usize,
    /// Procedures; each subscriber wants the dossiers of one.
    #[arg(long, default_value_t = 100)]
    procedures: usize,
    /// Dossiers started per second, from submission to rating.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Dossiers processed concurrently.
    #[arg(long, default_value_t = 64)]
    concurrency: u64,
    /// Limit of the 99th percentile of the latency, in ms.
    #[arg(long, default_value_t = 1_000.0)]
    p99_ms_max: f64,
    /// Report only; do not fail if the limit is exceeded.
    #[arg(long)]
    report_only: bool,
}

/// Subscribers of one officer; the law permits 20.
const OF_ONE: usize = 20;
/// Time limit of each phase besides the measurement.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// The procedure that all others are copies of.
const LIKE: &str = include_str!("../../libs/dossier/procedures/certificate_of_origin_d.yaml");

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let folder = tempfile::tempdir()?;
    let options = ["--client-requests-per-second", "0", "--subscriber-http"];
    let networks = ["--subscriber-network", "127.0.0.0/8"];
    let server = Server::start_with(folder.path(), &[&options[..], &networks].concat())?;
    let load = Load::prepare(&server, folder.path(), arguments).await?;
    let whole = load.dossiers(arguments.seconds);
    load.drive(&server, load.dossiers(10)).await?;
    // What dossiers cost without subscribers.
    let cpu = server.cpu_s()?;
    load.drive(&server, whole / 2).await?;
    let cpu_alone = (server.cpu_s()? - cpu) / bytes_f64(whole / 2);

    let mut receivers = subscribed(&server, &load, arguments).await?;
    for receiver in &mut receivers {
        receiver.dies().await;
    }
    // The dead ones are found out, as after minutes in earnest.
    load.drive(&server, load.dossiers(20)).await?;
    let from = head(&server, &load).await?;
    let (stolen, ticks) = raw::stolen_ticks()?;
    let (cpu, clock) = (server.cpu_s()?, Instant::now());
    let watching = Watching::begin(&server);
    let carried = load.drive(&server, whole).await?;
    let seconds = clock.elapsed().as_secs_f64();
    let feed = changes(&server, &load, &from).await?;
    let expected = Expected::of(&feed, &carried);
    expected.all_delivered(&receivers, &load).await?;
    let cpu = server.cpu_s()? - cpu;
    let (stolen_after, ticks_after) = raw::stolen_ticks()?;
    let (lag_max, lag_end) = watching.end().await?;
    let found = expected.compare(&receivers, &load)?;
    let figures = json!({
        "subscribers": arguments.subscribers,
        "dead": receivers.iter().filter(|one| one.fate != Fate::Lives).count(),
        "dossiers": carried.len(),
        "dossiers_per_s": round(bytes_f64(carried.len() as u64) / seconds),
        "events": feed.len(),
        "events_per_dossier": round(bytes_f64(feed.len() as u64) / bytes_f64(carried.len() as u64)),
        "deliveries": found.latencies_ms.len(),
        "deliveries_per_s": round(bytes_f64(found.latencies_ms.len() as u64) / seconds),
        "twice": found.twice,
        "tries_at_dead_ones": receivers.iter().map(Receiver::refused).sum::<u64>(),
        "append_to_delivery_p50_ms": found.percentile(50.0),
        "append_to_delivery_p99_ms": found.percentile(99.0),
        "append_to_delivery_p999_ms": found.percentile(99.9),
        "append_to_delivery_max_ms": found.percentile(100.0),
        "lag_max": lag_max,
        "lag_at_the_end": lag_end,
        "server_cpu_ms_per_dossier_alone": round(1_000.0 * cpu_alone),
        "server_cpu_us_per_delivery": round(
            1_000_000.0 * (cpu - cpu_alone * bytes_f64(carried.len() as u64))
                / bytes_f64(found.latencies_ms.len().max(1) as u64),
        ),
        "server_rss_mib": round(server.peak_rss_mib()?),
        "stolen_by_host": round(bytes_f64(stolen_after - stolen) / bytes_f64((ticks_after - ticks).max(1))),
    });
    server.stop()?;
    if found.percentile(99.0) >= arguments.p99_ms_max && !arguments.report_only {
        bail!("{figures:#}\nmessages to the others were late");
    }
    Ok(figures)
}

/// The officers, applicants and procedures of the load.
struct Load {
    actors: Arc<Actors>,
    people: Arc<People>,
    rate: f64,
    concurrency: u64,
    codes: Arc<[String]>,
}

/// A dossier that was carried through, and the place of its procedure.
type Carried = Vec<(Uuid, usize)>;

impl Load {
    async fn prepare(server: &Server, data: &Path, arguments: &Arguments) -> Result<Self> {
        let actors = Arc::new(Actors::of(data)?);
        let mut client = Client::connect(server.address).await?;
        let mut codes = Vec::new();
        for number in 0..arguments.procedures {
            let code = format!("BENCH.{number:03}");
            let text = LIKE.replace("\ncode: CO.D\n", &format!("\ncode: {code}\n"));
            let text = text.replace("\nversion: 3\n", "\nversion: 1\n");
            ensure!(text.contains(&code), "the procedure has another form");
            let rules = json!({ "kind": "procedure", "text": text });
            client.post("/v1/rules", (&actors.operator, &code, ""), &rules, None).await?;
            codes.push(code);
        }
        // Enough applicants for the steps that one may take in a minute, also in a short run.
        let rate = arguments.rate;
        let dossiers = dossiers(rate, arguments.seconds.max(90));
        let people = People::for_dossiers(server.address, data, dossiers).await?;
        let concurrency = arguments.concurrency;
        Ok(Self { actors, people, rate, concurrency, codes: codes.into() })
    }

    /// How many are started in these seconds.
    fn dossiers(&self, seconds: u64) -> u64 {
        dossiers(self.rate, seconds)
    }

    /// Carries dossiers through at the rate, of one procedure after the other.
    async fn drive(&self, server: &Server, dossiers: u64) -> Result<Carried> {
        let (next, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let mut workers = JoinSet::new();
        for _ in 0..self.concurrency {
            let (next, codes) = (Arc::clone(&next), Arc::clone(&self.codes));
            let (actors, people) = (Arc::clone(&self.actors), Arc::clone(&self.people));
            let (address, rate) = (server.address, self.rate);
            workers.spawn(async move {
                let (mut client, mut carried) = (Client::connect(address).await?, Vec::new());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= dossiers {
                        return anyhow::Ok(carried);
                    }
                    let turn = begun + Duration::from_secs_f64(bytes_f64(number) / rate);
                    tokio::time::sleep_until(turn.into()).await;
                    let place = usize::try_from(number)? % codes.len();
                    let code = codes.get(place).context("no procedure")?;
                    let person = people.of(number)?;
                    let id = carry_under(&mut client, &actors, person, (code, 0), None).await?;
                    carried.push((id.parse()?, place));
                }
            });
        }
        let mut carried = Vec::new();
        while let Some(worker) = workers.join_next().await {
            carried.extend(worker??);
        }
        Ok(carried)
    }

    /// The place of the procedure whose dossiers a subscriber wants.
    fn wants(&self, subscriber: usize) -> usize {
        subscriber % self.codes.len()
    }
}

fn dossiers(rate: f64, seconds: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count far below 2^52"
    )]
    let count = (rate * bytes_f64(seconds)).round() as u64;
    count.max(1)
}

/// The fate of a subscriber: the dead ones are of all procedures.
fn fate(number: usize, arguments: &Arguments) -> Fate {
    let before = |number: usize| number * arguments.dead / arguments.subscribers.max(1);
    if before(number) == before(number + 1) {
        return Fate::Lives;
    }
    [Fate::Refuses, Fate::IsSilent, Fate::Fails][before(number) % 3]
}

/// Opens the receivers, subscribes them, and waits until their addresses are verified.
async fn subscribed(server: &Server, load: &Load, arguments: &Arguments) -> Result<Vec<Receiver>> {
    let mut client = Client::connect(server.address).await?;
    let (mut receivers, mut tokens) = (Vec::new(), Vec::new());
    for number in 0..arguments.subscribers {
        let receiver = Receiver::open(fate(number, arguments)).await?;
        if number.is_multiple_of(OF_ONE) {
            tokens.push(load.actors.auditor(&format!("portal-{}", number / OF_ONE)));
        }
        let token = tokens.last().context("no token")?;
        let code = load.codes.get(load.wants(number)).context("no procedure")?;
        let body = json!({
            "name": format!("receiver {number}"), "procedures": [code],
            "url": format!("http://{}/changes", receiver.address),
        });
        let key = format!("subscribe-{number}");
        client.post("/v1/subscribers", (token, &key, ""), &body, None).await?;
        receivers.push(receiver);
    }
    let waiting = Instant::now();
    for token in &tokens {
        loop {
            let all = client.get("/v1/subscribers?limit=100", token).await?.body;
            let all = all.as_array().context("no list")?;
            if all.iter().all(|one| one.get("status").is_some_and(|status| status == "active")) {
                break;
            }
            ensure!(waiting.elapsed() < WAIT_MAX, "an address was not verified");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(receivers)
}

/// The cursor of the end of the feed.
async fn head(server: &Server, load: &Load) -> Result<String> {
    let mut client = Client::connect(server.address).await?;
    let feed = client.get("/v1/changes", &load.actors.auditor("auditor")).await?.body;
    Ok(feed.get("cursor").and_then(Value::as_str).context("no cursor")?.to_owned())
}

/// The events after a cursor and the dossiers that they are about, by the change feed.
async fn changes(server: &Server, load: &Load, from: &str) -> Result<Vec<(Uuid, Uuid)>> {
    let mut client = Client::connect(server.address).await?;
    let token = load.actors.auditor("auditor");
    let (mut all, mut after, mut rested) = (Vec::new(), from.to_owned(), false);
    loop {
        let address = format!("/v1/changes?limit=100&wait=2&after={after}");
        let page = client.get(&address, &token).await?.body;
        let changes = page.get("changes").and_then(Value::as_array).context("no changes")?;
        for change in changes {
            let id = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or("").parse();
            if let (Ok(event), Ok(subject)) = (id("id"), id("subject")) {
                all.push((event, subject));
            }
        }
        // The reactions to the last step are recorded shortly after it.
        if changes.is_empty() && std::mem::replace(&mut rested, true) {
            return Ok(all);
        }
        page.get("cursor").and_then(Value::as_str).context("no cursor")?.clone_into(&mut after);
    }
}

/// The events of the measurement by the place of their procedure.
struct Expected(HashMap<usize, HashSet<Uuid>>);

/// What the receivers got of them.
struct Found {
    /// Ascending.
    latencies_ms: Vec<f64>,
    twice: u64,
}

impl Expected {
    fn of(feed: &[(Uuid, Uuid)], carried: &Carried) -> Self {
        let places: HashMap<Uuid, usize> = carried.iter().copied().collect();
        let mut expected: HashMap<usize, HashSet<Uuid>> = HashMap::new();
        for (event, subject) in feed {
            if let Some(place) = places.get(subject) {
                expected.entry(*place).or_default().insert(*event);
            }
        }
        Self(expected)
    }

    fn events(&self, place: usize) -> usize {
        self.0.get(&place).map_or(0, HashSet::len)
    }

    /// Waits until the living receivers have as many messages as there are events.
    async fn all_delivered(&self, receivers: &[Receiver], load: &Load) -> Result<()> {
        let waiting = Instant::now();
        for (number, receiver) in receivers.iter().enumerate() {
            let events = self.events(load.wants(number));
            while receiver.fate == Fate::Lives && receiver.count() < events {
                ensure!(
                    waiting.elapsed() < WAIT_MAX,
                    "receiver {number} has {} of {events} messages",
                    receiver.count()
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// Compares what each living receiver got with what it had to get, and nothing else.
    fn compare(&self, receivers: &[Receiver], load: &Load) -> Result<Found> {
        let (mut latencies_ms, mut twice) = (Vec::new(), 0);
        let measured: HashSet<&Uuid> = self.0.values().flatten().collect();
        for (number, receiver) in receivers.iter().enumerate() {
            let none = HashSet::new();
            let expected = self.0.get(&load.wants(number)).unwrap_or(&none);
            let mut got = HashSet::new();
            for taken in receiver.taken() {
                if !measured.contains(&taken.event) {
                    continue;
                }
                ensure!(
                    expected.contains(&taken.event),
                    "receiver {number} got a change of the dossier {} that it does not want",
                    taken.subject
                );
                if got.insert(taken.event) {
                    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                    latencies_ms.push(taken.after_us as f64 / 1_000.0);
                } else {
                    twice += 1;
                }
            }
            let missing = expected.len() - got.len();
            if receiver.fate == Fate::Lives && missing > 0 {
                bail!("receiver {number} lacks {missing} of {} messages", expected.len());
            }
        }
        latencies_ms.sort_by(f64::total_cmp);
        Ok(Found { latencies_ms, twice })
    }
}

impl Found {
    fn percentile(&self, percent: f64) -> f64 {
        let last = bytes_f64(self.latencies_ms.len().saturating_sub(1) as u64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index far below 2^52"
        )]
        let index = (last * percent / 100.0).round() as usize;
        round(self.latencies_ms.get(index).copied().unwrap_or(0.0))
    }
}

/// Reads the lag of the slowest subscriber once a second.
struct Watching {
    reading: JoinSet<Result<()>>,
    max: Arc<AtomicU64>,
    address: std::net::SocketAddr,
}

impl Watching {
    fn begin(server: &Server) -> Self {
        let (mut reading, max) = (JoinSet::new(), Arc::<AtomicU64>::default());
        let (seen, address) = (Arc::clone(&max), server.address);
        reading.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                seen.fetch_max(lag(address).await?, Ordering::Relaxed);
            }
        });
        Self { reading, max, address }
    }

    /// The largest lag, and that of now, in positions.
    async fn end(mut self) -> Result<(u64, u64)> {
        if let Some(failed) = self.reading.try_join_next() {
            failed??;
        }
        self.reading.shutdown().await;
        Ok((self.max.load(Ordering::Relaxed), lag(self.address).await?))
    }
}

async fn lag(address: std::net::SocketAddr) -> Result<u64> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let line = text.lines().find_map(|line| line.strip_prefix("dossier_subscriber_lag "));
    Ok(line.context("no such metric")?.trim().parse()?)
}
