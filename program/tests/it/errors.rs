//! Failures through HTTP and in tasks: what a retry may mend is a 503 with `Retry-After`; what no
//! retry mends is a 500 without it, and is counted for the alert `Defects`.

use events::{EventStore, Expected, Faults, NewEvent, Outage, Position, StreamName};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Office, at, faulty, submitted};

/// Appends an event of this kind, which cannot be decoded, at the end of a stream.
async fn corrupt(office: &Office, stream: &str, kind: &str) -> Position {
    let stream = StreamName::new(stream).unwrap();
    let store = &office.engine.store;
    let last = store.last(&stream).await.unwrap();
    let event = NewEvent {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{kind}").as_bytes()),
        kind: kind.into(),
        data: "{}".to_owned(),
        meta: last.as_ref().map_or_else(|| "{}".to_owned(), |last| last.meta.clone()),
    };
    let expected = Expected::from(last.map(|last| last.version));
    store.append(&stream, expected, vec![event]).await.unwrap().position
}

/// Defects that were counted, by kind of work.
fn defects(office: &Office, work: &str) -> u64 {
    let (text, name) =
        (office.engine.metrics.text(), format!("dossier_defects_total{{work=\"{work}\"}} "));
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.expect("the counter begins at 0").parse().unwrap()
}

fn outage(office: &Office, outage: Option<Outage>) {
    let EventStore::Faulty(store) = &*office.engine.store else { panic!("not faulty") };
    store.set_outage(outage);
}

/// The answer to something that no retry mends.
fn is_defect(answer: &Answer) {
    assert_eq!(answer.refused(), (500, "internal"), "{}", answer.body);
    assert_eq!(answer.header("retry-after"), "", "no retry mends it");
}

#[tokio::test]
async fn a_step_and_a_read_that_meet_a_corrupt_event_get_a_500_without_retry_after() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let (address, tag) = submitted(&office.browser, &applicant).await;
    let (other, other_tag) = submitted(&office.browser, &office.applicant("a2")).await;
    let id = address.rsplit_once('/').unwrap().1;
    corrupt(&office, &format!("intake-{id}"), "intake.DossierAccepted.v1").await;
    let head = office.engine.store.head();
    assert_eq!(defects(&office, "request"), 0);
    is_defect(&office.browser.get(&address, &applicant).await);
    let withdraw = format!("{address}/withdrawal");
    is_defect(&office.browser.post(&withdraw, &applicant, &tag, json!({})).await);
    assert_eq!(defects(&office, "request"), 2);
    assert_eq!(office.engine.store.head(), head, "nothing was recorded");
    let withdraw = format!("{other}/withdrawal");
    let applicant = office.applicant("a2");
    office.browser.post(&withdraw, &applicant, &other_tag, json!({})).await.granted();
    assert_eq!(defects(&office, "request"), 2, "other dossiers go on");
}

#[tokio::test]
async fn while_the_store_cannot_be_reached_steps_and_reads_get_a_503_with_retry_after() {
    let office = Office::open_with(faulty(Faults::default()).await, at("2026-11-20T09:00")).await;
    let applicant = office.applicant("a1");
    let (address, tag) = submitted(&office.browser, &applicant).await;
    let withdraw = format!("{address}/withdrawal");
    outage(&office, Some(Outage::Unreachable));
    for answer in [
        office.browser.get(&address, &applicant).await,
        office.browser.post(&withdraw, &applicant, &tag, json!({})).await,
    ] {
        assert_eq!(answer.refused(), (503, "unavailable"), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(defects(&office, "request"), 0);
    outage(&office, Some(Outage::Refused));
    is_defect(&office.browser.get(&address, &applicant).await);
    is_defect(&office.browser.post(&withdraw, &applicant, &tag, json!({})).await);
    assert_eq!(defects(&office, "request"), 2);
    outage(&office, None);
    office.browser.post(&withdraw, &applicant, &tag, json!({})).await.granted();
}

#[tokio::test]
async fn a_projection_skips_a_corrupt_event_and_counts_it_unless_it_must_be_complete() {
    let mut office = Office::open().await;
    let mut corrupted = 0;
    for n in 1..=2 {
        let stream = format!("payment-{}", Uuid::from_u128(n));
        corrupt(&office, &stream, "payment.FeeAssessed.v1").await;
        submitted(&office.browser, &office.applicant("a1")).await;
        office.views().await.unwrap();
        let counted = defects(&office, "view");
        assert!(counted > corrupted, "the event was not met, or the view did not go on");
        corrupted = counted;
    }
    // Documents that a skipped event refers to would be removed.
    let stream = format!("intake-{}", Uuid::from_u128(3));
    corrupt(&office, &stream, "intake.DossierSubmitted.v1").await;
    let stalled = office.views().await.unwrap_err();
    assert!(!stalled.is_retryable(), "{stalled:?}");
}

#[tokio::test]
async fn views_wait_for_a_store_that_cannot_be_reached_and_go_on_afterwards() {
    let store = faulty(Faults::default()).await;
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    submitted(&office.browser, &office.applicant("a1")).await;
    outage(&office, Some(Outage::Unreachable));
    let stalled = office.views().await.unwrap_err();
    assert!(stalled.is_retryable(), "{stalled:?}");
    outage(&office, Some(Outage::Corrupt));
    let stalled = office.views().await.unwrap_err();
    assert!(!stalled.is_retryable(), "{stalled:?}");
    outage(&office, None);
    office.views().await.unwrap();
}

#[tokio::test]
async fn a_reaction_to_a_corrupt_event_becomes_a_dead_letter_that_says_so() {
    let mut office = Office::open().await;
    let stream = format!("payment-{}", Uuid::from_u128(7));
    corrupt(&office, &stream, "payment.FeeSettled.v1").await;
    office.wait_until("2026-11-21T10:00").await;
    let dead = office.dead_letters().await;
    let letters: Vec<_> = dead.iter().map(|l| (&*l.service, &*l.kind, &*l.reason)).collect();
    assert_eq!(letters, [("intake", "payment.FeeSettled.v1", "a recorded event is corrupt")]);
    assert!(defects(&office, "reactions") > 0);
}

#[tokio::test]
async fn a_deadline_of_a_corrupt_stream_is_counted_and_others_are_enforced() {
    let mut office = Office::open().await;
    let (address, _) = submitted(&office.browser, &office.applicant("a1")).await;
    let (other, _) = submitted(&office.browser, &office.applicant("a2")).await;
    office.settle().await;
    let id = address.rsplit_once('/').unwrap().1;
    corrupt(&office, &format!("review-{id}"), "review.ReviewOpened.v1").await;
    office.wait_until("2026-12-20T09:00").await;
    assert!(defects(&office, "keeper") > 0, "{}", office.engine.metrics.text());
    let other = other.rsplit_once('/').unwrap().1;
    let stream = StreamName::new(&format!("intake-{other}")).unwrap();
    let events = office.engine.store.read_whole(&stream).await.unwrap();
    let missed = events.iter().any(|event| event.kind.contains("Missed"));
    assert!(missed, "{events:?}");
}
