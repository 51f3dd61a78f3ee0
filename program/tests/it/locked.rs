//! A log that somebody else keeps from being written: what callers are told, and when.

use std::time::Duration;

use events::limits::LOCK_WAIT;
use events::{EventStore, SqliteOptions};
use tokio::time::{Instant, timeout};
use web::limits::REQUEST_TIMEOUT;

use crate::support::{Office, at, energy_label};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_on_a_locked_log_is_answered_within_a_limit_with_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&path, SqliteOptions::default()).unwrap();
    let office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let key = office.browser.key();
    let submit =
        || office.browser.post_with("/v1/dossiers", &applicant, &key, "\"0\"", body.clone());
    let refused = timeout(REQUEST_TIMEOUT, submit()).await.expect("the outer limit is reached");
    assert_eq!(refused.refused(), (503, "busy"));
    assert_eq!(refused.header("retry-after"), "1");
    assert!(began.elapsed() < LOCK_WAIT * 2 + Duration::from_secs(1), "{:?}", began.elapsed());
    outside.execute_batch("ROLLBACK").unwrap();
    let submitted = submit().await.granted();
    assert_eq!(submit().await.granted()["id"], submitted["id"], "one dossier");
}
