//! The real log, replayed step by step through a cluster, comes to what it comes to in one process: the same statuses, periods,
//! misses and figures, in the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use cluster::{Cluster, Process, free_port, get, wait_until};
use dossier::contract::{Envelope, Role};
use dossier::services::Category;
use events::{EventStore, Filter, Position, Recorded, SqliteOptions};
use http::StatusCode;
use jiff::Timestamp;
use program::{Answer, DataDirectory, Replay, Summary, World};
use serde_json::Value;
use uuid::Uuid;
use web::auth::DevelopmentKey;

use crate::bus::Bus;
use crate::support::{Browser, token};
use crate::{ONE_AT_A_TIME, folder, openapi, program, say};

/// Enough to have every kind of end and of deadline in it, and no more than two cores carry in minutes.
const CASES: usize = 60;

/// How often everything on the bus is said again.
const ROUNDS: u64 = 3;

/// The log, where it is; it is not part of the project.
fn log() -> Option<String> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/permit-receipts.csv");
    std::fs::read_to_string(beside).ok()
}

/// Its first cases, in a file of their own.
fn beginning(log: &str, folder: &Path) -> PathBuf {
    let mut lines = log.lines();
    let head = lines.next().unwrap();
    let column = head.split(',').position(|name| name == "case:concept:name").unwrap();
    let (mut cases, mut kept) = (Vec::new(), vec![head]);
    for line in lines {
        let case = line.split(',').nth(column).unwrap();
        if !cases.contains(&case) {
            cases.push(case);
        }
        if cases.len() > CASES {
            break;
        }
        kept.push(line);
    }
    let file = folder.join("log.csv");
    std::fs::write(&file, kept.join("\n") + "\n").unwrap();
    file
}

/// An event by its version, id, kind and data, and when it was recorded.
type Told = (u64, Uuid, String, String, Option<Timestamp>);

/// A cluster whose time is moved.
struct Town<'a> {
    cluster: &'a Cluster,
    data: DataDirectory,
    browser: Browser,
    key: DevelopmentKey,
    now: Timestamp,
    /// When something fell due or happened in the one process.
    stops: BTreeSet<Timestamp>,
    requests: u64,
}

impl Town<'_> {
    /// Moves time to `at`, and waits until everything that is due then was done.
    fn move_to(&mut self, at: Timestamp) -> Result<()> {
        self.data.end_virtual_time(at)?;
        self.now = at;
        self.quiet()
    }

    /// Waits until every replica has come to the same end of the log, with nothing left to do there: then there is nobody
    /// who could add to it.
    fn quiet(&self) -> Result<()> {
        let mut seen = String::new();
        let mut quiet = || {
            let mut heads = BTreeSet::new();
            for replica in &self.cluster.replicas {
                let answer = get(replica.address, "/metrics");
                let Some((200, figures)) = answer else { return Ok(false) };
                let busy = figures.lines().find(|line| self.is_busy(line));
                if let Some(busy) = busy {
                    seen = format!("{} {}: {busy}", replica.service, replica.number);
                    return Ok(false);
                }
                let head = figures.lines().find(|line| line.starts_with("dossier_log_head "));
                heads.insert(head.context("no head")?.to_owned());
            }
            seen = format!("{heads:?}");
            Ok(heads.len() == 1)
        };
        tokio::task::block_in_place(|| wait_until("quiet", &mut quiet)).with_context(|| seen)
    }

    /// Whether a figure says that something is left to do.
    fn is_busy(&self, line: &str) -> bool {
        let Some((name, value)) = line.rsplit_once(' ') else { return false };
        let name = name.split('{').next().unwrap_or(name);
        match name {
            "dossier_clock_ms" => value.parse() != Ok(self.now.as_millisecond()),
            "dossier_obligations_due"
            | "dossier_obligations_lag"
            | "dossier_reactions_lag"
            | "dossier_view_lag"
            | "dossier_follower_lag"
            | "dossier_relay_lag" => value != "0",
            _ => false,
        }
    }
}

impl World for Town<'_> {
    async fn wait_until(&mut self, at: Timestamp) -> Result<()> {
        let behind = (Bound::Excluded(self.now), Bound::Unbounded);
        let stops = self.stops.range(behind).take_while(|stop| **stop < at).copied();
        for stop in stops.collect::<Vec<_>>() {
            self.move_to(stop)?;
        }
        if at > self.now { self.move_to(at) } else { Ok(()) }
    }

    async fn settle(&mut self) -> Result<()> {
        self.quiet()
    }

    async fn ask(
        &mut self,
        path: &str,
        (role, name, agency): (Role, &str, &str),
        etag: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        // The keys that the one process was given: dossiers have the same ids.
        self.requests += 1;
        let (key, who) =
            (format!("office-{}", self.requests), token(&self.key, role, name, agency));
        let answer = match body {
            Some(body) => self.browser.post_with(path, &who, &key, etag, body.clone()).await,
            None => self.browser.get(path, &who).await,
        };
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            bail!("{path}: {}", answer.body);
        }
        Ok(Answer {
            request: path.to_owned(),
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
        })
    }
}

