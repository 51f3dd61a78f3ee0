//! What a process says about itself: it is ready only if it can do its work.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dossier::contract::Role;
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::documents::{BUCKET, objects};
use crate::durability::Process;
use crate::support::{Answer, Browser, Office, at, dossier, energy_label, submitted, token};
use crate::trace::nats_server;

/// What Kubernetes gives a probe: `timeoutSeconds` in the chart.
const PROBED_WITHIN: Duration = Duration::from_secs(5);

/// Sets the clock of an office by hand, also back.
fn set_clock(office: &Office, to: Timestamp) {
    let TimeSource::Manual(clock) = &office.engine.clock else { panic!("it is the machine's") };
    clock.send_replace(to);
}

/// What the probe says once it says what is waited for; what it found before may still answer for a moment.
pub(crate) async fn probed(browser: &Browser, wanted: impl Fn(&Value) -> bool) -> Answer {
    let mut last = Value::Null;
    let asked = async {
        loop {
            let answer = browser.get("/health/ready", "").await;
            if wanted(&answer.body) {
                return answer;
            }
            last = answer.body;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), asked).await;
    answer.unwrap_or_else(|_| panic!("it never says so, but {last}"))
}

/// A figure without a label.
async fn figure(browser: &Browser, name: &str) -> i64 {
    let metrics = browser.get("/metrics", "").await.granted();
    let mut lines = metrics.as_str().unwrap().lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

#[tokio::test]
async fn a_clock_that_is_set_back_two_days_records_nothing_and_is_not_ready_until_it_is_right() {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, _) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    probed(&office.browser, |body| body["ready"] == true).await;
    let body = energy_label(&office.browser, &applicant).await;

    set_clock(&office, at("2026-11-18T09:00"));
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await;
    assert_eq!(refused.refused(), (503, "clock-wrong"));
    assert_eq!(refused.header("retry-after"), "10");
    assert!(office.browser.get(&path, &applicant).await.status.is_success(), "reads go on");
    let said = probed(&office.browser, |body| body["clock"] == false).await;
    assert_eq!((said.status.as_u16(), &said.body["ready"]), (503, &json!(false)));
    assert_eq!(figure(&office.browser, "dossier_clock_wrong_ms").await, 2 * 86_400_000);
    assert!(figure(&office.browser, "dossier_clock_refused").await > 0);

    set_clock(&office, at("2026-11-20T09:01"));
    office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    probed(&office.browser, |body| body["ready"] == true).await;
    assert_eq!(figure(&office.browser, "dossier_clock_wrong_ms").await, 0);
}

#[tokio::test]
async fn clocks_that_are_five_seconds_apart_record_side_by_side_and_within_a_stream_none_goes_back()
{
    let office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    let began = at("2026-11-20T09:00");
    set_clock(&office, began.checked_sub(SignedDuration::from_secs(5)).unwrap());
    submitted(&office.browser, &applicant).await;
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    let all = events::Filter::default();
    let page = office.engine.store.read_all(events::Position::START, &all, 10_000).await.unwrap();
    let own = page.events.iter().filter(|event| path.ends_with(event.stream.id()));
    let times: Vec<Timestamp> = own.filter_map(|event| engine::recorded_at(event)).collect();
    assert!(times.len() > 1 && times.iter().all(|time| *time >= began), "{times:?}");

    set_clock(&office, began.checked_sub(SignedDuration::from_millis(5_001)).unwrap());
    let body = energy_label(&office.browser, &applicant).await;
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!(refused.refused(), (503, "clock-wrong"));
}

/// A process in whose log three dossiers stand that its read models know, killed.
pub(crate) async fn left_behind(folder: &Path) -> String {
    let process = Process::start(folder);
    let key = DevelopmentKey::in_folder(folder).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let mut path = String::new();
    for _ in 0..3 {
        path = submitted(&process.browser, &applicant).await.0;
    }
    // The public look-up waits for the read model.
    let dossier = process.browser.get(&path, &applicant).await.granted();
    let lookup = format!("/v1/register/lookup/{}", dossier["code"].as_str().unwrap());
    let known = async { while !process.browser.get(&lookup, "").await.status.is_success() {} };
    tokio::time::timeout(Duration::from_secs(60), known).await.expect("no read model knows it");
    process.kill();
    lookup
}

