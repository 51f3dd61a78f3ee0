//! One test per rule of the contract (see the crate's documentation), for any engine.
//!
//! [`contract_tests!`] turns the list into tests; each gets a fresh store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::limits::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, EVENT_BYTES_MAX, KIND_BYTES_MAX, READ_BYTES_MAX,
    READ_EVENTS_MAX, STREAM_NAME_BYTES_MAX,
};
use crate::{
    AppendError, EventStore, Expected, Filter, NewEvent, Position, Recorded, StreamName, TooLarge,
    Version,
};

mod categories;
mod together;

pub use categories::small_categories_are_read_in_commit_order;
pub use together::{
    many_streams_are_read_together_in_their_order, several_streams_are_read_together,
};

/// The list of rules, passed to another macro.
#[macro_export]
macro_rules! contract_sentences {
    ($($to:ident)::+ ! ($($arguments:tt)*)) => {
        $($to)::+! { $($arguments)*
            an_append_succeeds_only_at_the_expected_version,
            must_not_exist_is_honoured,
            an_append_is_atomic,
            an_append_is_seen_by_the_next_read,
            positions_grow_in_commit_order,
            the_same_append_twice_is_one,
            an_id_is_never_used_for_something_else,
            a_stream_is_read_in_order_and_in_parts,
            the_log_is_read_in_parts_and_filtered,
            a_waiter_is_woken_by_the_next_event,
            what_is_over_a_limit_is_refused_by_name,
            engine_streams_are_out_of_reach,
            of_concurrent_appends_exactly_one_succeeds,
            the_identity_stays,
            several_streams_are_read_together,
            many_streams_are_read_together_in_their_order,
            the_log_is_read_backwards,
            small_categories_are_read_in_commit_order,
            asking_whether_it_can_be_written_adds_nothing,
            appends_and_refusals_leave_no_flaw,
            no_read_brings_more_bytes_than_it_may,
        }
    };
}

/// Declares the suite for one engine: `contract_tests!(name, store_expression)`, where the
/// expression returns a fresh [`EventStore`](crate::EventStore) and whatever must live as long as
/// it.
#[macro_export]
macro_rules! contract_tests {
    (@each $engine:ident, $fresh:expr; $($sentence:ident,)+) => {
        mod $engine {
            #[allow(unused_imports, clippy::allow_attributes, reason = "what `fresh` needs")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $sentence() {
                    let (store, _keep) = $fresh;
                    $crate::contract_suite::$sentence(std::sync::Arc::new(store)).await;
                }
            )+
        }
    };
    ($engine:ident, $fresh:expr) => {
        $crate::contract_sentences!(events::contract_tests!(@each $engine, $fresh;));
    };
}

/// The test of one rule on a fresh store; panics if the rule is violated.
pub type Sentence = fn(Arc<EventStore>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! listed {
    ($($sentence:ident,)+) => {
        /// All rules with their names, for `dossier store-suite`.
        pub const SENTENCES: &[(&str, Sentence)] =
            &[$((stringify!($sentence), |store| Box::pin($sentence(store)))),+];
    };
}
crate::contract_sentences!(listed!());

fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn event(id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: if id.is_multiple_of(2) { "test.Even.v1" } else { "test.Odd.v1" }.into(),
        data: format!("{{\"n\":{id}}}"),
        meta: "{}".to_owned(),
    }
}

fn events(ids: std::ops::Range<u128>) -> Vec<NewEvent> {
    ids.map(event).collect()
}

async fn count(store: &EventStore) -> usize {
    store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap().events.len()
}

/// Rule 1.
pub async fn an_append_succeeds_only_at_the_expected_version(store: Arc<EventStore>) {
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..3)).await.unwrap();
    let second = store.append(&s, Expected::At(first.version), events(3..4)).await.unwrap();
    let stale = store.append(&s, Expected::At(first.version), events(4..5)).await;
    assert!(matches!(stale, Err(AppendError::Conflict { actual: Some(v) }) if v == second.version));
    let ahead = Expected::At(Version(second.version.0 + 7));
    let ahead = store.append(&s, ahead, events(5..6)).await;
    assert!(matches!(ahead, Err(AppendError::Conflict { .. })), "{ahead:?}");
    for stream in [s, stream("a-2")] {
        let never = store.append(&stream, Expected::At(Version(0)), events(6..7)).await;
        assert!(matches!(never, Err(AppendError::Conflict { .. })), "{never:?}");
    }
    assert_eq!(count(&store).await, 3);
}

