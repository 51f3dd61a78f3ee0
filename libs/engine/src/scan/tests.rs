//! What the followers of a process get from the scan, and who waits for whom.

use std::sync::atomic::{AtomicBool, Ordering};

use events::{Expected, NewEvent, StreamName};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

const LIMITS: Limits = Limits {
    from: 10,
    page_bytes: usize::MAX,
    page_events: 20,
    bytes: 2_000,
    near: 200,
    wait: Duration::from_millis(300),
    rests: Duration::from_millis(100),
};
const EVENTS: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// A log with events of the kinds `a`, `b` and `c` by turns, of 50 bytes each.
async fn log() -> Arc<EventStore> {
    let store = EventStore::memory();
    for number in 0..EVENTS {
        let kind = ["a.Said.v1", "b.Said.v1", "c.Said.v1"][usize::try_from(number % 3).unwrap()];
        let event = NewEvent {
            id: Uuid::from_u128(number.into()),
            kind: kind.into(),
            data: "x".repeat(48),
            meta: "{}".to_owned(),
        };
        let stream = StreamName::new(&format!("test-{number}")).unwrap();
        store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    }
    Arc::new(store)
}

fn filter(kinds: &[&str]) -> Filter {
    Filter { kinds: kinds.iter().map(|kind| (*kind).into()).collect() }
}

/// The positions after `at` that pass.
async fn all(store: &EventStore, filter: &Filter, at: Position) -> Vec<u64> {
    let (mut found, mut at) = (Vec::new(), at);
    loop {
        let page = store.read_all(at, filter, 10_000).await.unwrap();
        if page.through <= at {
            return found;
        }
        found.extend(page.events.iter().map(|event| event.position.0));
        at = page.through;
    }
}

/// Follows to the head; returns the positions that it was given.
async fn follow(member: &Member, store: &EventStore, at: Position) -> Vec<u64> {
    let (mut given, mut at) = (Vec::new(), at);
    loop {
        let page = member.page(store, at, 7).await.unwrap();
        if page.through <= at {
            member.rests(at);
            return given;
        }
        // Others have their turns while it handles the page.
        tokio::task::yield_now().await;
        given.extend(page.events.iter().map(|event| event.position.0));
        at = page.through;
        member.rests(at);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_follower_is_given_its_events_once_and_in_order_wherever_it_begins() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let (mut followers, mut expected) = (JoinSet::new(), BTreeMap::new());
    let begin =
        [(0, "a."), (0, "b.Said"), (15, ""), (90, "a."), (500, "c."), (995, "b."), (33, "x")];
    let members = begin.map(|(at, kind)| {
        let of = if kind.is_empty() { filter(&[]) } else { filter(&[kind]) };
        (scan.join(of.clone(), Position(at)), of, Position(at))
    });
    for (member, of, at) in members {
        expected.insert(member.id, all(&store, &of, at).await);
        let store = Arc::clone(&store);
        followers.spawn(async move { (member.id, follow(&member, &store, at).await) });
    }
    while let Some(done) = tokio::time::timeout(PATIENCE, followers.join_next()).await.unwrap() {
        let (id, given) = done.unwrap();
        assert_eq!(given, expected[&id], "{id}");
    }
    assert!(scan.lock().members.is_empty());
    assert!(scan.lock().pages.is_empty(), "nobody needs a page");
}

#[tokio::test]
async fn a_page_is_read_once_for_all_who_are_near_and_pages_are_bounded_in_bytes() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let members: Vec<Member> =
        ["a.", "b.", "c."].map(|kind| scan.join(filter(&[kind]), Position::START)).into();
    let look = || {
        let chain = scan.lock();
        let bytes = chain.pages.iter().map(|page| page.bytes).sum::<usize>();
        (bytes, chain.members.values().all(|seat| seat.at.0 + LIMITS.from > EVENTS))
    };
    let longest = async {
        let mut longest = 0;
        loop {
            let (bytes, is_done) = look();
            longest = longest.max(bytes);
            if is_done {
                return longest;
            }
            tokio::task::yield_now().await;
        }
    };
    let followed = futures_util::future::join_all(
        members.iter().map(|member| follow(member, &store, Position::START)),
    );
    let (given, longest) = tokio::join!(followed, longest);
    assert_eq!(given.concat().len() as u64, EVENTS);
    let (read, shared) = scan.counts();
    assert_eq!(read, EVENTS / 20, "each page of 20 events once");
    assert_eq!(shared, 2 * read, "to the two who did not read it");
    assert!(longest <= LIMITS.bytes + 1_000, "{longest} bytes");
}

#[tokio::test]
async fn one_that_does_not_return_from_a_page_holds_the_others_up_once_for_a_limited_time() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let stuck = scan.join(filter(&["a."]), Position::START);
    let other = scan.join(filter(&["b."]), Position::START);
    let first = stuck.page(&store, Position::START, 7).await.unwrap();
    let given = tokio::time::timeout(PATIENCE, follow(&other, &store, Position::START));
    let began = Instant::now();
    assert_eq!(given.await.unwrap(), all(&store, &filter(&["b."]), Position::START).await);
    assert!(began.elapsed() < LIMITS.wait * 4, "{:?}", began.elapsed());
    // It continues where it is, on its own.
    let rest = follow(&stuck, &store, first.through).await;
    assert_eq!(rest, all(&store, &filter(&["a."]), first.through).await);
}

