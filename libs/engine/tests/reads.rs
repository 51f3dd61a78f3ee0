//! Reads of personal data: each is recorded before its call returns, whatever the store does, and
//! concurrent ones share appends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::{DossierId, PersonalRead, Role};
use dossier::law::shipped_rules;
use engine::reads::{ReadLog, ReadsError};
use engine::rulebook::Rulebook;
use engine::{Engine, Settings, decode};
use events::bus::Bus;
use events::{EventStore, Faults, Filter, Outage, Position, Recorded};
use futures_util::future::join_all;
use jiff::Timestamp;
use platform::TimeSource;
use uuid::Uuid;

fn now() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

/// An engine over a store with faults, whose clock is returned too.
async fn engine(faults: Faults) -> Arc<Engine> {
    let (store, rules, clock) =
        (EventStore::memory(), shipped_rules().unwrap(), TimeSource::manual(now()));
    Rulebook::open(&store, &rules, now()).await.unwrap();
    let store = Arc::new(EventStore::faulty(store, faults));
    let bus = Bus::Store(Arc::clone(&store));
    Engine::new(Settings { bus, store, rules, clock, views: None }).await.unwrap()
}

fn read(number: u128) -> PersonalRead {
    PersonalRead {
        at: now(),
        reader: "c1".into(),
        role: Role::Clerk,
        agency: Some("G02".into()),
        operation: "get_dossier".to_owned(),
        dossiers: vec![DossierId(Uuid::from_u128(number))],
        complaints: Vec::new(),
    }
}

/// The events of reads.
async fn recorded(engine: &Engine) -> Vec<Arc<Recorded>> {
    let page = engine.store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    page.events.into_iter().filter(|event| event.kind.starts_with("reads.")).collect()
}

fn dossiers(events: &[Arc<Recorded>]) -> BTreeSet<u128> {
    let reads = events.iter().flat_map(|event| {
        let dossier::contract::ReadEvent::PersonalDataRead(recorded) = decode(event).unwrap();
        recorded.reads
    });
    reads.flat_map(|read| read.dossiers).map(|dossier| dossier.0.as_u128()).collect()
}

#[tokio::test]
async fn concurrent_reads_share_appends() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    let all = join_all((0..500).map(|number| log.record(&engine, read(number)))).await;
    assert!(all.iter().all(Result::is_ok));
    let events = recorded(&engine).await;
    assert_eq!(dossiers(&events), (0..500).collect());
    // The store in memory answers most appends at once; only reads that have to wait share one.
    assert!(events.len() < 250, "{} appends for 500 reads at once", events.len());
}

#[tokio::test]
async fn a_read_that_is_reported_as_recorded_is_in_the_store_whatever_the_faults() {
    let faults = Faults {
        seed: 7,
        conflict: 200,
        unreachable_before: 100,
        unreachable_after: 100,
        busy: 100,
    };
    let (engine, log) = (engine(faults).await, ReadLog::default());
    let mut done = BTreeSet::new();
    let mut failed = 0;
    for round in 0..40_u128 {
        let numbers: Vec<u128> = (0..5).map(|number| round * 5 + number).collect();
        let all = join_all(numbers.iter().map(|number| log.record(&engine, read(*number)))).await;
        for (number, outcome) in numbers.iter().zip(all) {
            if outcome.is_ok() {
                done.insert(*number);
            } else {
                failed += 1;
            }
        }
    }
    assert!(done.len() > 50 && failed > 0, "{} recorded, {failed} failed", done.len());
    let kept = dossiers(&recorded(&engine).await);
    assert!(done.is_subset(&kept), "{:?}", done.difference(&kept));
}

#[tokio::test]
async fn a_store_that_takes_nothing_fails_the_read_and_the_next_one_after_it_succeeds() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    log.record(&engine, read(1)).await.unwrap();
    let EventStore::Faulty(store) = &*engine.store else { panic!("not faulty") };
    store.set_outage(Some(Outage::Full));
    let failed = log.record(&engine, read(2)).await.unwrap_err();
    assert!(matches!(failed, ReadsError::Append(_)), "{failed}");
    store.set_outage(None);
    log.record(&engine, read(3)).await.unwrap();
    assert_eq!(dossiers(&recorded(&engine).await), [1, 3].into());
}

#[tokio::test]
async fn another_day_is_another_stream() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    log.record(&engine, read(1)).await.unwrap();
    engine.clock.advance_to("2026-11-21T02:00:00Z".parse().unwrap());
    log.record(&engine, read(2)).await.unwrap();
    let streams: Vec<String> =
        recorded(&engine).await.iter().map(|event| event.stream.to_string()).collect();
    let days: Vec<&str> = streams.iter().map(|stream| &stream[..16]).collect();
    assert_eq!(days, ["reads-2026-11-20", "reads-2026-11-21"]);
}

#[tokio::test]
async fn a_cancelled_call_loses_no_read_of_another_caller() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    for round in 0..20_u128 {
        let (leads, waits) = (read(round * 2), read(round * 2 + 1));
        let first = log.record(&engine, leads);
        let second = log.record(&engine, waits);
        tokio::pin!(first);
        // The first call is dropped after one step, perhaps with the second one's read in hand.
        tokio::select! {
            biased;
            _ = &mut first => {}
            () = std::future::ready(()) => {}
        }
        second.await.unwrap();
    }
    let kept = dossiers(&recorded(&engine).await);
    assert!((0..20).all(|round| kept.contains(&(round * 2 + 1))), "{kept:?}");
}
