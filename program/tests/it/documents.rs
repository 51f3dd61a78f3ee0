//! Documents in an object store, by real processes on a real one; and more of them at once than there is room for.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cluster::{Objects, tools};
use documents::limits::{UPLOADS_MAX, UPLOADS_OF_ONE_MAX};
use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use web::auth::DevelopmentKey;

use crate::connections::connect;
use crate::durability::Process;
use crate::health::probed;
use crate::support::{Answer, Browser, Office, energy_label, postgres_url, submitted, token};

const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const BUCKET: &str = "s3://tests/documents";

pub(crate) fn objects(folder: &Path) -> Objects {
    let program = tools::SEAWEEDFS.path().unwrap();
    Objects::start(&program, &folder.join("objects")).unwrap()
}

async fn upload(process: &Process, token: &str, key: &str, body: Vec<u8>) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/pdf"),
        ("idempotency-key", key),
        ("accept-language", "en"),
    ];
    process.browser.send(Method::POST, "/v1/documents", &headers, body).await.unwrap()
}

/// So many bytes of a PDF, in which no part is like another.
fn pdf(bytes: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    for line in 0_u64.. {
        if content.len() >= bytes {
            break;
        }
        content.extend_from_slice(format!("line {line}\n").as_bytes());
    }
    content.truncate(bytes);
    content
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_in_an_object_store_is_there_for_every_process_however_large() {
    cluster::needs!(cluster::postgres(), tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let objects = tokio::task::block_in_place(|| objects(folder.path()));
    let (data, url, environment) =
        (folder.path().join("data"), postgres_url(), objects.environment().unwrap());
    let start = |services: &str, views: &str| {
        let views = folder.path().join(views).display().to_string();
        let arguments = ["--store", &url, "--documents", BUCKET];
        let own = ["--services", services, "--views", &views];
        Process::start_in(&data, &[&arguments[..], &own[..]].concat(), &environment)
    };
    let (one, other) = (start("intake", "one"), start("intake", "other"));
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "a1", "");
    // Larger than one part, and not a multiple of one.
    let large = pdf(20 * 1024 * 1024 + 7);
    let name = upload(&one, &applicant, "large", large.clone()).await.granted();
    let name = name["document"].as_str().unwrap().to_owned();
    let again = upload(&one, &applicant, "large", large.clone()).await.granted();
    assert_eq!(again["document"], *name, "the same content under the same key is the same");
    let mut body = energy_label(&one.browser, &applicant).await;
    body["documents"][0]["document"] = json!(name);
    let dossier = one.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    let id = dossier["id"].as_str().unwrap();
    let path = format!("/v1/dossiers/{id}/documents/{name}");
    let content = one.browser.get(&path, &applicant).await;
    assert_eq!(content.header("content-length"), large.len().to_string());
    assert!(content.granted().as_str().unwrap().as_bytes() == large, "byte for byte");
    // Nothing of an upload stays on this machine.
    let left = std::fs::read_dir(data.join("uploads")).unwrap().count();
    assert_eq!(left, 0, "unfinished uploads");
    assert!(!data.join("documents").exists());
    // The other process finds what it did not store.
    let known = energy_label(&one.browser, &applicant).await;
    let mut unknown = known.clone();
    unknown["documents"][0]["document"] = json!("A".repeat(22));
    let submit = async |key: &str, body: Value| {
        other.browser.post_with("/v1/dossiers", &applicant, key, "", body).await
    };
    let unknown = submit("unknown", unknown).await;
    assert_eq!(unknown.problem(), "unknown-document", "{}", unknown.body);
    submit("known", known).await.granted();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_object_store_is_away_documents_wait_and_everything_else_goes_on() {
    cluster::needs!(tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let mut objects = tokio::task::block_in_place(|| objects(folder.path()));
    let (data, environment) = (folder.path().join("data"), objects.environment().unwrap());
    let start = || Process::start_in(&data, &["--documents", BUCKET], &environment);
    let process = start();
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "a1", "");
    let (address, _) = submitted(&process.browser, &applicant).await;
    let body = energy_label(&process.browser, &applicant).await;
    let dossier = process.browser.get(&address, &applicant).await.granted();
    let name = dossier["documents"][0]["document"].as_str().unwrap();
    let path = format!("{address}/documents/{name}");
    drop(process);
    objects.kill();
    // It starts all the same, and remembers nothing of what it found before.
    let process = start();
    let ready = probed(&process.browser, |body| body["ready"] == true).await.body;
    assert_eq!((&ready["documents"], &ready["warning"]), (&json!(false), &json!(true)));
    assert_eq!(process.browser.get(&path, &applicant).await.refused(), (503, "unavailable"));
    let refused = upload(&process, &applicant, "k", pdf(1_000)).await;
    assert_eq!(refused.refused(), (503, "unavailable"));
    assert_eq!(refused.header("retry-after"), "1");
    // Not "there is no such document", which would be final.
    let refused = process.browser.post("/v1/dossiers", &applicant, "", body.clone()).await;
    assert_eq!(refused.refused(), (503, "unavailable"));
    assert_eq!(process.browser.get(&address, &applicant).await.granted()["id"], dossier["id"]);
    tokio::task::block_in_place(|| objects.revive()).unwrap();
    upload(&process, &applicant, "k", pdf(1_000)).await.granted();
    process.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    let content = process.browser.get(&path, &applicant).await.granted();
    assert_eq!(content, "%PDF-1.7 declaration");
    probed(&process.browser, |body| body["documents"] == true).await;
}

/// What `dossier check` prints about documents in a bucket.
fn check(data: &Path, environment: &[(&'static str, String)]) -> (bool, String) {
    let checked = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["check", "--documents", BUCKET, "--data"])
        .arg(data)
        .envs(environment.iter().cloned())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    (checked.status.success(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_compares_documents_in_an_object_store_with_what_was_recorded_of_them() {
    cluster::needs!(tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let objects = tokio::task::block_in_place(|| objects(folder.path()));
    let (data, environment) = (folder.path().join("data"), objects.environment().unwrap());
    let process = Process::start_in(&data, &["--documents", BUCKET], &environment);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "a1", "");
    let (address, _) = submitted(&process.browser, &applicant).await;
    let dossier = process.browser.get(&address, &applicant).await.granted();
    let named = |place: usize| dossier["documents"][place]["document"].as_str().unwrap().to_owned();
    let (changed, gone) = (named(0), named(1));
    // Beside the process that serves.
    let (fine, said) = check(&data, &environment);
    assert!(fine && said.contains("2 documents compared, 0 findings"), "{said}");
    drop(process);
    let filer = Browser::new(objects.filer().unwrap());
    let at = |name: &str| format!("/buckets/tests/documents/{name}.pdf");
    let other = b"%PDF-1.7 somebody else's".to_vec();
    let put = filer.send(Method::PUT, &at(&changed), &[], other).await.unwrap();
    assert!(put.status.is_success(), "{}", put.status);
    let removed = filer.send(Method::DELETE, &at(&gone), &[], Vec::new()).await.unwrap();
    assert!(removed.status.is_success(), "{}", removed.status);
    let (fine, said) = check(&data, &environment);
    assert!(!fine && said.contains("2 findings"), "{said}");
    for (kind, name) in [("document-changed", changed), ("document-missing", gone)] {
        let told = said.lines().any(|line| line.contains(kind) && line.contains(&name));
        assert!(told, "{kind} {name} in {said}");
    }
}

/// The virtual time of a directory, which its processes follow.
fn set_time(data: &Path, time: &str) {
    let new = data.join("time.new");
    std::fs::write(&new, time).unwrap();
    std::fs::rename(new, data.join("virtual-time-ended-at")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orphan_in_an_object_store_goes_and_its_name_is_free_again() {
    cluster::needs!(tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let objects = tokio::task::block_in_place(|| objects(folder.path()));
    let (data, environment) = (folder.path().join("data"), objects.environment().unwrap());
    std::fs::create_dir(&data).unwrap();
    // A process looks through all documents when it starts.
    let start = |time: &str| {
        set_time(&data, time);
        Process::start_in(&data, &["--documents", BUCKET], &environment)
    };
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "a1", "");
    let name = async |process: &Process| {
        let uploaded = upload(process, &applicant, "k", pdf(1_000)).await.granted();
        uploaded["document"].as_str().unwrap().to_owned()
    };
    let process = start("2026-11-20T02:00:00Z");
    let orphan = name(&process).await;
    let (address, _) = submitted(&process.browser, &applicant).await;
    assert_eq!(name(&process).await, orphan);
    drop(process);
    // A submission that is incomplete anyway says whether the document may be named, and names nothing.
    let process = start("2026-11-21T02:00:00Z");
    let mut body = energy_label(&process.browser, &applicant).await;
    body["documents"] =
        json!([{ "component": "declaration", "document": orphan, "file_name": "a.pdf" }]);
    let problem = async || {
        let incomplete = body.clone();
        let key = "incomplete";
        let post = process.browser.post_with("/v1/dossiers", &applicant, key, "", incomplete);
        post.await.problem().to_owned()
    };
    // Whoever submitted again and again meanwhile would use up a quota.
    let filer = Browser::new(objects.filer().unwrap());
    let mark = format!("/buckets/tests/documents/{orphan}.gone");
    let marked = async {
        loop {
            let answer = filer.send(Method::GET, &mark, &[], Vec::new()).await;
            if answer.is_ok_and(|answer| answer.status.is_success()) {
                return;
            }
        }
    };
    timeout(LIMIT, marked).await.expect("it is not marked");
    assert_eq!(problem().await, "unknown-document");
    // Whoever uploads the same meanwhile has another name for it. Then it is gone, and at last so is its mark.
    assert_ne!(name(&process).await, orphan);
    drop(process);
    let mut free = false;
    for time in ["2026-11-21T03:00:00Z", "2026-11-21T10:00:00Z"] {
        let process = start(time);
        let gone = async { while name(&process).await != orphan {} };
        free = timeout(Duration::from_secs(5), gone).await.is_ok();
        let dossier = process.browser.get(&address, &applicant).await.granted();
        let named = dossier["documents"][0]["document"].as_str().unwrap();
        process.browser.get(&format!("{address}/documents/{named}"), &applicant).await.granted();
    }
    assert!(free, "its name was never free again");
}

#[test]
fn a_place_for_documents_that_cannot_be_is_refused_with_those_that_can() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["serve", "--documents", "ftp://somewhere", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("s3://bucket/prefix"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_upload_more_than_there_is_room_for_is_told_to_come_back() {
    let office = Office::open().await;
    let applicant = office.applicant("company-1");
    // Whoever is slow keeps a place: these have begun and say nothing more.
    let mut slow = Vec::new();
    for n in 0..UPLOADS_MAX {
        let address = n / UPLOADS_OF_ONE_MAX + 2;
        let mut stream = connect(&format!("127.0.0.{address}"), office.browser.address).await;
        let applicant = office.applicant(&format!("slow-{n}"));
        let begun = format!(
            "POST /v1/documents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {applicant}\r\nidempotency-key: slow-{n}\r\n\
             content-type: application/pdf\r\ncontent-length: 1000\r\n\r\n%PDF-1.7 "
        );
        stream.write_all(begun.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let upload = async |key: &str| {
        let authorization = format!("Bearer {applicant}");
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/pdf"),
            ("idempotency-key", key),
        ];
        let pdf = b"%PDF-1.7 quick".to_vec();
        office.browser.send(Method::POST, "/v1/documents", &headers, pdf).await.unwrap()
    };
    let refused = async {
        loop {
            let answer = upload("quick").await;
            if answer.status != 201 {
                return answer;
            }
        }
    };
    let refused =
        timeout(LIMIT, refused).await.expect("there is room for more than there should be");
    assert_eq!(refused.refused(), (503, "busy"));
    assert_eq!(refused.header("retry-after"), "1");
    // Those who go away make room.
    drop(slow);
    let taken = async { while upload("quick").await.status == 503 {} };
    timeout(LIMIT, taken).await.expect("no room was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_has_a_few_uploads_at_the_same_time_and_leaves_room_for_the_others() {
    let office = Office::open().await;
    let (greedy, other) = (office.applicant("greedy"), office.applicant("other"));
    let mut slow = Vec::new();
    // From several addresses: it is the person who counts.
    for n in 0..UPLOADS_MAX {
        let address = n / UPLOADS_OF_ONE_MAX + 2;
        let mut stream = connect(&format!("127.0.0.{address}"), office.browser.address).await;
        let begun = format!(
            "POST /v1/documents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {greedy}\r\nidempotency-key: slow-{n}\r\n\
             content-type: application/pdf\r\ncontent-length: 1000\r\n\r\n%PDF-1.7 "
        );
        stream.write_all(begun.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let upload = async |token: &str| {
        let pdf = b"%PDF-1.7 quick".to_vec();
        let headers = [("content-type", "application/pdf")];
        office.browser.upload_as(token, "quick", &headers, pdf).await
    };
    let refused = async {
        loop {
            let answer = upload(&greedy).await;
            if answer.status != 201 {
                return answer;
            }
        }
    };
    let refused = timeout(LIMIT, refused).await.expect("one person may have all of the room");
    assert_eq!(refused.refused(), (429, "too-many-at-once"));
    assert_eq!(refused.header("retry-after"), "1");
    upload(&other).await.granted();
}
