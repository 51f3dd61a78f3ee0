//! The real binary, killed at any moment: every step that was acknowledged is there after the next start.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dossier::contract::Role;
use http::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use web::auth::DevelopmentKey;

use crate::support::{Browser, energy_label, token};

const KILLS: u64 = 20;

/// The binary, on any free port.
pub(crate) struct Process {
    child: Child,
    pub(crate) browser: Browser,
    /// Reads its log to the end.
    log: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Process {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        Self::start_in(data, arguments, &[])
    }

    pub(crate) fn start_in(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dossier"))
            .args(["serve", "--data"])
            .arg(data)
            .args(if arguments.contains(&"--listen") {
                &[][..]
            } else {
                &["--listen", "127.0.0.1:0"]
            })
            .args(arguments)
            .envs(environment.iter().cloned())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let address = lines.by_ref().map(Result::unwrap).find_map(|line| {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&line);
            said = line;
            parsed.ok()?["fields"]["address"].as_str()?.parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("it ended before it served: {said}"));
        // Somebody must go on reading, or the binary blocks on a full pipe.
        let log = Some(std::thread::spawn(move || lines.map_while(Result::ok).collect()));
        Self { child, browser: Browser::new(address), log }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A dossier whose submission was acknowledged, and whether its acceptance was.
#[derive(Debug, Clone)]
struct Promised {
    address: String,
    accepted: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_step_survives_being_killed_twenty_times() {
    let folder = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let (applicant, clerk) =
        (token(&key, Role::Applicant, "a1", ""), token(&key, Role::Clerk, "c1", "G02"));
    let promised: Arc<Mutex<Vec<Promised>>> = Arc::default();
    let process = Process::start(folder.path());
    let body = energy_label(&process.browser, &applicant).await;
    drop(process);
    for round in 0..KILLS {
        let process = Process::start(folder.path());
        let before = promised.lock().await.len();
        let mut clients = JoinSet::new();
        for client in 0..8_u32 {
            let (browser, promised) = (process.browser.clone(), Arc::clone(&promised));
            let (applicant, clerk, body) = (applicant.clone(), clerk.clone(), body.clone());
            clients.spawn(async move {
                for n in 0.. {
                    let key = format!("{round}-{client}-{n}");
                    if submit_and_accept(&browser, (&applicant, &clerk), &key, &body, &promised)
                        .await
                        .is_none()
                    {
                        return;
                    }
                }
            });
        }
        // Some rounds are killed in the first steps, others after dozens: wait for that many acknowledgements.
        let enough = usize::try_from(1 + round * 7 % 40).unwrap();
        let reached = async {
            while promised.lock().await.len() < before + enough {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached)
            .await
            .expect("nothing is acknowledged");
        process.kill();
        clients.join_all().await;
    }
    let process = Process::start(folder.path());
    let letters = process.browser.get("/v1/dead-letters", &clerk).await;
    assert_eq!(letters.refused(), (403, "role-forbidden"));
    let operator = token(&key, Role::Operator, "o1", "");
    let letters = process.browser.get("/v1/dead-letters", &operator).await;
    assert_eq!(letters.granted(), json!([]));
    let promised = promised.lock().await.clone();
    assert!(promised.len() >= usize::try_from(KILLS).unwrap());
    for Promised { address, accepted } in &promised {
        let dossier = process.browser.get(address, &clerk).await.granted();
        let stage = dossier["stage"].as_str().unwrap();
        assert!(!accepted || stage == "processing", "{address} was accepted and is {stage}");
    }
}

/// `None` once the process is gone.
async fn submit_and_accept(
    browser: &Browser,
    (applicant, clerk): (&str, &str),
    key: &str,
    body: &serde_json::Value,
    promised: &Mutex<Vec<Promised>>,
) -> Option<()> {
    let send = async |token: &str, path: &str, etag: &str, body: String| {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", key),
            ("if-match", etag),
        ];
        browser.send(Method::POST, path, &headers, body.into_bytes()).await.ok()
    };
    let submitted = send(applicant, "/v1/dossiers", "\"0\"", body.to_string()).await?;
    let etag = submitted.etag();
    let dossier = submitted.granted();
    let address = format!("/v1/dossiers/{}", dossier["id"].as_str()?);
    let index = {
        let mut promised = promised.lock().await;
        promised.push(Promised { address: address.clone(), accepted: false });
        promised.len() - 1
    };
    let accepted =
        send(clerk, &format!("{address}/acceptance"), &etag, json!({}).to_string()).await?;
    accepted.granted();
    promised.lock().await.get_mut(index)?.accepted = true;
    Some(())
}

#[tokio::test]
async fn a_second_process_on_the_same_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Process::start(folder.path());
    let second = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains("in use by another process"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_another_one_took_over_from_writes_nothing_more_and_no_acknowledged_step_is_lost()
 {
    let (folder, views) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let (applicant, clerk) =
        (token(&key, Role::Applicant, "a1", ""), token(&key, Role::Clerk, "c1", "G02"));
    let first = Process::start(folder.path());
    let body = energy_label(&first.browser, &applicant).await;
    let submit = async |process: &Process, n: usize| {
        let key = format!("takeover-{n}");
        process.browser.post_with("/v1/dossiers", &applicant, &key, "\"0\"", body.clone()).await
    };
    let mut acknowledged = Vec::new();
    for n in 0..5 {
        acknowledged.push(submit(&first, n).await.granted()["id"].clone());
    }
    // It stays behind empty, and somebody takes it for a leftover.
    std::fs::remove_file(folder.path().join("log.sqlite.lock")).unwrap();
    let elsewhere = views.path().to_str().unwrap();
    let second = Process::start_with(folder.path(), &["--views", elsewhere]);
    for n in 5..25 {
        let (of_first, process) = (n % 2 == 0, if n % 2 == 0 { &first } else { &second });
        let answer = submit(process, n).await;
        if answer.status.is_success() {
            acknowledged.push(answer.granted()["id"].clone());
        } else {
            assert!(of_first, "{} {}", answer.status, answer.body);
            assert_eq!(answer.refused(), (503, "unavailable"));
            assert_eq!(answer.header("retry-after"), "", "that helps nobody");
        }
    }
    assert_eq!(acknowledged.len(), 5 + 10, "the first one wrote, or the second did not");
    drop(first);
    for id in acknowledged {
        let address = format!("/v1/dossiers/{}", id.as_str().unwrap());
        second.browser.get(&address, &clerk).await.granted();
    }
}

#[tokio::test]
async fn a_process_says_how_it_is_and_ends_well_when_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(folder.path());
    let ready = async {
        loop {
            // Until its read models have come to where the log ended.
            let ready = process.browser.get("/health/ready", "").await;
            if ready.status == 200 {
                return ready.granted();
            }
        }
    };
    let ready = tokio::time::timeout(Duration::from_secs(60), ready).await.expect("never ready");
    assert_eq!((&ready["ready"], &ready["warning"]), (&json!(true), &json!(false)));
    let metrics = process.browser.get("/metrics", "").await.granted();
    let rules = dossier::law::shipped_rules().unwrap().len();
    let pinned = "dossier_store_wal_pinned 0";
    for line in ["dossier_obligations_overdue 0", pinned, &format!("dossier_log_head {rules}")] {
        assert!(metrics.as_str().unwrap().lines().any(|found| found == line), "{line}: {metrics}");
    }
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success());
}

/// Stops a process that has a request in flight, twice; its log.
async fn stopped_twice(folder: &Path) -> Vec<String> {
    let key = DevelopmentKey::in_folder(folder).unwrap();
    let mut process = Process::start(folder);
    let address = process.browser.address;
    let mut request = TcpStream::connect(address).await.unwrap();
    // Its body does not come to an end.
    let head = format!(
        "POST /v1/dossiers HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: \"a\"\r\nContent-Length: 9\r\n\r\n",
        token(&key, Role::Applicant, "a1", "")
    );
    request.write_all(head.as_bytes()).await.unwrap();
    process.signal("TERM");
    let stopping = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(20), stopping).await.expect("it goes on serving");
    process.signal("TERM");
    let log = process.log.take().unwrap();
    assert!(process.child.wait().unwrap().success());
    log.join().unwrap()
}

#[tokio::test]
async fn a_second_signal_ends_a_process_without_waiting_for_its_requests() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Vec::new();
    // A request is waited for some seconds only, so that the second signal may come too late.
    for _ in 0..5 {
        log = stopped_twice(folder.path()).await;
        if log.iter().any(|line| line.contains("a second signal")) {
            return;
        }
    }
    panic!("{log:?}");
}