/// Rule 2.
pub async fn must_not_exist_is_honoured(store: Arc<EventStore>) {
    let s = stream("a-1");
    store.append(&s, Expected::NoStream, events(1..2)).await.unwrap();
    let again = store.append(&s, Expected::NoStream, events(2..3)).await;
    assert!(matches!(again, Err(AppendError::Conflict { actual: Some(_) })), "{again:?}");
    let missing = store.append(&stream("a-2"), Expected::At(Version(1)), events(3..4)).await;
    assert!(matches!(missing, Err(AppendError::Conflict { actual: None })), "{missing:?}");
    assert_eq!(count(&store).await, 1);
}

/// Rule 3.
pub async fn an_append_is_atomic(store: Arc<EventStore>) {
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..2)).await.unwrap();
    // The third of these ids exists: none of the batch may be appended.
    let mut batch = events(10..12);
    batch.push(event(1));
    let refused = store.append(&s, Expected::At(first.version), batch).await;
    assert!(matches!(refused, Err(AppendError::IdReused(_))), "{refused:?}");
    assert_eq!(store.read(&s, None).await.unwrap().len(), 1);
    store.append(&stream("a-3"), Expected::NoStream, events(20..120)).await.unwrap();
    let page = store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    let batch: Vec<_> = page.events.iter().filter(|e| e.stream.as_str() == "a-3").collect();
    assert_eq!(batch.len(), 100);
    assert!(page.events.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert!(
        page.events[1..].iter().all(|e| e.stream.as_str() == "a-3"),
        "something stands between"
    );
}

/// Rule 4; durability is tested per engine.
pub async fn an_append_is_seen_by_the_next_read(store: Arc<EventStore>) {
    for id in 1..50_u128 {
        let (s, before) = (stream(&format!("a-{id}")), store.head());
        let appended = store.append(&s, Expected::NoStream, events(id..id + 1)).await.unwrap();
        let last = store.last(&s).await.unwrap().unwrap();
        assert_eq!((last.version, last.position), (appended.version, appended.position));
        assert_eq!(last.data, event(id).data);
        assert!(store.head() >= appended.position);
        let page = store.read_all(before, &Filter::default(), 10).await.unwrap();
        assert_eq!(page.events.first().map(|e| e.id), Some(Uuid::from_u128(id)));
    }
    assert!(store.last(&stream("a-none")).await.unwrap().is_none());
}

/// Rule 5: a follower that reads during appends sees each event once, and none late.
pub async fn positions_grow_in_commit_order(store: Arc<EventStore>) {
    const WRITERS: u128 = 8;
    const EACH: u128 = 40;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut at = Position::START;
            for n in 0..EACH {
                let id = writer * EACH + n + 1;
                let s = stream(&format!("a-{id}"));
                let appended = store.append(&s, Expected::NoStream, vec![event(id)]).await.unwrap();
                assert!(appended.position > at);
                at = appended.position;
            }
        });
    }
    let mut after = Position::START;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < usize::try_from(WRITERS * EACH).unwrap() {
        store.wait_past(after).await;
        let page = store.read_all(after, &Filter::default(), 7).await.unwrap();
        for event in &page.events {
            assert!(event.position > after, "{:?} behind {after:?}", event.position);
            after = event.position;
            assert!(seen.insert(event.id), "seen twice");
        }
        assert!(page.through >= after);
    }
    writers.join_all().await;
    assert_eq!(count(&store).await, seen.len());
}

/// Rule 6.
pub async fn the_same_append_twice_is_one(store: Arc<EventStore>) {
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..4)).await.unwrap();
    let next = store.append(&s, Expected::At(first.version), events(4..6)).await.unwrap();
    let again = store.append(&s, Expected::NoStream, events(1..4)).await.unwrap();
    assert_eq!(again, first);
    let again = store.append(&s, Expected::At(first.version), events(4..6)).await.unwrap();
    assert_eq!(again, next);
    assert_eq!(count(&store).await, 5);
}