/// What a start says that does not come to serving.
fn refused_start(folder: &Path) -> String {
    let output = dossier(folder, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_is_not_served_until_that_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let lookup = left_behind(folder.path()).await;
    let log = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    let lost = "DELETE FROM events WHERE position > (SELECT max(position) - 2 FROM events)";
    assert_eq!(log.execute(lost, []).unwrap(), 2);
    drop(log);
    for _ in 0..2 {
        let said = refused_start(folder.path());
        assert!(said.contains("--accept-log-loss") && said.contains("register"), "{said}");
    }
    let process = Process::start_with(folder.path(), &["--accept-log-loss"]);
    probed(&process.browser, |body| body["ready"] == true).await;
    let found = process.browser.get(&lookup, "").await;
    assert_eq!(found.refused().0, 404, "the read model was built anew");
    process.kill();
    let process = Process::start(folder.path());
    probed(&process.browser, |body| body["ready"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_gone_is_not_begun_anew_beside_what_was_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path()).await;
    for ending in ["", "-wal", "-shm"] {
        // Not each of them is there.
        let _ = std::fs::remove_file(folder.path().join(format!("log.sqlite{ending}")));
    }
    for _ in 0..2 {
        let said = refused_start(folder.path());
        assert!(said.contains("position 0") && said.contains("of another log"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_full_disk_stops_and_leaves_the_read_models_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path()).await;
    let views = || {
        let files = std::fs::read_dir(folder.path().join("views")).unwrap();
        let files = files.map(|file| file.unwrap());
        let mut sizes: Vec<_> = files
            .filter(|file| file.path().extension().is_some_and(|ending| ending == "sqlite"))
            .map(|file| (file.file_name(), file.metadata().unwrap().len()))
            .collect();
        sizes.sort();
        sizes
    };
    let before = views();
    assert!(!before.is_empty());
    // A file that may not grow is what a full disk is to whoever writes.
    let full = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\" 2>/dev/null"])
        .arg(env!("CARGO_BIN_EXE_dossier"))
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(!full.success());
    assert_eq!(views(), before);
    let process = Process::start(folder.path());
    probed(&process.browser, |body| body["ready"] == true).await;
    assert_eq!(figure(&process.browser, "dossier_views_rebuilt").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_can_write_nothing_is_not_ready_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let said = probed(&process.browser, |body| body["ready"] == true).await;
    assert_eq!(said.body["writable"], true);
    let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = probed(&process.browser, |body| body["writable"] == false).await;
    assert_eq!((said.status.as_u16(), &said.body["store"]), (503, &json!(true)), "reads go on");
    assert_eq!(figure(&process.browser, "dossier_store_writable").await, 0);
    other.execute_batch("ROLLBACK").unwrap();
    probed(&process.browser, |body| body["ready"] == true).await;
}

#[tokio::test]
async fn a_probe_says_how_much_room_there_is_and_who_stands() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let said = probed(&process.browser, |body| body["ready"] == true).await;
    assert_eq!(said.body["standing"], json!([]));
    assert!(said.body["disk_free_bytes"].as_u64().unwrap() > 0);
    let metrics = process.browser.get("/metrics", "").await.granted();
    let metrics = metrics.as_str().unwrap();
    for line in [
        "dossier_task_stands_s{task=\"intake keeper\"} 0",
        "dossier_follower_lag{follower=\"payment-receipts task\"}",
        "dossier_disk_free_bytes{place=",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_killed_or_frozen_is_told_to_every_probe_in_time() {
    cluster::needs!(cluster::tools::postgres());
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The server's own user must reach it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let mut server =
        cluster::Postgres::start_in(&folder.path().join("server"), cluster::free_port().unwrap())
            .unwrap();
    let process = Process::start_with(data.path(), &["--store", &server.url]);
    probed(&process.browser, |body| body["ready"] == true).await;
    server.kill().unwrap();
    assert_told(&process).await;
    server.revive().unwrap();
    probed(&process.browser, |body| body["ready"] == true).await;
    // One that hangs keeps its connections, and says nothing on them.
    server.pause().unwrap();
    assert_told(&process).await;
    server.resume().unwrap();
    probed(&process.browser, |body| body["ready"] == true).await;
}

/// Readiness and figures come although the store does not, and figures that only it knows stay and grow old.
pub(crate) async fn assert_told(process: &Process) {
    probed(&process.browser, |body| body["store"] == false).await;
    assert_answered(process, false).await;
    assert_eq!(figure(&process.browser, "dossier_store_readable").await, 0);
    assert_eq!(figure(&process.browser, "dossier_dead_letters").await, 0);
    let age = "dossier_figure_age_seconds{figure=\"dead_letters\"}";
    let older = async { while figure(&process.browser, age).await < 1 {} };
    tokio::time::timeout(Duration::from_secs(60), older).await.expect("it stays young");
}

/// Every probe is answered within what the chart gives it (`timeoutSeconds`), whoever is away.
async fn assert_answered(process: &Process, ready: bool) {
    for path in ["/health/ready", "/metrics", "/health/live"] {
        let answer = tokio::time::timeout(PROBED_WITHIN, process.browser.get(path, "")).await;
        let answer = answer.unwrap_or_else(|_| panic!("{path} waits for who is away"));
        let status = if path == "/health/ready" && !ready { 503 } else { 200 };
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_and_an_object_store_that_are_frozen_or_killed_are_warned_of_and_keep_nobody_waiting()
{
    cluster::needs!(cluster::tools::NATS_SERVER.path(), cluster::tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let (mut nats, mut objects) = tokio::task::block_in_place(|| {
        let nats = cluster::Nats::start(&nats_server(), &folder.path().join("nats"), 1).unwrap();
        (nats, objects(folder.path()))
    });
    let environment = objects.environment().unwrap();
    let arguments = ["--nats", &nats.urls(), "--documents", BUCKET];
    let data = folder.path().join("data");
    let process = Process::start_in(&data, &arguments, &environment);
    // The object store makes the bucket when something is put into it.
    let key = DevelopmentKey::in_folder(&data).unwrap();
    submitted(&process.browser, &token(&key, Role::Applicant, "company-1", "")).await;
    let well = |body: &Value| body["bus"] == true && body["documents"] == true;
    let away = |body: &Value| body["bus"] == false && body["documents"] == false;
    probed(&process.browser, |body| well(body) && body["ready"] == true).await;
    // Frozen, they keep their connections and say nothing on them.
    nats.signal("STOP").unwrap();
    objects.signal("STOP").unwrap();
    assert_warned(&process, away).await;
    nats.signal("CONT").unwrap();
    objects.signal("CONT").unwrap();
    probed(&process.browser, well).await;
    nats.kill(0);
    objects.kill();
    assert_warned(&process, away).await;
    tokio::task::block_in_place(|| {
        nats.revive(0).unwrap();
        objects.revive().unwrap();
    });
    probed(&process.browser, well).await;
    assert_eq!(figure(&process.browser, "dossier_bus_connected").await, 1);
}

/// The process goes on without them: it is ready, and warns.
async fn assert_warned(process: &Process, away: impl Fn(&Value) -> bool) {
    let told = probed(&process.browser, away).await.body;
    assert_eq!((&told["ready"], &told["warning"]), (&json!(true), &json!(true)), "{told}");
    assert_answered(process, true).await;
    for name in ["dossier_bus_connected", "dossier_documents_reachable"] {
        assert_eq!(figure(&process.browser, name).await, 0, "{name}");
    }
    assert_eq!(figure(&process.browser, "dossier_store_readable").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_dossiers_show_in_the_figures_by_what_they_wait_for() {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    submitted(&office.browser, &applicant).await;
    office
        .browser
        .post(&format!("{path}/acceptance"), &office.clerk(), &etag, json!({}))
        .await
        .granted();
    office.settle().await;
    let waiting = |whom: &str| format!("dossier_dossiers_waiting{{waits_for=\"{whom}\"}}");
    for (whom, dossiers) in [("acceptance", 1), ("officer", 1), ("decision", 0), ("fee", 0)] {
        assert_eq!(figure(&office.browser, &waiting(whom)).await, dossiers, "{whom}");
    }
    assert_eq!(figure(&office.browser, "dossier_dossiers_late").await, 0);
    office.wait_until("2026-12-01T09:00").await;
    let late = async { while figure(&office.browser, "dossier_dossiers_late").await < 1 {} };
    tokio::time::timeout(Duration::from_secs(60), late).await.expect("nothing is late");
    assert_eq!(figure(&office.browser, "dossier_dossiers_missed").await, 1);
    let kept = "dossier_notices_kept{service=\"result-delivery\"}";
    assert_eq!(figure(&office.browser, kept).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_has_an_address_of_their_own_and_the_figures_are_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let probes = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let process = Process::start_with(folder.path(), &["--probes", &probes.to_string()]);
    let watcher = Browser::new(probes);
    probed(&watcher, |body| body["ready"] == true).await;
    let status = async |browser: &Browser, path: &str| browser.get(path, "").await.status.as_u16();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(status(&watcher, path).await, 200, "{path}");
        assert_eq!(status(&process.browser, path).await, 200, "{path}");
    }
    assert_eq!(status(&process.browser, "/metrics").await, 404);
    // Nothing else is there, whoever asks.
    for path in ["/v1/register/statistics", "/v1/register/lookup/x", "/openapi.json", "/docs", "/"]
    {
        assert_eq!(status(&watcher, path).await, 404, "{path}");
    }
    // Whoever watches uses up nothing of what others have.
    let mut idle = Vec::new();
    for _ in 0..20 {
        let connection = tokio::net::TcpStream::connect(probes).await.unwrap();
        idle.push(connection);
    }
    let open = figure(&watcher, "dossier_connections_open").await;
    assert!((1..20).contains(&open), "{open}");
}
