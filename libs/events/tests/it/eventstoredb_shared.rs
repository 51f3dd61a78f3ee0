//! EventStoreDB: a server that others write to as well, and positions that it did not give.

use std::time::Duration;

use events::{EventStore, Expected, Filter, Flaw, Position, Version};
use eventstoredb_double::EventStoreDbDouble;
use tokio::time::timeout;

use crate::eventstoredb::{append, event, ids, open, stream};

const LIMIT: Duration = Duration::from_secs(30);

/// Everything, in pages of this size.
async fn paged(store: &EventStore, limit: usize) -> Vec<u128> {
    let (mut after, mut seen) = (Position::START, Vec::new());
    while after < store.head() {
        let page = store.read_all(after, &Filter::default(), limit).await.unwrap();
        assert!(page.through > after, "a page that does not advance");
        seen.extend(page.events.iter().map(|event| event.id.as_u128()));
        after = page.through;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_never_stops_a_read() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    // The server takes these for streams that begin with `test.`: it compares by culture.
    let by_culture = ["test\u{ad}.x", "te\u{ad}st.x", "\u{feff}test.x", "test\0.x", "test\u{1}.x"];
    let by_culture =
        by_culture.into_iter().chain(["test\u{200d}.x", "test\u{200c}.x", "test\u{2060}.x"]);
    for name in by_culture {
        assert!(double.write(name, "Other", b"{}", 1).is_some());
    }
    append(&store, 2).await;
    // These do begin with it, and are no names that we would give.
    for name in ["test.foo bar", "test.foo\u{e9}", "test."] {
        assert!(double.write(name, "Other", b"{}", 2).is_some());
    }
    append(&store, 3).await;
    // This one is a name of ours, and what is written there no text.
    assert!(double.write("test.a-77", "Other", b"\xff", 1).is_some());
    append(&store, 4).await;
    assert_eq!(ids(&store).await, [1, 2, 3, 4]);
    let later = open(&double).await;
    for limit in [1, 2, 3, 10_000] {
        assert_eq!(paged(&later, limit).await, [1, 2, 3, 4], "by {limit}");
    }
    let back = later.read_back(later.head(), 10).await.unwrap();
    assert_eq!(back.iter().map(|event| event.id.as_u128()).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(later.stats().foreign_streams, 4, "each is counted once");
    append(&later, 5).await;
    let flaws = later.flaws().await.unwrap();
    let foreign = |flaw: &Flaw| match flaw {
        Flaw::Foreign { stream, events } => (stream.clone(), *events),
        other => panic!("{other}"),
    };
    let expected =
        [("test.", 2), ("test.a-77@0", 1), ("test.foo bar", 2), ("test.foo\\xc3\\xa9", 2)];
    let expected = expected.map(|(stream, events)| (stream.to_owned(), events));
    assert_eq!(flaws.iter().map(foreign).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_others_as_large_as_a_server_takes_them_stop_no_read() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    // `--max-append-size` may be 16 MiB. The first one the server takes for one of the log, the other is the newest of all.
    let large = vec![b'x'; 15 << 20];
    assert!(double.write("test\u{ad}.x", "Other", &large, 1).is_some());
    append(&store, 2).await;
    assert!(double.write("other-1", "Other", &large, 1).is_some());
    let later = open(&double).await;
    assert_eq!(paged(&later, 10).await, [1, 2]);
    append(&later, 3).await;
    assert_eq!(ids(&later).await, [1, 2, 3]);
    timeout(LIMIT, store.wait_past(Position(later.head().0 - 1))).await.expect("not heard of");
    assert_eq!(ids(&store).await, [1, 2, 3]);
    assert_eq!(later.flaws().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_full_of_what_others_wrote_are_not_the_end() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    for id in 1..=3 {
        append(&store, id).await;
        assert!(double.write("test\u{ad}.x", "Other", b"{}", 2_500).is_some());
    }
    append(&store, 4).await;
    let later = open(&double).await;
    assert_eq!(paged(&later, 2).await, [1, 2, 3, 4]);
    let back = later.read_back(later.head(), 3).await.unwrap();
    assert_eq!(back.iter().map(|event| event.id.as_u128()).collect::<Vec<_>>(), [4, 3, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_another_store_gave_costs_nothing() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    for id in 1..=20 {
        append(&store, id).await;
    }
    let later = open(&double).await;
    let before = double.looked_at();
    for number in [later.head().0 + 1, 10 * later.head().0, 1 << 62, (1 << 63) + 7, u64::MAX] {
        let beyond = Position(number);
        let found = timeout(LIMIT, later.event_at(beyond)).await.expect("asked again and again");
        assert_eq!(found.unwrap(), None, "{number}");
        let back = later.read_back(beyond, 2).await.unwrap();
        let back: Vec<_> = back.iter().map(|event| event.id.as_u128()).collect();
        assert_eq!(back, [20, 19], "{number}: the newest are before it");
        let page = later.read_all(beyond, &Filter::default(), 10).await.unwrap();
        assert_eq!((page.events.len(), page.through), (0, beyond));
    }
    // Within a record.
    assert_eq!(later.event_at(Position(later.head().0 - 1)).await.unwrap(), None);
    assert_eq!(later.event_at(Position(2)).await.unwrap(), None);
    assert!(double.looked_at() - before < 500, "{} events", double.looked_at() - before);
    // What another process has appended and this one has not heard of stands there all the same.
    let appended = append(&store, 21).await;
    let found = later.event_at(appended.position).await.unwrap();
    assert_eq!(found.map(|event| event.id.as_u128()), Some(21));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_write_behind_our_newest_is_looked_at_once() {
    const FOREIGN: u64 = 20_000;
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    append(&store, 2).await;
    let count = usize::try_from(FOREIGN).unwrap();
    assert!(double.write("other-1", "Other", b"{}", count).is_some());
    let begun = double.looked_at();
    let later = open(&double).await;
    let opened = double.looked_at();
    assert!(opened - begun < 2 * FOREIGN, "{} events for the opening", opened - begun);
    for _ in 0..20 {
        assert!(later.event_at(later.head()).await.unwrap().is_some());
        later.time().await.unwrap();
        later.writable().await.unwrap();
    }
    let looked = double.looked_at() - opened;
    assert!(looked < 1_000, "{looked} events for readiness");
    assert_eq!(paged(&later, 10_000).await, [1, 2]);
    let looked = double.looked_at() - opened;
    assert!(looked < FOREIGN, "{looked} events for a reader");
    append(&later, 3).await;
    assert_eq!(paged(&later, 10_000).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_were_scavenged_are_passed_over() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    // Each question after the time leaves one behind, of which the server keeps the newest.
    for _ in 0..3 {
        assert!(double.write("test time", "log.Said.v1", b"{}", 5).is_some());
        append(&store, 2 + u128::from(store.stats().groups)).await;
    }
    double.scavenge();
    let before = ids(&store).await;
    let later = open(&double).await;
    assert_eq!(ids(&later).await, before);
    append(&later, 100).await;
    timeout(LIMIT, store.wait_past(Position(later.head().0 - 1))).await.expect("not heard of");
    assert_eq!(ids(&store).await, ids(&later).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_of_long_ago_is_known_though_its_stream_has_gone_on() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    let first =
        store.append(&stream(1), Expected::NoStream, vec![event(1), event(2)]).await.unwrap();
    for id in 3..=9 {
        let expected = Expected::At(Version(u64::try_from(id).unwrap() - 1));
        store.append(&stream(1), expected, vec![event(id)]).await.unwrap();
    }
    // In memory here, and not there.
    let again = vec![event(1), event(2)];
    assert_eq!(store.append(&stream(1), Expected::NoStream, again.clone()).await.unwrap(), first);
    let later = open(&double).await;
    assert_eq!(later.append(&stream(1), Expected::NoStream, again).await.unwrap(), first);
    assert_eq!(ids(&later).await, (1..=9).collect::<Vec<_>>());
}