/// Rule 7.
pub async fn an_id_is_never_used_for_something_else(store: Arc<EventStore>) {
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..3)).await.unwrap();
    let changed = NewEvent { data: "{\"n\":99}".to_owned(), ..event(1) };
    let same_place = store.append(&s, Expected::NoStream, vec![changed, event(2)]).await;
    assert!(matches!(same_place, Err(AppendError::IdReused(_))), "{same_place:?}");
    let later = store.append(&s, Expected::At(first.version), events(2..3)).await;
    assert!(matches!(later, Err(AppendError::IdReused(_))), "{later:?}");
    let twice = store.append(&stream("a-3"), Expected::NoStream, vec![event(9), event(9)]).await;
    assert!(matches!(twice, Err(AppendError::IdReused(_))), "{twice:?}");
    assert_eq!(count(&store).await, 2);
    // The refused append has no effect on the next one.
    store.append(&s, Expected::At(first.version), events(9..10)).await.unwrap();
}

/// Rule 8.
pub async fn a_stream_is_read_in_order_and_in_parts(store: Arc<EventStore>) {
    let s = stream("a-1");
    let total = READ_EVENTS_MAX + 50;
    let mut expected = Expected::NoStream;
    for part in (1..=total as u128).collect::<Vec<_>>().chunks(100) {
        let batch = part.iter().map(|id| event(*id)).collect();
        expected = Expected::At(store.append(&s, expected, batch).await.unwrap().version);
    }
    let first = store.read(&s, None).await.unwrap();
    assert_eq!(first.len(), READ_EVENTS_MAX);
    let rest = store.read(&s, first.last().map(|e| e.version)).await.unwrap();
    assert_eq!(rest.len(), 50);
    let whole = store.read_whole(&s).await.unwrap();
    assert!(whole.iter().eq(first.iter().chain(&rest)));
    let ids: Vec<u128> = first.iter().chain(&rest).map(|e| e.id.as_u128()).collect();
    assert_eq!(ids, (1..=total as u128).collect::<Vec<_>>());
    assert_eq!(store.last(&s).await.unwrap().unwrap().id.as_u128(), total as u128);
}

/// Rule 9.
pub async fn the_log_is_read_in_parts_and_filtered(store: Arc<EventStore>) {
    for id in 1..=30_u128 {
        let s = stream(&format!("a-{id}"));
        store.append(&s, Expected::NoStream, vec![event(id)]).await.unwrap();
    }
    let even = Filter { kinds: vec!["test.Even".into()] };
    let (mut after, mut seen, mut pages) = (Position::START, Vec::new(), 0);
    while after < store.head() {
        let page = store.read_all(after, &even, 7).await.unwrap();
        assert!(page.through > after, "a page that does not advance");
        assert!(page.events.len() <= 7);
        seen.extend(page.events.iter().map(|e| e.id.as_u128()));
        after = page.through;
        pages += 1;
    }
    assert_eq!(seen, (1..=30).filter(|id| id % 2 == 0).collect::<Vec<_>>());
    assert_eq!(pages, 5);
    let none = Filter { kinds: vec!["other.".into()] };
    let page = store.read_all(Position::START, &none, 10_000).await.unwrap();
    assert!(page.events.is_empty() && page.through == store.head());
    let at_the_end = store.read_all(store.head(), &even, 10).await.unwrap();
    assert!(at_the_end.events.is_empty() && at_the_end.through == store.head());
}

/// Rule 10.
pub async fn a_waiter_is_woken_by_the_next_event(store: Arc<EventStore>) {
    let mut waiter = JoinSet::new();
    let waiting = Arc::clone(&store);
    waiter.spawn(async move { waiting.wait_past(Position::START).await });
    // The wait must not end without an event; the timeout only bounds the test.
    let early = tokio::time::timeout(Duration::from_millis(50), store.wait_past(Position::START));
    assert!(early.await.is_err(), "woken by nothing");
    store.append(&stream("a-1"), Expected::NoStream, events(1..2)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), waiter.join_all()).await.unwrap();
    store.wait_past(Position::START).await;
}

