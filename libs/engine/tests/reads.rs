//! Reads of personal data: each is recorded before its call returns, whatever the store does, and
//! concurrent ones share appends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::{DossierId, PersonalRead, ReadEvent, Role};
use dossier::law::shipped_rules;
use engine::limits::{READS_NAMED_PER_APPEND, READS_PER_APPEND, READS_WAITING_MAX};
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
        papers: Vec::new(),
        dossiers: vec![DossierId(Uuid::from_u128(number))],
        complaints: Vec::new(),
        mandates: Vec::new(),
    }
}

/// The events of reads.
async fn recorded(engine: &Engine) -> Vec<Arc<Recorded>> {
    let page = engine.store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    page.events.into_iter().filter(|event| event.kind.starts_with("reads.")).collect()
}

fn reads_of(event: &Recorded) -> Vec<PersonalRead> {
    let ReadEvent::PersonalDataRead(recorded) = decode(event).unwrap();
    recorded.reads
}

fn dossiers(events: &[Arc<Recorded>]) -> BTreeSet<u128> {
    let reads = events.iter().flat_map(|event| reads_of(event));
    reads.flat_map(|read| read.dossiers).map(|dossier| dossier.0.as_u128()).collect()
}

/// Records these reads at once; the first append ends only when the others wait. Returns the number
/// of reads of each event.
async fn grouped(engine: &Engine, log: &ReadLog, reads: Vec<PersonalRead>) -> Vec<usize> {
    let EventStore::Faulty(store) = &*engine.store else { panic!("not faulty") };
    store.hold_appends(true);
    let mut all = join_all(reads.into_iter().map(|read| log.record(engine, read)));
    // The first poll queues every read.
    assert!(waits(&mut all).await, "nothing is recorded yet");
    store.hold_appends(false);
    for outcome in all.await {
        outcome.unwrap();
    }
    recorded(engine).await.iter().map(|event| reads_of(event).len()).collect()
}

/// Polls a future once; whether it still waits.
async fn waits(future: &mut (impl Future + Unpin)) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = std::future::ready(()) => true,
    }
}

#[tokio::test]
async fn reads_that_wait_for_an_append_share_the_next_ones_up_to_the_limit() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    let sizes = grouped(&engine, &log, (0..500).map(read).collect()).await;
    assert_eq!(sizes, [1, READS_PER_APPEND, 499 - READS_PER_APPEND]);
    assert_eq!(dossiers(&recorded(&engine).await), (0..500).collect());
}

#[tokio::test]
async fn an_event_names_a_limited_number_of_dossiers_unless_one_read_names_more() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    let third = READS_NAMED_PER_APPEND / 3 + 1;
    let long = |names: usize| {
        let dossiers = (0..names).map(|name| DossierId(Uuid::from_u128(name as u128))).collect();
        PersonalRead { dossiers, ..read(0) }
    };
    let reads = [third, third, third, third, READS_NAMED_PER_APPEND + 1, third].map(long);
    assert_eq!(grouped(&engine, &log, reads.into()).await, [1, 2, 1, 1, 1]);
}

#[tokio::test]
async fn reads_beyond_the_limit_of_the_queue_are_refused_and_those_in_it_are_recorded() {
    let (engine, log) = (engine(Faults::default()).await, ReadLog::default());
    let EventStore::Faulty(store) = &*engine.store else { panic!("not faulty") };
    store.hold_appends(true);
    // The first is being appended and no longer in the queue.
    let numbers = 0..=READS_WAITING_MAX as u128;
    let mut all = join_all(numbers.map(|number| log.record(&engine, read(number))));
    assert!(waits(&mut all).await, "nothing is recorded yet");
    let refused = log.record(&engine, read(u128::MAX)).await.unwrap_err();
    assert!(matches!(refused, ReadsError::Busy), "{refused}");
    store.hold_appends(false);
    assert!(all.await.iter().all(Result::is_ok));
    let events = recorded(&engine).await;
    assert_eq!(events.len(), 1 + READS_WAITING_MAX.div_ceil(READS_PER_APPEND));
    assert_eq!(dossiers(&events).len(), READS_WAITING_MAX + 1);
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

/// Bytes of data and envelope of all events of reads.
async fn bytes(engine: &Engine) -> usize {
    recorded(engine).await.iter().map(|event| event.data.len() + event.meta.len()).sum()
}

#[tokio::test]
async fn a_read_takes_as_much_of_the_log_as_the_operating_guide_says() {
    let (alone, log) = (engine(Faults::default()).await, ReadLog::default());
    log.record(&alone, read(1)).await.unwrap();
    let alone = bytes(&alone).await;
    let (together, log) = (engine(Faults::default()).await, ReadLog::default());
    let sizes = grouped(&together, &log, (0..=256).map(read).collect()).await;
    assert_eq!(sizes, [1, READS_PER_APPEND]);
    let shared = (bytes(&together).await - alone) / READS_PER_APPEND;
    let guide = include_str!("../../../docs/operating.md").replace('\n', " ");
    let said = format!("{} bytes for a read alone, and by {} bytes", tens(alone), tens(shared));
    assert!(guide.contains(&said), "{said}");
}

/// Rounded up to tens, for a text that need not change with every detail.
fn tens(bytes: usize) -> usize {
    bytes.div_ceil(10) * 10
}
