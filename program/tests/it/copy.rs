//! A log that moves from a file to another store.

use std::path::Path;
use std::process::Command;

use cluster::Postgres;
use events::contract_suite::SENTENCES;
use events::{EventStore, Expected, NewEvent, StreamName};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Office, at, postgres, printed, submitted};

/// The log of an office in which something happened.
async fn worked() -> Office {
    let mut office = Office::open().await;
    for _ in 0..3 {
        submitted(&office.browser, &office.applicant("company-1")).await;
        office.settle().await;
    }
    office
}

async fn count(store: &EventStore) -> u64 {
    let all = events::Filter::default();
    store.read_all(events::Position::START, &all, 10_000).await.unwrap().events.len() as u64
}

#[tokio::test]
async fn a_log_is_copied_once_and_what_was_added_since_is_copied_by_the_next_copy() {
    let mut office = worked().await;
    let folder = tempfile::tempdir().unwrap();
    let to = format!("sqlite:{}", folder.path().join("copy.sqlite").display());
    let to = EventStore::open(&to).await.unwrap();
    let from = &office.engine.store;
    let first = program::copy(from, &to).await.unwrap();
    assert_eq!((first.before, first.written), (0, count(from).await));
    let again = program::copy(from, &to).await.unwrap();
    assert_eq!((again.before, again.written), (first.written, 0));
    submitted(&office.browser, &office.applicant("company-1")).await;
    office.settle().await;
    let from = &office.engine.store;
    let more = program::copy(from, &to).await.unwrap();
    assert_eq!((more.before, more.before + more.written), (first.written, count(from).await));
    assert!(more.written > 0);
    let report = program::check(&to).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(report.events, count(from).await);
}

#[tokio::test]
async fn what_was_begun_in_one_store_goes_on_on_a_server() {
    cluster::needs!(cluster::postgres());
    goes_on_in(postgres().await).await;
}

pub(crate) async fn goes_on_in(server: EventStore) {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    program::copy(&office.engine.store, &server).await.unwrap();
    let moved = Office::open_with(server, at("2026-11-20T10:00")).await;
    let mut office = moved;
    let accept = format!("{path}/acceptance");
    let accepted = office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    assert_eq!(accepted["due_at"], "2026-11-30T17:00:00Z");
    // Nobody decides: the keeper follows the log of the server, and the deadline is missed in it.
    office.wait_until("2026-12-01T00:00").await;
    let shown = office.browser.get(&format!("{path}/deadline"), &applicant).await.granted();
    assert_eq!(shown["missed"], true);
    let log = office.log().await;
    assert_eq!(log.last().map(String::as_str), Some("DeadlineMissed"), "{log:?}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_store_with_another_log_is_not_written_to() {
    let office = worked().await;
    let to = EventStore::memory();
    let stream = StreamName::new("intake-x").unwrap();
    let other = NewEvent {
        id: Uuid::from_u128(1),
        kind: "test.Other.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    to.append(&stream, Expected::NoStream, vec![other]).await.unwrap();
    let refused = program::copy(&office.engine.store, &to).await.unwrap_err().to_string();
    assert!(refused.contains("copy into an empty store"), "{refused}");
    assert_eq!(count(&to).await, 1);
}

#[test]
fn the_contract_is_tried_sentence_by_sentence_at_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let run = |url: &str| {
        let dossier = env!("CARGO_BIN_EXE_dossier");
        Command::new(dossier).args(["store-suite", url, "--log", "off"]).output().unwrap()
    };
    let said = printed(&run(&format!("sqlite:{}", folder.path().display())));
    let holds = said.lines().filter(|line| line.starts_with("holds")).count();
    assert_eq!((holds, said.lines().count()), (SENTENCES.len(), SENTENCES.len()), "{said}");
    assert!(!run("mysql://localhost").status.success());
}

#[tokio::test]
async fn an_address_of_no_engine_is_refused_with_those_there_are() {
    let refused = EventStore::open("mysql://localhost").await.unwrap_err().to_string();
    assert!(refused.contains("sqlite:PATH"), "{refused}");
}

#[test]
fn a_server_is_reached_over_tls_if_its_certificate_is_what_it_should_be() {
    cluster::needs!(cluster::tools::postgres());
    let folder = tempfile::tempdir().unwrap();
    // The server's own user must reach it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../libs/events/tests/it/tls");
    let port = cluster::free_port().unwrap();
    let mut server = Postgres::start_in(&folder.path().join("server"), port).unwrap();
    server.require_encryption(&keys.join("server.crt"), &keys.join("server.key")).unwrap();
    let tried = |query: &str| {
        let dossier = env!("CARGO_BIN_EXE_dossier");
        let url = format!("{}{query}", server.url);
        let tried = Command::new(dossier).args(["store-suite", &url]).output().unwrap();
        let said = [tried.stdout, tried.stderr].concat();
        (tried.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let by = |authority: &str| {
        format!("?sslmode=verify-full&sslrootcert={}", keys.join(authority).display())
    };
    let (kept, said) = tried(&by("authority.crt"));
    assert!(kept && said.lines().count() >= 15, "{said}");
    let (kept, said) = tried(&by("server.crt"));
    assert!(!kept && said.contains("cannot be opened"), "another authority: {said}");
    let (kept, said) = tried("");
    assert!(!kept && said.contains("no encryption"), "plain text: {said}");
}
