//! Registers of the numbers of results where processes take numbers at once and are killed in between: no double, and no hole that
//! nobody can explain.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dossier::contract::Role;
use dossier::services::ServiceName;
use events::{EventStore, Recorded, StreamName};
use http::Method;
use jiff::Timestamp;
use program::DataDirectory;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::life::{Certificate, declaration};
use crate::numbers::decided;
use crate::support::{Answer, Browser, DIGEST_KEY, Office, all_but, at, postgres_url, token};

const NUMBERS: &str = "/v1/result-numbers?agency=G02.001&book=KQ.G02.000101&year=2026";
const ANSWERS: &str = "/v1/result-numbers?agency=G02.002&book=KQ.G02.000201&year=2026";
/// Kills of the process that answers, at any moment.
const KILLS: usize = 6;

/// A list by which the answer to a declaration issues itself.
const CHEMICALS: &str = "{ id: chemicals, version: 3, legal_basis: a test, format: cas, closed: false, entries: [\
    { code: 1310-73-2, name: { vi: NaOH, en: NaOH }, effective: { from: 2026-01-01 }, class: conditional }] }";

/// A folder for processes that live at `now`.
fn living_at(now: Timestamp) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    DataDirectory::open(folder.path()).unwrap().end_virtual_time(now).unwrap();
    std::fs::write(folder.path().join("digest-key"), DIGEST_KEY).unwrap();
    folder
}

/// What comes of looking again and again, within a minute.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), found).await.unwrap_or_else(|_| panic!("{what}"))
}