#[tokio::test]
async fn one_that_fails_is_not_waited_for() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let failing = scan.join(filter(&["a."]), Position::START);
    let other = scan.join(filter(&["b."]), Position::START);
    let done = AtomicBool::new(false);
    let fails = async {
        // It is retried, and is given the same page again.
        while !done.load(Ordering::Relaxed) {
            let page = failing.page(&store, Position::START, 7).await.unwrap();
            assert_eq!(page.events.first().unwrap().position, Position(1));
            failing.rests(Position::START);
            drop(tokio::time::timeout(LIMITS.rests * 3, std::future::pending::<()>()).await);
        }
    };
    let follows = async {
        let given = follow(&other, &store, Position::START).await;
        done.store(true, Ordering::Relaxed);
        given
    };
    let (given, ()) =
        tokio::time::timeout(PATIENCE, async { tokio::join!(follows, fails) }).await.unwrap();
    assert_eq!(given, all(&store, &filter(&["b."]), Position::START).await);
}

#[tokio::test]
async fn a_page_whose_reader_was_cancelled_or_failed_is_read_by_another() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let (one, other) =
        (scan.join(filter(&[]), Position::START), scan.join(filter(&["b."]), Position::START));
    // As if it was cancelled in the middle.
    assert!(matches!(one.turn(Position::START), Turn::Read(_)));
    assert!(matches!(other.turn(Position::START), Turn::Wait));
    drop(Reading(&scan));
    let page = tokio::time::timeout(PATIENCE, other.page(&store, Position::START, 7)).await;
    assert_eq!(page.unwrap().unwrap().through, Position(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_wait_do_not_wake_each_other() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let reader = scan.join(filter(&[]), Position::START);
    // It reads for as long as the others wait.
    assert!(matches!(reader.turn(Position::START), Turn::Read(_)));
    let mut waiting = JoinSet::new();
    for _ in 0..5 {
        let (member, store) = (scan.join(filter(&[]), Position::START), Arc::clone(&store));
        waiting.spawn(async move { member.page(&store, Position::START, 7).await.unwrap() });
    }
    drop(tokio::time::timeout(LIMITS.rests * 5, std::future::pending::<()>()).await);
    let turns = scan.lock().turns;
    assert!((6..=60).contains(&turns), "{turns} turns");
    drop(Reading(&scan));
    while let Some(page) = tokio::time::timeout(PATIENCE, waiting.join_next()).await.unwrap() {
        assert_eq!(page.unwrap().through, Position(20));
    }
}

#[tokio::test]
async fn one_that_joins_later_is_given_kinds_that_the_pages_before_were_not_read_for() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let early = scan.join(filter(&["a."]), Position::START);
    early.page(&store, Position::START, 7).await.unwrap();
    let late = scan.join(filter(&["b."]), Position::START);
    let given = follow(&late, &store, Position::START).await;
    assert_eq!(given, all(&store, &filter(&["b."]), Position::START).await);
}

#[tokio::test]
async fn near_the_head_nobody_waits() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let slow = scan.join(filter(&["a."]), Position(EVENTS - 5));
    let fast = scan.join(filter(&["a."]), Position(EVENTS - 5));
    slow.page(&store, Position(EVENTS - 5), 7).await.unwrap();
    let began = Instant::now();
    let given = follow(&fast, &store, Position(EVENTS - 5)).await;
    assert!(!given.is_empty() && began.elapsed() < LIMITS.rests);
    assert_eq!(scan.counts(), (0, 0));
}

#[tokio::test]
async fn one_that_is_far_from_the_page_that_is_read_does_not_wait_for_it() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let (behind, ahead) =
        (scan.join(filter(&["a."]), Position::START), scan.join(filter(&["b."]), Position(500)));
    // Neither the one behind for the reader ahead, nor the other way round.
    assert!(matches!(ahead.turn(Position(500)), Turn::Read(_)));
    let page = tokio::time::timeout(PATIENCE, behind.page(&store, Position::START, 7));
    let page = page.await.unwrap().unwrap();
    assert_eq!(page.events.first().unwrap().position, Position(1));
    assert!(scan.lock().reading.is_some(), "it was read while the other page was");
    drop(Reading(&scan));
    assert!(matches!(behind.turn(page.through), Turn::Read(only) if only == filter(&["a."])));
    assert!(matches!(ahead.turn(Position(500)), Turn::Alone));
}

#[tokio::test]
async fn pages_are_not_kept_for_one_that_is_far_behind() {
    let (store, scan) = (log().await, Scan::with(LIMITS));
    let behind = scan.join(filter(&["a."]), Position::START);
    let ahead = scan.join(filter(&["b."]), Position(500));
    behind.moved(Position::START, Doing::Works { since: Instant::now() });
    let began = Instant::now();
    let given = follow(&ahead, &store, Position(500)).await;
    assert_eq!(given, all(&store, &filter(&["b."]), Position(500)).await);
    assert!(began.elapsed() < LIMITS.wait, "{:?}", began.elapsed());
    assert!(scan.lock().pages.is_empty());
}

#[test]
fn pages_are_read_for_the_members_that_are_near() {
    let scan = Scan::with(LIMITS);
    let needed = || scan.lock().filter(0, Position::START);
    let far = scan.join(filter(&["far."]), Position(LIMITS.near + 1));
    let kinds = |kinds: &[&str]| scan.join(filter(kinds), Position::START);
    let _some = [kinds(&["b.", "a.Said"]), kinds(&["a."]), kinds(&["a.Said", "c.x"])];
    assert_eq!(needed(), filter(&["a.", "b.", "c.x"]));
    let own = scan.lock().filter(far.id, Position::START);
    assert!(covers(&own, &filter(&["far.", "c.x"])), "{own:?}");
    let _all = kinds(&[]);
    assert_eq!(needed(), filter(&[]));
    assert!(covers(&filter(&["a."]), &filter(&["a.Said", "a."])));
    assert!(!covers(&filter(&["a.Said"]), &filter(&["a."])));
    assert!(!covers(&filter(&["a."]), &filter(&[])));
    assert!(covers(&filter(&[]), &filter(&["x"])));
}
