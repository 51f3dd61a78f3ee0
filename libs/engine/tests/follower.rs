//! One follower of the log: what it saves, and what it handles again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use engine::limits::{FOLLOWED_PER_SAVE, PAGE_EVENTS};
use engine::tasks::{
    Cursors, Follower, Following, Handled, Handler, Rest, Rows, Saved, Source, Stalled, Task, Tasks,
};
use engine::view::{Shape, View};
use engine::{Engine, Settings};
use events::bus::{Bus, Leadership};
use events::{AppendError, EventStore, Expected, Faults, NewEvent, Page, Position, StreamName};
use jiff::Timestamp;
use platform::TimeSource;
use rusqlite::Connection;
use tokio::sync::watch;
use uuid::Uuid;

const NAME: &str = "test-copies";

async fn engine(store: EventStore, folder: &Path) -> Arc<Engine> {
    let store = Arc::new(store);
    let now: Timestamp = "2026-11-20T09:00:00+07:00".parse().unwrap();
    Engine::new(Settings {
        bus: Bus::Store(Arc::clone(&store)),
        store,
        rules: Vec::new(),
        clock: TimeSource::manual(now),
        views: Some(folder.join("views")),
    })
    .await
    .unwrap()
}

fn event(name: &str, data: &str) -> NewEvent {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let (kind, data) = ("test.Said.v1".into(), format!("\"{data}\""));
    NewEvent { id, kind, data, meta: r#"{"at":"2026-11-20T02:00:00Z"}"#.to_owned() }
}

/// Appends to a stream until that succeeds.
async fn append(store: &EventStore, stream: &str, new: &NewEvent) {
    let stream = StreamName::new(stream).unwrap();
    loop {
        let expected = Expected::from(store.last(&stream).await.unwrap().map(|last| last.version));
        match store.append(&stream, expected, vec![new.clone()]).await {
            Ok(_) | Err(AppendError::IdReused(_)) => return,
            Err(_) => {}
        }
    }
}

async fn say(store: &EventStore, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let word = number.to_string();
        append(store, "source-1", &event(&word, &word)).await;
    }
}

/// What a [`Copies`] did, and what it is to do.
#[derive(Default)]
struct Seen {
    /// Events for which a copy was attempted.
    attempts: AtomicUsize,
    /// Number of the attempt that does not come to an end; none if 0.
    hangs_at: AtomicUsize,
    /// Whether an unreadable event is passed over.
    skips: AtomicBool,
    /// How often saving fails.
    saves_fail: AtomicU64,
    /// Whether a page requires that the position is saved.
    saves: AtomicBool,
}

/// Copies each event to another stream, under an id that is derived from its own.
struct Copies {
    engine: Arc<Engine>,
    seen: Arc<Seen>,
}