/// Issues the result of a certificate, once the process knows of it; nothing if the process is gone meanwhile.
async fn issue(
    browser: &Browser,
    certificate: &Certificate,
    (head, key): (&str, &str),
) -> Option<Answer> {
    let delivery = certificate.at("deliveries");
    let authorization = format!("Bearer {head}");
    let headers = [("authorization", &*authorization), ("accept-language", "en")];
    let shown = async {
        loop {
            let shown = browser.send(Method::GET, &delivery, &headers, Vec::new()).await.ok()?;
            if shown.status.is_success() {
                return Some(shown.etag());
            }
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(60), shown).await;
    let etag = shown.expect("the result is never prepared")?;
    let path = format!("{delivery}/result");
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    headers.push(("idempotency-key", key));
    headers.push(("if-match", &etag));
    browser.send(Method::POST, &path, &headers, b"{}".to_vec()).await.ok()
}

/// The register as it is shown: number, place, and what became of it.
async fn register(browser: &Browser, key: &DevelopmentKey, which: &str) -> Vec<(u64, String)> {
    let auditor = token(key, Role::Auditor, "auditor-1", "G02");
    let listed = browser.get(which, &auditor).await.granted();
    let entry = |row: &Value| {
        (row["sequence"].as_u64().unwrap(), row["status"].as_str().unwrap().to_owned())
    };
    listed.as_array().unwrap().iter().map(entry).collect()
}

fn used(count: u64) -> Vec<(u64, String)> {
    (1..=count).map(|sequence| (sequence, "used".to_owned())).collect()
}

/// Certificates whose results are to be issued, in a log on PostgreSQL.
async fn waiting(url: &str, subjects: &[&str]) -> (Office, Vec<Certificate>) {
    let store = EventStore::open(url).await.unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let mut certificates = Vec::new();
    for subject in subjects {
        certificates.push(decided(&mut office, subject).await);
    }
    (office, certificates)
}

async fn stream(store: &EventStore, name: &str) -> Vec<Recorded> {
    store.read_whole(&StreamName::new(name).unwrap()).await.unwrap()
}

/// Keeps everybody else from beginning or going on with a stream, until it is let go.
struct Held {
    client: tokio_postgres::Client,
    pid: i32,
    _connection: JoinSet<()>,
}

impl Held {
    async fn hold(url: &str, stream: &str, next: i64) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let mut of_it = JoinSet::new();
        of_it.spawn(async move { connection.await.unwrap() });
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        client.batch_execute("BEGIN").await.unwrap();
        let begin = "INSERT INTO log_streams (name) VALUES ($1) ON CONFLICT DO NOTHING";
        client.execute(begin, &[&stream]).await.unwrap();
        let taken = "INSERT INTO log_events (position, stream, version, id, kind, data, meta)
          SELECT -1, no, $2, gen_random_uuid(), 'held', '{}', '{}' FROM log_streams WHERE name = $1";
        client.execute(taken, &[&stream, &next]).await.unwrap();
        Self { client, pid, _connection: of_it }
    }

    /// Ends whoever waits for it, on the server too, and lets it go.
    async fn let_go(self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))";
        self.look_anew().await;
        self.client.query(end, &[&self.pid]).await.unwrap();
        until("whoever waited goes on waiting", async || (self.waiting().await == 0).then_some(()))
            .await;
        self.client.batch_execute("ROLLBACK").await.unwrap();
    }

    /// Waits until somebody waits for it.
    async fn is_waited_for(&self) {
        until("nobody comes to it", async || (self.waiting().await > 0).then_some(())).await;
    }

    /// Within a transaction the server shows who does what as it was when that was first asked.
    async fn look_anew(&self) {
        self.client.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
    }

    async fn waiting(&self) -> i64 {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))";
        self.look_anew().await;
        self.client.query_one(waits, &[&self.pid]).await.unwrap().get(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_take_numbers_at_once_take_none_twice_and_leave_no_hole() {
    cluster::needs!(cluster::postgres());
    let url = postgres_url();
    let (office, certificates) = waiting(&url, &["a1", "a2", "a3", "a4", "a5", "a6"]).await;
    let (one, two) = (living_at(office.engine.clock.now()), living_at(office.engine.clock.now()));
    let key = DevelopmentKey::in_folder(one.path()).unwrap();
    let store = ["--store", &url, "--services", "result-delivery"];
    let first = Process::start_with(one.path(), &store);
    let secret = "development-signing-key";
    std::fs::copy(one.path().join(secret), two.path().join(secret)).unwrap();
    let second = Process::start_with(two.path(), &store);
    let head = token(&key, Role::Approver, "head-1", "G02");
    let mut sent = JoinSet::new();
    // Each is issued by both at the same moment: one of them is refused.
    for certificate in certificates {
        let certificate = Arc::new(certificate);
        for (key, process) in [("first", &first), ("second", &second)] {
            let (browser, head) = (process.browser.clone(), head.clone());
            let certificate = Arc::clone(&certificate);
            sent.spawn(async move {
                let answer = issue(&browser, &certificate, (&head, key)).await.unwrap();
                assert!(answer.status.is_success() || answer.status == 409 || answer.status == 412);
                answer.body["number"].as_str().map(str::to_owned)
            });
        }
    }
    let mut numbers: Vec<String> = sent.join_all().await.into_iter().flatten().collect();
    numbers.sort();
    let written = |sequence| format!("{sequence}/2026/G02.001-KQ.G02.000101");
    assert_eq!(numbers, (1..=6).map(written).collect::<Vec<_>>());
    for process in [&first, &second] {
        assert_eq!(register(&process.browser, &key, NUMBERS).await, used(6));
    }
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_between_the_number_and_the_result_leaves_the_number_to_its_dossier()
 {
    cluster::needs!(cluster::postgres());
    let url = postgres_url();
    let (office, certificates) = waiting(&url, &["a1", "a2"]).await;
    let [one, two] = &certificates[..] else { panic!("two") };
    let folder = living_at(office.engine.clock.now());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let head = token(&key, Role::Approver, "head-1", "G02");
    let arguments = ["--store", &url, "--services", "result-delivery"];
    let process = Process::start_with(folder.path(), &arguments);
    let name = format!("delivery-{}", one.id);
    let next = i64::try_from(stream(&office.engine.store, &name).await.len()).unwrap() + 1;
    let held = Held::hold(&url, &name, next).await;
    let (browser, as_head, of) = (
        process.browser.clone(),
        head.clone(),
        Certificate { id: one.id.clone(), applicant: String::new() },
    );
    let mut asked = JoinSet::new();
    asked.spawn(async move { issue(&browser, &of, (&as_head, "killed")).await.is_some() });
    held.is_waited_for().await;
    let numbers = "numbers-G02.001_KQ.G02.000101_2026";
    assert_eq!(stream(&office.engine.store, numbers).await.len(), 1, "the number is taken");
    process.kill();
    held.let_go().await;
    assert_eq!(asked.join_all().await, [false], "it was answered");

    let process = Process::start_with(folder.path(), &arguments);
    assert_eq!(register(&process.browser, &key, NUMBERS).await, [(1, "waits".to_owned())]);
    let issued = issue(&process.browser, two, (&head, "after")).await.unwrap().granted();
    assert_eq!(issued["number"], "2/2026/G02.001-KQ.G02.000101");
    let issued = issue(&process.browser, one, (&head, "after")).await.unwrap().granted();
    assert_eq!(issued["number"], "1/2026/G02.001-KQ.G02.000101");
    assert_eq!(register(&process.browser, &key, NUMBERS).await, used(2));
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

/// How often the result of a dossier was issued, and under which numbers.
async fn issued(store: &EventStore, dossier: &str) -> Vec<String> {
    let events = stream(store, &format!("delivery-{dossier}")).await;
    let issued = events.iter().filter(|event| &*event.kind == "delivery.ResultIssued.v1");
    let number = |event: &Recorded| {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        data["number"].as_str().unwrap().to_owned()
    };
    issued.map(number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_issues_itself_is_issued_once_whatever_is_killed_before_it() {
    cluster::needs!(cluster::postgres());
    let url = postgres_url();
    let store = EventStore::open(&url).await.unwrap();
    let office = Office::open_with(store, at("2026-12-02T09:00")).await;
    crate::law::issue(&office, "codes", CHEMICALS).await.granted();
    let folder = living_at(at("2026-12-02T09:00"));
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let applicant = token(&key, Role::Applicant, "a1", "");
    let start = |services: &str| {
        Process::start_with(folder.path(), &["--store", &url, "--services", services])
    };
    // Killed between the submission and all that follows from it.
    let front = start("intake");
    let body = declaration(&front.browser, &applicant, "1310-73-2", "conditional").await;
    let submitted = front.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    front.kill();
    let id = submitted["id"].as_str().unwrap();
    assert_eq!(issued(&office.engine.store, id).await, [""; 0]);

    // Killed between the number and the answer.
    let held = Held::hold(&url, &format!("delivery-{id}"), 1).await;
    let process = start(&all_but(&[ServiceName::Feedback, ServiceName::Register]));
    held.is_waited_for().await;
    let numbers = "numbers-G02.002_KQ.G02.000201_2026";
    assert_eq!(stream(&office.engine.store, numbers).await.len(), 1, "the number is taken");
    process.kill();
    held.let_go().await;
    assert_eq!(issued(&office.engine.store, id).await, [""; 0]);

    let process = start(&all_but(&[ServiceName::Feedback, ServiceName::Register]));
    let number = until("it is never issued", async || {
        let answer = process.browser.get(&format!("/v1/deliveries/{id}"), &applicant).await;
        answer.body["number"].as_str().map(str::to_owned)
    });
    let number = number.await;
    assert_eq!(number, "1/2026/G02.002-KQ.G02.000201");
    assert_eq!(issued(&office.engine.store, id).await, [number]);
    assert_eq!(register(&process.browser, &key, ANSWERS).await, used(1));
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_declaration_is_answered_once_by_a_process_that_is_killed_at_any_moment()
{
    let folder = living_at(at("2026-12-02T09:00"));
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let process = Process::start(folder.path());
    let operator = token(&key, Role::Operator, "operator-1", "G02");
    let rules = json!({ "kind": "codes", "text": CHEMICALS });
    process.browser.post("/v1/rules", &operator, "", rules).await.granted();
    drop(process);
    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    for round in 0..KILLS {
        let process = Process::start(folder.path());
        let before = acknowledged.lock().await.len();
        let mut clients = JoinSet::new();
        for client in 0..3 {
            let (browser, acknowledged) = (process.browser.clone(), Arc::clone(&acknowledged));
            let applicant = token(&key, Role::Applicant, &format!("a{client}-{round}"), "");
            let body = declaration(&browser, &applicant, "1310-73-2", "conditional").await;
            clients.spawn(async move {
                let authorization = format!("Bearer {applicant}");
                for n in 0..10 {
                    let key = format!("{round}-{client}-{n}");
                    let headers = [
                        ("authorization", &*authorization),
                        ("content-type", "application/json"),
                        ("idempotency-key", &key),
                    ];
                    let body = body.to_string().into_bytes();
                    let sent = browser.send(Method::POST, "/v1/dossiers", &headers, body).await;
                    let Ok(answer) = sent else { return };
                    let id = answer.granted()["id"].as_str().unwrap().to_owned();
                    acknowledged.lock().await.push(id);
                }
            });
        }
        until("nothing is acknowledged", async || {
            (acknowledged.lock().await.len() > before + round).then_some(())
        })
        .await;
        process.kill();
        clients.join_all().await;
    }
    let process = Process::start(folder.path());
    let auditor = token(&key, Role::Auditor, "auditor-1", "G02");
    let acknowledged = acknowledged.lock().await.clone();
    let mut numbers = Vec::new();
    for id in &acknowledged {
        let number = until("it is never issued", async || {
            let answer = process.browser.get(&format!("/v1/deliveries/{id}"), &auditor).await;
            answer.body["number"].as_str().map(str::to_owned)
        });
        numbers.push(number.await);
    }
    let all = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "a number stands twice");
    let entries = until("a number waits for ever", async || {
        let entries = register(&process.browser, &key, ANSWERS).await;
        entries.iter().all(|(_, status)| status == "used").then_some(entries)
    });
    // What was recorded and not acknowledged is answered as well.
    let entries = entries.await;
    assert!(entries.len() >= all.min(100) && entries == used(entries.len() as u64), "{entries:?}");
    let issuing = checked(folder.path(), process);
    assert!(issuing.contains(" 0 findings"), "{issuing}");
}

/// What `dossier check` says of what a process left.
fn checked(folder: &Path, process: Process) -> String {
    process.kill();
    crate::support::printed(&crate::support::dossier(folder, &["check"]))
}
