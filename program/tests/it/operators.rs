//! What operators see of a process besides health: dead letters, which they retry, and quotas.

use dossier::contract::Role;
use dossier::services::ServiceName;
use events::{EventStore, Expected, Filter, NewEvent, Position, SqliteOptions, StreamName};
use jiff::SignedDuration;
use platform::TimeSource;
use serde_json::{Value, json};
use uuid::Uuid;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{DIGEST_KEY, Office, token};

/// A data directory in which a reaction gave up on an event that cannot be decoded.
async fn given_up(folder: &std::path::Path) {
    let log = EventStore::sqlite(&folder.join("log.sqlite"), SqliteOptions::default()).unwrap();
    let hours_ago =
        |hours| TimeSource::System.now().checked_sub(SignedDuration::from_hours(hours)).unwrap();
    let mut office = Office::open_with(log, hours_ago(30)).await;
    let (id, kind) = (Uuid::from_u128(1), "payment.FeeSettled.v1".into());
    let unreadable = NewEvent { id, kind, data: "{}".to_owned(), meta: "{}".to_owned() };
    let stream = StreamName::new("payment-unreadable").unwrap();
    office.engine.store.append(&stream, Expected::NoStream, vec![unreadable]).await.unwrap();
    office.wait_until_instant(hours_ago(4)).await;
    assert_eq!(office.dead_letters().await.len(), 1);
    office.stop().await;
    drop(office);
    std::fs::write(folder.join("digest-key"), DIGEST_KEY).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_retries_a_dead_letter_once_and_the_log_names_who_did() {
    let folder = tempfile::tempdir().unwrap();
    given_up(folder.path()).await;
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let operator = token(&key, Role::Operator, "operator-1", "");
    let process = Process::start(folder.path());
    let letters = process.browser.get("/v1/dead-letters", &operator).await.granted();
    let letter = &letters[0];
    assert_eq!(
        (&letter["service"], &letter["kind"]),
        (&json!("intake"), &json!("payment.FeeSettled.v1"))
    );
    assert!(letter["given_up_at"].is_string() && letter["reason"].is_string(), "{letter}");
    let of = async |service: ServiceName| {
        process.browser.get(&format!("/v1/dead-letters/{service}"), &operator).await
    };
    for service in ServiceName::followers() {
        let own = if service == ServiceName::Intake { json!([letter]) } else { json!([]) };
        assert_eq!(of(service).await.granted(), own, "{service}");
    }
    let without = of(ServiceName::Register).await;
    assert_eq!(without.refused(), (404, "not-found"), "it has no reactions");

    let address = format!("/v1/dead-letters/intake/{}/retry", letter["position"]);
    let clerk = token(&key, Role::Clerk, "c1", "G02");
    let retry = async |who: &str, address: &str, key: &str| {
        process.browser.post_with(address, who, key, "", json!({})).await
    };
    assert_eq!(retry(&clerk, &address, "1").await.refused(), (403, "role-forbidden"));
    let elsewhere = address.replace("intake", "payment");
    assert_eq!(retry(&operator, &elsewhere, "1").await.refused(), (404, "not-found"));
    let expected = json!({ "service": "intake", "position": letter["position"] });
    for _ in ["sent", "sent again"] {
        assert_eq!(retry(&operator, &address, "1").await.granted(), expected);
    }
    let other = retry(&operator, &address, "2").await;
    assert_eq!(other.refused(), (404, "not-found"), "it waits for no retry any more");
    assert_eq!(process.browser.get("/v1/dead-letters", &operator).await.granted(), json!([]));

    let store = EventStore::sqlite_read_only(&folder.path().join("log.sqlite")).unwrap();
    let filter = Filter { kinds: vec!["bus.EventTriedAgain.v1".into()] };
    let page = store.read_all(Position::START, &filter, 10_000).await.unwrap();
    let recorded: Vec<Value> =
        page.events.iter().map(|event| serde_json::from_str(&event.data).unwrap()).collect();
    assert_eq!(recorded, [json!({ "position": letter["position"], "by": "operator-1" })]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_reads_the_quotas_that_the_installation_has() {
    let folder = tempfile::tempdir().unwrap();
    let quotas = folder.path().join("quotas.yaml");
    std::fs::write(&quotas, "applicant: { submissions: { count: 7, seconds: 60 } }\n").unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let operator = token(&key, Role::Operator, "operator-1", "");
    let process = Process::start_with(folder.path(), &["--quotas", quotas.to_str().unwrap()]);
    let shown = process.browser.get("/v1/quotas", &operator).await.granted();
    assert_eq!(shown["applicant"]["submissions"], json!({ "count": 7, "seconds": 60 }));
    assert_eq!(shown["officer"]["in_flight"], 1_024);
    let applicant = token(&key, Role::Applicant, "a1", "");
    let refused = process.browser.get("/v1/quotas", &applicant).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
}