/// Rule 11.
pub async fn what_is_over_a_limit_is_refused_by_name(store: Arc<EventStore>) {
    let s = stream("a-1");
    let big = |bytes: usize| NewEvent { data: "x".repeat(bytes), ..event(1) };
    let refused = |batch: Vec<NewEvent>| {
        let (store, s) = (Arc::clone(&store), s.clone());
        async move { store.append(&s, Expected::NoStream, batch).await.unwrap_err() }
    };
    let error = refused(vec![big(EVENT_BYTES_MAX)]).await;
    assert!(matches!(error, AppendError::TooLarge(TooLarge::Event { index: 0, .. })), "{error:?}");
    let error = refused(events(1..APPEND_EVENTS_MAX as u128 + 2)).await;
    assert!(matches!(error, AppendError::TooLarge(TooLarge::Count { .. })), "{error:?}");
    let each = APPEND_BYTES_MAX / 4;
    let batch = (1..=5).map(|id| NewEvent { id: Uuid::from_u128(id), ..big(each) }).collect();
    let error = refused(batch).await;
    assert!(matches!(error, AppendError::TooLarge(TooLarge::Append { .. })), "{error:?}");
    let error =
        refused(vec![NewEvent { kind: "k".repeat(KIND_BYTES_MAX + 1).into(), ..event(1) }]).await;
    assert!(matches!(error, AppendError::TooLarge(TooLarge::Kind { .. })), "{error:?}");
    let error = refused(Vec::new()).await;
    assert!(matches!(error, AppendError::TooLarge(TooLarge::Empty)), "{error:?}");
    assert!(StreamName::new(&"s".repeat(STREAM_NAME_BYTES_MAX)).is_ok());
    for name in ["", "with space", "đơn-1", &"s".repeat(STREAM_NAME_BYTES_MAX + 1)] {
        assert!(StreamName::new(name).is_err(), "{name}");
    }
    assert_eq!(count(&store).await, 0);
    // An event of exactly the limit is accepted and read back whole.
    let limit = EVENT_BYTES_MAX - event(1).meta.len();
    store.append(&s, Expected::NoStream, vec![big(limit)]).await.unwrap();
    assert_eq!(store.last(&s).await.unwrap().unwrap().data.len(), limit);
}

/// Rule 12: such a name cannot be constructed.
pub async fn engine_streams_are_out_of_reach(store: Arc<EventStore>) {
    assert!(StreamName::new("$all").is_err());
    assert!(StreamName::new("$et-test").is_err());
    assert_eq!(count(&store).await, 0);
}

/// Rule 13.
pub async fn of_concurrent_appends_exactly_one_succeeds(store: Arc<EventStore>) {
    let s = stream("a-1");
    let mut expected = Expected::NoStream;
    for round in 0..20_u128 {
        let mut attempts = JoinSet::new();
        for n in 0..8_u128 {
            let (store, s) = (Arc::clone(&store), s.clone());
            attempts.spawn(async move {
                store.append(&s, expected, vec![event(round * 8 + n + 1)]).await
            });
        }
        let mut winners = Vec::new();
        for attempt in attempts.join_all().await {
            match attempt {
                Ok(appended) => winners.push(appended.version),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        expected = Expected::At(winners[0]);
    }
    assert_eq!(store.read(&s, None).await.unwrap().len(), 20);
}

/// Rule 14.
pub async fn the_identity_stays(store: Arc<EventStore>) {
    let id = store.id();
    assert!(!id.is_nil());
    store.append(&stream("a-1"), Expected::NoStream, events(1..2)).await.unwrap();
    assert_eq!(store.id(), id);
}

/// Rule 16.
pub async fn the_log_is_read_backwards(store: Arc<EventStore>) {
    assert!(store.read_back(store.head(), 10).await.unwrap().is_empty());
    for id in 1..=30_u128 {
        let s = stream(&format!("a-{}", id % 3));
        let last = store.last(&s).await.unwrap().map(|last| last.version);
        store.append(&s, Expected::from(last), vec![event(id)]).await.unwrap();
    }
    let page = store.read_all(Position::START, &Filter::default(), 100).await.unwrap();
    let back = store.read_back(store.head(), 100).await.unwrap();
    assert!(back.iter().rev().eq(page.events.iter().map(|event| &**event)));
    for (place, event) in page.events.iter().enumerate() {
        let back = store.read_back(event.position, 4).await.unwrap();
        let begins = (place + 1).saturating_sub(4);
        assert!(back.iter().rev().eq(page.events[begins..=place].iter().map(|event| &**event)));
        assert_eq!(store.event_at(event.position).await.unwrap().as_ref(), Some(&**event));
    }
    assert!(store.event_at(Position::START).await.unwrap().is_none());
}

/// Rule 17.
pub async fn asking_whether_it_can_be_written_adds_nothing(store: Arc<EventStore>) {
    store.writable().await.unwrap();
    assert_eq!(count(&store).await, 0);
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..3)).await.unwrap();
    let mut asking = JoinSet::new();
    for _ in 0..1_000 {
        let store = Arc::clone(&store);
        asking.spawn(async move { store.writable().await.unwrap() });
    }
    let second = store.append(&s, Expected::At(first.version), events(3..4)).await.unwrap();
    asking.join_all().await;
    assert_eq!(count(&store).await, 3);
    assert_eq!(store.last(&s).await.unwrap().map(|last| last.version), Some(second.version));
}

