use rusqlite::ffi;

use super::file::is_elsewhere;
use super::*;

const SHAPE: Shape =
    Shape { name: "numbers", version: 1, tables: "CREATE TABLE numbers (n INTEGER) STRICT;" };

fn count(view: &View) -> i64 {
    view.peek(|c| c.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0))).unwrap()
}

fn fill(folder: &Path, store: &EventStore, position: Position) {
    let view = View::open(Some(folder), SHAPE, store).unwrap();
    view.write_at_start(position, |t| t.execute("INSERT INTO numbers VALUES (7)", [])).unwrap();
}

#[test]
fn a_view_keeps_its_rows_and_position() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    fill(folder.path(), &store, Position::START);
    assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 1);
}

#[test]
fn a_view_of_another_store_or_shape_or_ahead_of_its_store_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = EventStore::memory();
    fill(folder.path(), &store, Position::START);
    let other = View::open(Some(folder.path()), SHAPE, &EventStore::memory()).unwrap();
    assert_eq!(count(&other), 0);
    drop(other);
    fill(folder.path(), &store, Position::START);
    let newer = Shape { version: 2, ..SHAPE };
    assert_eq!(count(&View::open(Some(folder.path()), newer, &store).unwrap()), 0);
    fill(folder.path(), &store, Position(99));
    assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 0);
}

#[tokio::test]
async fn questions_of_one_kind_never_wait_for_another_and_those_that_are_too_many_are_refused() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    fill(folder.path(), &store, Position::START);
    let view = Arc::new(View::open(Some(folder.path()), SHAPE, &store).unwrap());
    // Readers of statistics block until this is dropped.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let (begun, begins) = std::sync::mpsc::channel();
    let mut statistics = tokio::task::JoinSet::new();
    for _ in 0..STATISTICS_AT_ONCE + STATISTICS_WAITING_MAX {
        let (view, held, begun) = (Arc::clone(&view), Arc::clone(&held), begun.clone());
        statistics.spawn(async move {
            let read = move |rows: &Connection| {
                begun.send(()).unwrap();
                // Dropping the sender ends all of them at once.
                held.lock().unwrap().recv().unwrap_err();
                rows.query_row("SELECT n FROM numbers", [], |row| row.get::<_, i64>(0))
            };
            view.query(Question::Statistics, read).await.unwrap()
        });
    }
    let one = |rows: &Connection| rows.query_row("SELECT 1", [], |row| row.get::<_, i64>(0));
    while view.statistics.waiting() < STATISTICS_WAITING_MAX {
        tokio::task::yield_now().await;
    }
    assert!(matches!(view.query(Question::Statistics, one).await, Err(ViewError::Busy)));
    for question in [Question::LookUp, Question::List] {
        assert_eq!(view.query(question, one).await.unwrap(), 1);
    }
    assert!(begins.try_iter().count() <= STATISTICS_AT_ONCE);
    drop(release);
    let read = statistics.join_all().await;
    assert_eq!(read, vec![7; STATISTICS_AT_ONCE + STATISTICS_WAITING_MAX]);
    assert_eq!(view.query(Question::Statistics, one).await.unwrap(), 1);
}

#[tokio::test]
async fn a_question_that_panics_takes_no_connection_with_it() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    for folder in [None, Some(folder.path())] {
        let view = View::open(folder, SHAPE, &store).unwrap();
        for _ in 0..2 * STATISTICS_AT_ONCE {
            let panics = |_: &Connection| -> rusqlite::Result<()> { panic!("on purpose") };
            let broken = view.query(Question::Statistics, panics).await;
            assert!(matches!(broken, Err(ViewError::BrokenOff)));
        }
        let read = |rows: &Connection| rows.query_row("SELECT 1", [], |row| row.get(0));
        let one: i64 = view.query(Question::Statistics, read).await.unwrap();
        assert_eq!(one, 1);
    }
}

#[test]
fn a_view_that_knows_more_than_the_log_is_a_witness_and_stays_as_it_is() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    fill(folder.path(), &store, Position::START);
    std::fs::write(folder.path().join("damaged.sqlite"), "no database").unwrap();
    assert_eq!(ahead(folder.path(), &store), []);
    fill(folder.path(), &store, Position(99));
    let witness = |other| Ahead { name: "numbers".to_owned(), position: Position(99), other };
    assert_eq!(ahead(folder.path(), &store), [witness(false)]);
    assert_eq!(ahead(folder.path(), &EventStore::memory()), [witness(true)]);
    assert_eq!(ahead(&folder.path().join("missing"), &store), []);
}

#[test]
fn a_disk_that_takes_nothing_is_no_reason_to_throw_a_view_away() {
    let elsewhere =
        |code| is_elsewhere(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    let reasons = [
        ffi::SQLITE_FULL,
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_READONLY,
        ffi::SQLITE_CANTOPEN,
        ffi::SQLITE_BUSY,
    ];
    assert!(reasons.into_iter().all(elsewhere));
    let damages = [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR_SHORT_READ];
    assert!(!damages.into_iter().any(elsewhere));
}

#[test]
fn a_damaged_view_is_built_anew() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    fill(folder.path(), &store, Position::START);
    std::fs::write(folder.path().join("numbers.sqlite"), "no database").unwrap();
    assert_eq!(count(&View::open(Some(folder.path()), SHAPE, &store).unwrap()), 0);
}

#[tokio::test]
async fn the_write_ahead_log_of_a_view_is_bounded_even_if_a_reader_prevents_checkpoints() {
    let (folder, store) = (tempfile::tempdir().unwrap(), EventStore::memory());
    let limits = WalLimits { copy: 10, wait: 20, alarm: 200, most: 400 };
    let view = View::open_within(Some(folder.path()), SHAPE, &store, limits).unwrap();
    let wal = folder.path().join("numbers.sqlite-wal");
    let pages = || std::fs::metadata(&wal).unwrap().len() / 4_096;
    let write = || {
        let rows = |rows: &Connection| {
            rows.execute_batch(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO numbers SELECT i FROM n",
            )
        };
        view.write(Position(1), rows)
    };
    for _ in 0..100 {
        write().await.unwrap();
    }
    assert!(pages() < 100, "{} pages without a reader", pages());
    let reader = Connection::open(folder.path().join("numbers.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM numbers").unwrap();
    let refused = loop {
        if let Err(error) = write().await {
            break error;
        }
    };
    assert!(matches!(&refused, ViewError::Full(_)) && refused.is_retryable(), "{refused}");
    assert!((400..500).contains(&pages()), "{} pages", pages());
    drop(reader);
    let patience = std::time::Instant::now();
    while write().await.is_err() {
        assert!(patience.elapsed().as_secs() < 20, "it is not written again");
    }
}
