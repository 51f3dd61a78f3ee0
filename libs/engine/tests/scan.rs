//! Views that share the scan of the log: each has every event once, whatever becomes of the others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::limits::SCAN_FROM;
use engine::tasks::{NotApplied, Projection, Projector, Stalled, Task};
use engine::view::{Shape, View};
use engine::{Engine, Settings};
use events::bus::Bus;
use events::{EventStore, Expected, NewEvent, Position, Recorded, StreamName};
use jiff::Timestamp;
use platform::TimeSource;
use rusqlite::Connection;
use uuid::Uuid;

/// Events of the log: far more than are shared near the head.
const EVENTS: u64 = 5 * SCAN_FROM;
const PATIENCE: Duration = Duration::from_secs(60);

async fn log() -> Arc<EventStore> {
    let store = EventStore::memory();
    for batch in 0..EVENTS / 64 {
        let stream = StreamName::new(&format!("test-{batch}")).unwrap();
        let events = (0..64_u64).map(|number| NewEvent {
            id: Uuid::from_u128(u128::from(batch * 64 + number + 1)),
            kind: ["a.Said.v1", "b.Said.v1"][usize::from(number % 3 == 0)].into(),
            data: "x".repeat(400),
            meta: r#"{"at":"2026-11-20T02:00:00Z"}"#.to_owned(),
        });
        store.append(&stream, Expected::NoStream, events.collect()).await.unwrap();
    }
    Arc::new(store)
}

/// A process on the log.
async fn process(store: &Arc<EventStore>, folder: &Path) -> Arc<Engine> {
    let now: Timestamp = "2026-11-20T09:00:00+07:00".parse().unwrap();
    Engine::new(Settings {
        bus: Bus::Store(Arc::clone(store)),
        store: Arc::clone(store),
        rules: Vec::new(),
        clock: TimeSource::manual(now),
        views: Some(folder.join("views")),
    })
    .await
    .unwrap()
}

const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];
const KINDS: [&[&str]; 4] = [&["a."], &["b."], &[], &["a.", "b."]];

/// The positions of its events, in a table that takes each as often as it is written.
#[derive(Default)]
struct Positions<const N: usize> {
    fails: Arc<AtomicBool>,
}

impl<const N: usize> Projection for Positions<N> {
    const SHAPE: Shape = Shape {
        name: NAMES[N],
        version: 1,
        tables: "CREATE TABLE seen (n INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;",
    };
    const KINDS: &'static [&'static str] = KINDS[N];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        if self.fails.load(Ordering::Relaxed) && event.position.0 > EVENTS / 2 {
            return Err(NotApplied::View(rusqlite::Error::InvalidQuery));
        }
        rows.prepare_cached("INSERT INTO seen (position) VALUES (?1)")?
            .execute([event.position.0.cast_signed()])?;
        Ok(())
    }
}

type Of<const N: usize> = (Projector<Positions<N>>, Arc<View>);

fn open<const N: usize>(engine: &Arc<Engine>) -> Of<N> {
    let (projector, view, _) = Projector::open(engine, Positions::default()).unwrap();
    (projector, view)
}

/// Fails unless the view has each event of its kinds once, in order.
async fn is_complete<const N: usize>(store: &EventStore, (projector, view): &Of<N>) {
    assert_eq!(projector.progress().now(), store.head(), "{}", NAMES[N]);
    let seen: Vec<i64> = view
        .peek(|rows| {
            let mut seen = rows.prepare("SELECT position FROM seen ORDER BY n")?;
            seen.query_map([], |row| row.get(0))?.collect()
        })
        .unwrap();
    let filter = events::Filter { kinds: KINDS[N].iter().map(|kind| (*kind).into()).collect() };
    let (mut all, mut at) = (Vec::new(), Position::START);
    while at < store.head() {
        let page = store.read_all(at, &filter, 10_000).await.unwrap();
        all.extend(page.events.iter().map(|event| event.position.0.cast_signed()));
        at = page.through;
    }
    assert!(!all.is_empty());
    assert!(seen == all, "{}: {} of {} events", NAMES[N], seen.len(), all.len());
}

async fn steps<const N: usize>(of: &mut Of<N>, steps: u32) {
    for _ in 0..steps {
        of.0.step().await.unwrap();
    }
}

/// A process with its threads; they end when it is dropped, in the middle of what they do.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn views_of_a_process_that_ended_at_different_places_have_every_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, path) = (runtime().block_on(log()), folder.path());
    let ended = runtime();
    ended.block_on(async {
        let engine = process(&store, path).await;
        let (mut one, mut two) = (open::<0>(&engine), open::<1>(&engine));
        steps::<0>(&mut one, 2).await;
        steps::<1>(&mut two, 1).await;
        // The last page is still being written: its transaction is committed, or it is not.
        let reached = [one.0.progress().now(), two.0.progress().now()];
        assert!(reached[0] > Position::START && reached[1] == Position::START, "{reached:?}");
    });
    drop(ended);
    runtime().block_on(async {
        let engine = process(&store, path).await;
        let (mut one, mut two, mut three) =
            (open::<0>(&engine), open::<1>(&engine), open::<2>(&engine));
        let all = async { tokio::join!(one.0.catch_up(), two.0.catch_up(), three.0.catch_up()) };
        let (first, second, third) = tokio::time::timeout(PATIENCE, all).await.unwrap();
        first.and(second).and(third).unwrap();
        is_complete(&store, &one).await;
        is_complete(&store, &two).await;
        is_complete(&store, &three).await;
        // One that is added when the others are at the head.
        let mut late = open::<3>(&engine);
        tokio::time::timeout(PATIENCE, late.0.catch_up()).await.unwrap().unwrap();
        is_complete(&store, &late).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_fails_does_not_stop_the_others_and_continues_where_it_is() {
    let (store, folder) = (log().await, tempfile::tempdir().unwrap());
    let engine = process(&store, folder.path()).await;
    let fails = Arc::new(AtomicBool::new(true));
    let failing = Positions::<0> { fails: Arc::clone(&fails) };
    let (projector, view, _) = Projector::open(&engine, failing).unwrap();
    let (mut failing, mut other) = ((projector, view), open::<1>(&engine));
    let all = async { tokio::join!(failing.0.catch_up(), other.0.catch_up()) };
    let (failed, done) = tokio::time::timeout(PATIENCE, all).await.unwrap();
    assert!(matches!(failed, Err(Stalled::View(_))), "{failed:?}");
    done.unwrap();
    is_complete(&store, &other).await;
    fails.store(false, Ordering::Relaxed);
    tokio::time::timeout(PATIENCE, failing.0.catch_up()).await.unwrap().unwrap();
    is_complete(&store, &failing).await;
}

#[tokio::test]
async fn views_that_are_brought_up_to_date_one_after_another_do_not_wait() {
    let (store, folder) = (log().await, tempfile::tempdir().unwrap());
    let engine = process(&store, folder.path()).await;
    let (mut one, mut two) = (open::<0>(&engine), open::<1>(&engine));
    let both = async {
        one.0.catch_up().await.unwrap();
        two.0.catch_up().await.unwrap();
    };
    tokio::time::timeout(PATIENCE, both).await.unwrap();
    is_complete(&store, &one).await;
    is_complete(&store, &two).await;
}