/// Rule 18.
pub async fn appends_and_refusals_leave_no_flaw(store: Arc<EventStore>) {
    let s = stream("a-1");
    let first = store.append(&s, Expected::NoStream, events(1..4)).await.unwrap();
    // In an append that creates a stream, and in one that extends it.
    let mut batch = events(10..12);
    batch.extend([event(20), event(10)]);
    let refused = store.append(&stream("a-2"), Expected::NoStream, batch.clone()).await;
    assert!(matches!(refused, Err(AppendError::IdReused(_))), "{refused:?}");
    let refused = store.append(&s, Expected::At(first.version), batch).await;
    assert!(matches!(refused, Err(AppendError::IdReused(_))), "{refused:?}");
    let stale = store.append(&stream("a-3"), Expected::At(Version(1)), events(30..32)).await;
    assert!(matches!(stale, Err(AppendError::Conflict { .. })), "{stale:?}");
    store.append(&s, Expected::At(first.version), events(40..42)).await.unwrap();
    assert_eq!(store.flaws().await.unwrap(), []);
    assert_eq!(count(&store).await, 5);
}

/// Rule 19.
pub async fn no_read_brings_more_bytes_than_it_may(store: Arc<EventStore>) {
    const LARGE: usize = 200 * 1024;
    let large = |id: u128| NewEvent { data: "x".repeat(LARGE), ..event(id) };
    // Each stream exceeds one read, and all together exceed one combined read.
    let names = [1, 2, 3, 4, 5, 6].map(|n| stream(&format!("a-{n}")));
    let each = READ_BYTES_MAX / LARGE + 5;
    for (name, first) in names.iter().zip((1..).step_by(each)) {
        let mut expected = Expected::NoStream;
        for id in first..first + each as u128 {
            expected =
                Expected::At(store.append(name, expected, vec![large(id)]).await.unwrap().version);
        }
    }
    let total = names.len() * each;
    let even = Filter { kinds: vec!["test.Even".into()] };
    for (filter, wanted) in [(Filter::default(), total), (even, total / 2)] {
        let (mut after, mut seen, mut pages) = (Position::START, Vec::new(), 0);
        while after < store.head() {
            let page = store.read_all(after, &filter, 10_000).await.unwrap();
            assert!(page.through > after, "a page that does not advance");
            assert!(fits(page.events.iter().map(|event| &**event)), "{} events", page.events.len());
            seen.extend(page.events.iter().map(|event| event.id));
            (after, pages) = (page.through, pages + 1);
        }
        seen.dedup();
        assert!(seen.len() == wanted && pages > 1, "{} events in {pages} pages", seen.len());
    }
    let part = store.read(&names[0], None).await.unwrap();
    assert!(fits(&part) && !EventStore::is_whole(&part), "{} events", part.len());
    let whole = store.read_whole(&names[0]).await.unwrap();
    assert_eq!((whole.len(), whole.last()), (each, store.last(&names[0]).await.unwrap().as_ref()));
    let back = store.read_back(store.head(), 10_000).await.unwrap();
    assert!(fits(&back) && back.len() > 1, "{} events", back.len());
    let together = store.read_together(&names).await.unwrap();
    assert!((1..names.len()).contains(&together.len()), "{} streams", together.len());
    for (name, events) in names.iter().zip(&together) {
        assert_eq!(*events, store.read_whole(name).await.unwrap(), "{name}");
    }
}

fn fits<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> bool {
    let sizes: Vec<usize> = events.into_iter().map(Recorded::bytes).collect();
    let before_the_last = sizes.iter().rev().skip(1).sum::<usize>();
    before_the_last < READ_BYTES_MAX
}
