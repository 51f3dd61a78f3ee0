//! The change feed: mandates in it, the same feed from a log on a server, and many who follow it.

use dossier::contract::Role;
use events::EventStore;
use eventstoredb_double::EventStoreDbDouble;
use serde_json::json;
use tokio::time::timeout;

use crate::changes::stream::Stream;
use crate::changes::{all, changes, finished, kinds, poll};
use crate::connections::SOON;
use crate::mandates::{accepted, person};
use crate::support::{Office, at, postgres, submitted};

#[tokio::test]
async fn the_events_of_a_mandate_are_for_its_parties_and_not_for_who_acts_by_it() {
    let mut office = Office::open().await;
    let mandate = accepted(&office, "client-1", json!([])).await;
    office.settle().await;
    let expected = ["mandate.MandateGranted.v1", "mandate.MandateAccepted.v1"];
    for token in [office.applicant("client-1"), person(&office).token] {
        let received = all(&office, &token).await;
        assert_eq!(kinds(&received), expected);
        assert_eq!(received[0]["subject"], mandate.as_str());
        assert_eq!(received[0]["dataref"], format!("/v1/mandates/{mandate}"));
        let granted = "?after=start&kinds=mandate.MandateGranted.v1";
        assert_eq!(changes(&office, &token, granted).await.0.len(), 1);
        assert_eq!(changes(&office, &token, "?after=start&kinds=mandate.*").await.0.len(), 2);
    }
    for token in [office.applicant("client-2"), office.clerk()] {
        let received = changes(&office, &token, "?after=start&kinds=mandate.*").await.0;
        assert!(received.is_empty(), "{received:?}");
    }
    let acting = person(&office).under(&mandate);
    let followed = acting.get(&office, "/v1/changes?after=start&kinds=mandate.*").await.granted();
    assert_eq!(followed["changes"], json!([]), "mandates are not read by one");
}

/// PostgreSQL leaves out numbers of its sequence where a transaction was rolled back.
#[tokio::test]
async fn the_feed_of_a_log_in_postgresql_has_each_change_once_and_wakes_those_who_wait() {
    cluster::needs!(cluster::postgres());
    let store = postgres().await;
    each_change_once(Office::open_with(store, at("2026-11-20T09:00")).await).await;
}

/// Positions are far apart in it, and events of other programs lie between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_of_a_log_in_eventstoredb_has_each_change_once_and_wakes_those_who_wait() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = EventStore::eventstoredb(&double.url("feed")).await.unwrap();
    each_change_once(Office::open_with(store, at("2026-11-20T09:00")).await).await;
}

async fn each_change_once(mut office: Office) {
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, etag) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    let (_, now) = changes(&office, &clerk, "").await;
    let waiting = poll(&office, &clerk, &now).await;
    let accept = format!("{dossier}/acceptance");
    office.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
    office.views().await.unwrap();
    let woken = finished(waiting).await.granted();
    assert_eq!(woken["changes"][0]["type"], "intake.DossierAccepted.v1");
    office.settle().await;
    for token in [applicant, clerk] {
        let received = all(&office, &token).await;
        let kinds = kinds(&received);
        let place = |kind: &str| kinds.iter().position(|one| *one == kind);
        assert!(place("intake.DossierSubmitted.v1") < place("intake.DossierAccepted.v1"));
        assert!(place("intake.DossierSubmitted.v1").is_some(), "{kinds:?}");
        let mut ids: Vec<&str> = received.iter().map(|one| one["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), received.len(), "each once");
    }
    let stranger = office.token(Role::Clerk, "c9", "H26");
    let received = changes(&office, &stranger, "?after=start&kinds=intake.*").await.0;
    assert!(received.is_empty(), "{received:?}");
}

/// Nearly as many as one address may have connections. Each is woken, and its place is free after
/// it has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_reaches_a_thousand_streams() {
    let mut office = Office::open().await;
    let clerk = |number: usize| office.token(Role::Clerk, &format!("c{number}"), "G02");
    let officers: Vec<String> = (0..250).map(clerk).collect();
    let mut streams = Vec::new();
    for token in officers.iter().flat_map(|token| [token; 4]) {
        streams.push(Stream::begin(&office, token, "?kinds=intake.*", &[]).await);
    }
    submitted(&office.browser, &office.applicant("a1")).await;
    office.views().await.unwrap();
    for stream in &mut streams {
        assert_eq!(kinds(&stream.changes(1).await), ["intake.DossierSubmitted.v1"]);
    }
    drop(streams);
    let free = async {
        loop {
            let metrics = office.browser.get("/metrics", "").await.granted();
            if metrics.as_str().unwrap().contains("dossier_changes_followers 0\n") {
                return;
            }
        }
    };
    timeout(SOON, free).await.unwrap();
}