/// Every event of a log.
async fn events(store: &EventStore) -> Vec<Arc<Recorded>> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await.unwrap();
        if page.through == after {
            return events;
        }
        after = page.through;
        events.extend(page.events);
    }
}

/// Removes what depends on the process that reserved the code of a dossier: the code itself and the
/// digests of papers, whose text has the code; and how much of the log a view has read.
fn without_what_differs(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_what_differs),
        Value::Object(fields) => {
            if fields.contains_key("dossier") {
                fields.remove("code");
            }
            if fields.contains_key("template") {
                fields.remove("sha256");
            }
            // Events of processes move the position of the log too.
            if fields.remove("behind").is_some() {
                fields.retain(|name, _| !["position", "recorded_at"].contains(&name.as_str()));
            }
            fields.values_mut().for_each(without_what_differs);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The events of each stream, in a form that does not depend on the process that appended them.
/// Left out: cursors; codes, since each replica reserves numbers by the hundred, and the code in the
/// events of a dossier, with the digests of papers that name it; and reads of personal data, which each process records in a stream of its own.
fn streams(events: &[Arc<Recorded>]) -> BTreeMap<String, Vec<Told>> {
    let mut streams: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    let of_process = |event: &Recorded| {
        let category = Category::named(event.stream.category());
        matches!(category, Some(Category::Cursor | Category::Codes | Category::Reads))
    };
    for event in events.iter().filter(|event| !of_process(event)) {
        let read: Value = serde_json::from_str(&event.data).unwrap();
        if let Some(code) = read["code"].as_str().or(read["brief"]["code"].as_str()) {
            codes.insert(event.stream.id().to_owned(), code.to_owned());
        }
        let data = match codes.get(event.stream.id()) {
            Some(code) => event.data.replace(code, "CODE"),
            None => event.data.clone(),
        };
        let mut data: Value = serde_json::from_str(&data).unwrap();
        without_what_differs(&mut data);
        let data = data.to_string();
        let at = serde_json::from_str::<Envelope>(&event.meta).ok().map(|envelope| envelope.at);
        let told = (event.version.0, event.id, event.kind.to_string(), data, at);
        streams.entry(event.stream.to_string()).or_default().push(told);
    }
    streams
}

/// Everything there is to be asked of each dossier, and the figures of all of them.
async fn answers(browser: &Browser, who: &str, dossiers: &[String]) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    let each = dossiers.iter().flat_map(|id| {
        let registered = ["obligations", "timeline", "elapsed"];
        let registered = registered.map(|what| format!("/v1/register/dossiers/{id}/{what}"));
        std::iter::once(format!("/v1/dossiers/{id}")).chain(registered)
    });
    for path in each.chain(["/v1/register/statistics?agency=Z99.NL".to_owned()]) {
        let mut answer = browser.get(&path, who).await.granted();
        // Where an event stands in the whole log, and which of two services comes first in the same instant, depends on what
        // else happens there; the code on who took it.
        if let Some(entries) = answer.as_array_mut() {
            for entry in entries.iter_mut() {
                entry.as_object_mut().map(|entry| entry.remove("position"));
            }
            entries.sort_by_key(|entry| format!("{} {}", entry["at"], entry["event"]));
        }
        answer.as_object_mut().map(|answer| answer.remove("code"));
        without_what_differs(&mut answer);
        answers.push((path, answer));
    }
    answers
}

/// What the log came to in one process.
struct Alone {
    summary: Summary,
    history: Vec<Arc<Recorded>>,
}

impl Alone {
    async fn replay(file: &Path, data: &Path) -> Self {
        let summary = program::replay(file, data, false).await.unwrap();
        assert_eq!(summary.dossiers, CASES);
        assert!(summary.deadlines_missed > 0 && summary.closed > 0, "{summary}");
        let store = EventStore::sqlite(&data.join("log.sqlite"), SqliteOptions::default()).unwrap();
        Self { summary, history: events(&store).await }
    }