impl Handler for Copies {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let stream = StreamName::new("copy-1").unwrap();
        for event in &page.events {
            let attempt = self.seen.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            if attempt == self.seen.hangs_at.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            if event.data.contains("corrupt") && !self.seen.skips.load(Ordering::Relaxed) {
                let found = format!("the event at {} cannot be read", event.position.0);
                return Err(Stalled::Defect(found));
            }
            let last = self.engine.store.last(&stream).await?;
            let copy = NewEvent {
                id: Uuid::new_v5(&event.id, b"copy"),
                kind: "copy.Said.v1".into(),
                data: event.data.clone(),
                meta: event.meta.clone(),
            };
            let expected = Expected::from(last.map(|last| last.version));
            match self.engine.store.append(&stream, expected, vec![copy]).await {
                Ok(_) | Err(AppendError::IdReused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Handled::Done { save: self.seen.saves.load(Ordering::Relaxed) })
    }

    async fn state(&mut self) -> Result<Rows, Stalled> {
        let left = &self.seen.saves_fail;
        let fails =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        Ok(Box::new(move |_: &Connection| {
            fails.map_or(Ok(()), |_| Err(rusqlite::Error::InvalidQuery))
        }))
    }
}

fn follow(engine: &Arc<Engine>, seen: &Arc<Seen>, lead: Leadership) -> Follower<Copies> {
    let saved = Cursors::open(engine, "test-cursors").unwrap().of(engine, NAME).unwrap();
    let following = Following::new(NAME, &["test."], Source::Leader(lead), saved);
    let copies = Copies { engine: Arc::clone(engine), seen: Arc::clone(seen) };
    Follower::new(engine, following, copies).unwrap()
}

fn saving() -> Arc<Seen> {
    Arc::new(Seen { saves: true.into(), ..Default::default() })
}

/// Where a follower that begins now would begin.
fn saved(engine: &Arc<Engine>) -> Position {
    follow(engine, &Arc::default(), Leadership::alone()).progress().now()
}

/// Whether one that begins now has no event to handle.
async fn nothing_is_left(engine: &Arc<Engine>) -> bool {
    let seen = saving();
    follow(engine, &seen, Leadership::alone()).catch_up().await.unwrap();
    seen.attempts.load(Ordering::Relaxed) == 0
}

async fn copied(store: &EventStore) -> Vec<String> {
    let copies = store.read_whole(&StreamName::new("copy-1").unwrap()).await.unwrap();
    copies.iter().map(|copy| copy.data.trim_matches('"').to_owned()).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn conflicts_and_lost_answers_repeat_a_page_and_each_event_has_one_effect_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let faults =
        Faults { seed: 3, conflict: 60, unreachable_before: 60, unreachable_after: 60, busy: 60 };
    let engine = engine(EventStore::faulty(EventStore::memory(), faults), folder.path()).await;
    say(&engine.store, 0..40).await;
    let seen = saving();
    let mut follower = follow(&engine, &seen, Leadership::alone());
    let mut stalled = 0;
    while follower.catch_up().await.is_err() {
        assert_eq!(
            follower.progress().now(),
            Position::START,
            "no progress before the page is done"
        );
        stalled += 1;
    }
    assert!(stalled > 3, "only {stalled} faults");
    assert!(seen.attempts.load(Ordering::Relaxed) > 40);
    assert_eq!(copied(&engine.store).await, numbers(0..40));
    assert!(nothing_is_left(&engine).await);
}

#[tokio::test]
async fn an_event_that_must_not_be_passed_over_holds_up_the_follower_until_it_is_readable() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..2).await;
    append(&engine.store, "source-1", &event("corrupt", "corrupt")).await;
    say(&engine.store, 2..3).await;
    let seen = saving();
    let mut follower = follow(&engine, &seen, Leadership::alone());
    for _ in 0..3 {
        assert!(follower.catch_up().await.is_err());
        assert_eq!(saved(&engine), Position::START);
        assert_eq!(copied(&engine.store).await, numbers(0..2), "what precedes it is handled once");
    }
    seen.skips.store(true, Ordering::Relaxed);
    follower.catch_up().await.unwrap();
    assert_eq!(copied(&engine.store).await, ["0", "1", "corrupt", "2"]);
}

#[tokio::test]
async fn a_page_that_was_broken_off_is_handled_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..5).await;
    let seen = saving();
    seen.hangs_at.store(4, Ordering::Relaxed);
    let mut follower = follow(&engine, &seen, Leadership::alone());
    let halfway = async {
        while copied(&engine.store).await.len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = follower.catch_up() => panic!("it ended: {ended:?}"),
        () = halfway => {}
    }
    drop(follower);
    assert_eq!(saved(&engine), Position::START);
    let mut again = follow(&engine, &saving(), Leadership::alone());
    again.catch_up().await.unwrap();
    assert_eq!(copied(&engine.store).await, numbers(0..5));
    assert!(nothing_is_left(&engine).await);
}

#[tokio::test]
async fn a_save_that_failed_is_owed_and_repeated_before_the_next_page() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..3).await;
    let seen = saving();
    seen.saves_fail.store(2, Ordering::Relaxed);
    let mut follower = follow(&engine, &seen, Leadership::alone());
    for _ in 0..2 {
        assert!(follower.step().await.is_err());
        assert_eq!(saved(&engine), Position::START);
    }
    assert!(follower.step().await.is_ok());
    assert!(saved(&engine) > Position::START);
    assert_eq!(
        seen.attempts.load(Ordering::Relaxed),
        3,
        "the process goes on without a repetition"
    );
    // Had it ended after a lost save, the page would be handled again, to no further effect.
    std::fs::remove_file(folder.path().join("views/test-cursors.sqlite")).unwrap();
    let mut again = follow(&engine, &seen, Leadership::alone());
    again.catch_up().await.unwrap();
    assert_eq!(seen.attempts.load(Ordering::Relaxed), 6);
    assert_eq!(copied(&engine.store).await, numbers(0..3));
}

#[tokio::test]
async fn small_pages_are_gathered_before_the_position_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    let saved_row = Cursors::open(&engine, "test-cursors").unwrap().of(&engine, NAME).unwrap();
    let following = Following {
        save_after: 6,
        page_events: 2,
        ..Following::new(NAME, &["test."], Source::Every, saved_row)
    };
    let seen = Arc::new(Seen { skips: true.into(), ..Default::default() });
    let copies = Copies { engine: Arc::clone(&engine), seen };
    let mut follower = Follower::new(&engine, following, copies).unwrap();
    say(&engine.store, 0..4).await;
    // The copies are scanned, too.
    for (steps, gathered) in [(1, true), (1, true), (1, false)] {
        for _ in 0..steps {
            follower.step().await.unwrap();
        }
        assert_eq!(saved(&engine) == Position::START, gathered, "{follower:?}");
    }
    assert_eq!(saved(&engine), follower.progress().now());
}

