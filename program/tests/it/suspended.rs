//! A process that was stopped for a while, as with its machine: what fell due meanwhile is enforced when it goes on.

use std::time::Duration;

use events::{EventStore, Filter, Position, SqliteOptions};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use serde_json::json;
use tokio::time::timeout;

use crate::durability::Process;
use crate::life::{submitted, take};
use crate::support::{DIGEST_KEY, Office};

/// A task looks again at least once a minute, however long it wanted to sleep.
const LIMIT: Duration = Duration::from_secs(90);

/// The kinds of events at the end of a log, beside whoever writes it.
async fn kinds(log: &std::path::Path) -> Vec<String> {
    let store = EventStore::sqlite_read_only(log).unwrap();
    let filter = Filter { kinds: vec!["payment.".into()] };
    let page = store.read_all(Position::START, &filter, 10_000).await.unwrap();
    page.events.iter().map(|event| event.kind.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_falls_due_while_a_process_stands_still_is_enforced_when_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    // A payment whose provider is asked half an hour after it began: a few seconds from now.
    let due = TimeSource::System.now().checked_add(SignedDuration::from_secs(12)).unwrap();
    let began = due.checked_sub(SignedDuration::from_mins(30)).unwrap();
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(store, began).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (payments, applicant) = (certificate.at("payments"), certificate.applicant.clone());
    let provider = json!({ "provider": "sandbox" });
    take(&mut office, &payments, "attempts", &applicant, provider).await.granted();
    office.stop().await;
    drop(office);
    std::fs::write(folder.path().join("digest-key"), DIGEST_KEY).unwrap();

    let process = Process::start(folder.path());
    process.signal("STOP");
    let until_due = async {
        while TimeSource::System.now() <= due {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, until_due).await.unwrap();
    process.signal("CONT");
    let asked = async {
        while !kinds(&log).await.iter().any(|kind| kind == "payment.PaymentOutcomeUnknown.v1") {}
    };
    timeout(LIMIT, asked).await.expect("the keeper does not go on");
    let now: Timestamp = TimeSource::System.now();
    assert!(now > due);
    process.browser.get("/health/live", "").await.granted();
}