    /// When something happened.
    fn stops(&self) -> BTreeSet<Timestamp> {
        let read = |event: &Arc<Recorded>| serde_json::from_str::<Envelope>(&event.meta).ok();
        self.history.iter().filter_map(read).map(|envelope| envelope.at).collect()
    }

    fn dossiers(&self) -> Vec<String> {
        let submitted =
            self.history.iter().filter(|event| event.kind.starts_with("intake.DossierSubmitted"));
        submitted.map(|event| event.stream.id().to_owned()).collect()
    }
}

/// What one process answers on a data directory.
async fn answers_of_one(data: &Path, who: &str, dossiers: &[String]) -> Vec<(String, Value)> {
    let address = ([127, 0, 0, 1], free_port().unwrap()).into();
    let mut serve = Command::new(program());
    serve.args(["serve", "--listen", &format!("{address}"), "--data"]).arg(data);
    let _process = Process::start(&mut serve, &data.with_extension("log")).unwrap();
    wait_until("the one process", || {
        Ok(get(address, "/health/ready").is_some_and(|(status, _)| status == 200))
    })
    .unwrap();
    answers(&Browser::new(address), who, dossiers).await
}

fn same_in_both(one: &BTreeMap<String, Vec<Told>>, many: &BTreeMap<String, Vec<Told>>) {
    let (in_one, in_many): (BTreeSet<_>, BTreeSet<_>) =
        (one.keys().collect(), many.keys().collect());
    let differing: Vec<_> = in_one.symmetric_difference(&in_many).take(10).collect();
    assert!(differing.is_empty(), "streams that only one of the two has: {differing:?}");
    for (stream, told) in one {
        assert_eq!(many.get(stream), Some(told), "{stream}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_log_comes_to_the_same_in_a_cluster_as_in_one_process() {
    cluster::needs!(Cluster::installed());
    let Some(log) = log() else {
        say(format_args!(
            "SKIPPED: permit-receipts.csv is not here, so a cluster on the real log was NOT tested"
        ));
        return;
    };
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let (alone, data) = (folder.path().join("alone"), folder.path().join("data"));
    let file = beginning(&log, folder.path());
    let one = Alone::replay(&file, &alone).await;

    // The same keys, and time stands where the log begins.
    let replay = Replay::read(&file).unwrap();
    let town = DataDirectory::open(&data).unwrap();
    for name in ["development-signing-key", "digest-key"] {
        std::fs::copy(alone.join(name), data.join(name)).unwrap();
    }
    town.end_virtual_time(replay.start).unwrap();
    let begun = std::time::Instant::now();
    let cluster = Cluster::start(program(), &openapi(), folder.path()).unwrap();
    let mut world = Town {
        cluster: &cluster,
        key: town.key().unwrap(),
        data: town,
        browser: Browser::new(cluster.address()),
        now: replay.start,
        stops: one.stops(),
        requests: 0,
    };
    let refused = replay.play(&mut world, &indicatif::ProgressBar::hidden()).await.unwrap();
    let store = EventStore::open(&cluster.postgres.url).await.unwrap();
    let many = replay.summary(&store, refused).await.unwrap();
    assert_eq!(many.recorded_late, 0, "a deadline was recorded at another moment than its own");
    let figures = |summary: &Summary| serde_json::to_value(summary).unwrap();
    assert_eq!(figures(&many), figures(&one.summary));
    let worked = events(&store).await;
    let told = streams(&worked);
    same_in_both(&streams(&one.history), &told);
    let (count, length, took) = (told.len(), worked.len(), begun.elapsed());
    say(format_args!("{count} streams are the same, of {length} events, in {took:?}"));

    let auditor = token(&world.key, Role::Auditor, "auditor-1", "Z99");
    let dossiers = one.dossiers();
    let one = answers_of_one(&alone, &auditor, &dossiers).await;
    let many = answers(&world.browser, &auditor, &dossiers).await;
    for (one, many) in one.iter().zip(&many) {
        assert_eq!(one, many);
    }
    let figures = &one.last().unwrap().1;
    assert!(figures.to_string().contains(&CASES.to_string()), "{figures}");
    say(format_args!("{} answers are the same, of {} dossiers", one.len(), dossiers.len()));

    // Whatever the bus brings again, as often as it may be and in any order: nothing more follows from it.
    let bus = Bus::reach(&cluster).await;
    for round in 0..ROUNDS {
        let said = bus.shuffle(round).await;
        world.quiet().unwrap();
        same_in_both(&streams(&events(&store).await), &told);
        say(format_args!("{said} messages were brought again, and nothing followed"));
    }
    assert_eq!(answers(&world.browser, &auditor, &dossiers).await, many);
}