#[tokio::test]
async fn a_long_part_of_the_log_without_events_of_its_kinds_is_scanned_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    let others = usize::try_from(FOLLOWED_PER_SAVE).unwrap() + PAGE_EVENTS;
    for number in 0..others {
        let word = number.to_string();
        let other = NewEvent { kind: "other.Said.v1".into(), ..event(&word, &word) };
        let stream = StreamName::new(&format!("other-{word}")).unwrap();
        engine.store.append(&stream, Expected::NoStream, vec![other]).await.unwrap();
    }
    let seen = saving();
    follow(&engine, &seen, Leadership::alone()).catch_up().await.unwrap();
    let left = engine.store.head().0 - saved(&engine).0;
    assert!(left < FOLLOWED_PER_SAVE, "{left} events would be scanned again");
    assert_eq!(seen.attempts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_replica_handles_events_only_while_it_leads() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..3).await;
    let (seen, (leads, lead)) = (saving(), watch::channel(false));
    let mut tasks = Tasks::default();
    tasks.add(follow(&engine, &seen, Leadership::decided(lead)));
    tasks.settle(&engine).await.unwrap();
    assert_eq!(seen.attempts.load(Ordering::Relaxed), 0);
    leads.send_replace(true);
    tasks.settle(&engine).await.unwrap();
    assert_eq!(copied(&engine.store).await, numbers(0..3));
}

#[tokio::test]
async fn the_position_in_the_file_of_an_earlier_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..3).await;
    let head = engine.store.head();
    let old = folder.path().join("views").join(format!("{NAME}.sqlite"));
    let write = |store: Uuid, position: Position| {
        let file = Connection::open(&old).unwrap();
        file.execute_batch("CREATE TABLE view (store BLOB, version INTEGER, position INTEGER)")
            .unwrap();
        let row = (store.as_bytes().as_slice(), 1, position.0.cast_signed());
        file.execute("INSERT INTO view VALUES (?1, ?2, ?3)", row).unwrap();
    };
    write(Uuid::nil(), head);
    assert_eq!(saved(&engine), Position::START, "the file of another log");
    std::fs::remove_file(&old).unwrap();
    write(engine.store.id(), head);
    assert_eq!(saved(&engine), head);
    assert!(!old.exists(), "it is taken over once");
    assert_eq!(saved(&engine), head);
    let seen = saving();
    follow(&engine, &seen, Leadership::alone()).catch_up().await.unwrap();
    assert_eq!(seen.attempts.load(Ordering::Relaxed), 0, "nothing is handled twice");
}

/// Writes rows only once something has run on the executor.
struct Blocks(Arc<Mutex<mpsc::Receiver<()>>>);

impl Handler for Blocks {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let released = Arc::clone(&self.0);
        Ok(Handled::Rows(Box::new(move |rows| {
            released.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
            page.events.iter().try_for_each(|event| {
                rows.execute("INSERT INTO said VALUES (?1)", [&*event.data]).map(|_| ())
            })
        })))
    }

    async fn rest(&mut self, _at: Position) -> Result<Rest, Stalled> {
        Ok(Rest::Until { wake_at: None, save: false })
    }
}

#[tokio::test(flavor = "current_thread")]
async fn rows_are_written_beside_the_executor_and_in_one_transaction_with_the_position() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(EventStore::memory(), folder.path()).await;
    say(&engine.store, 0..2).await;
    let shape = Shape {
        name: "test-view",
        version: 1,
        tables: "CREATE TABLE said (word TEXT NOT NULL) STRICT;",
    };
    let view = Arc::new(View::open(engine.view_folder(), shape, &engine.store).unwrap());
    let (release, released) = mpsc::channel();
    let saved = Saved::View(Arc::clone(&view));
    let following = Following::new("test-view", &["test."], Source::Every, saved);
    let handler = Blocks(Arc::new(Mutex::new(released)));
    let mut follower = Follower::new(&engine, following, handler).unwrap();
    let count = |view: &View| {
        view.peek(|rows| rows.query_row("SELECT count(*) FROM said", [], |row| row.get(0))).unwrap()
    };
    let begun = AtomicBool::new(false);
    let releasing = async {
        while !begun.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
    };
    let writing = async {
        begun.store(true, Ordering::Relaxed);
        follower.catch_up().await
    };
    let (written, ()) = tokio::join!(writing, releasing);
    written.unwrap();
    let rows: i64 = count(&view);
    assert_eq!((rows, view.position().unwrap()), (2, follower.progress().now()));
}
