//! What others do to an SQLite file beside its writer: another writer, readers that stay, locks, tools.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::limits::{LOCK_WAIT, PROBE_WAIT};
use events::{
    AppendError, EventStore, Expected, Filter, Flaw, NewEvent, OpenError, Position, SqliteOptions,
    StreamName, Unwritable, WalLimits,
};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);

fn open(path: &Path) -> EventStore {
    EventStore::sqlite(path, SqliteOptions::default()).unwrap()
}

fn event(id: u128, bytes: usize) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: "x".repeat(bytes),
        meta: "{}".to_owned(),
    }
}

fn stream(n: u128) -> StreamName {
    StreamName::new(&format!("a-{n}")).unwrap()
}

async fn ids(store: &EventStore) -> Vec<u128> {
    let mut ids = Vec::new();
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &Filter::default(), 1_000).await.unwrap();
        if page.events.is_empty() {
            return ids;
        }
        ids.extend(page.events.iter().map(|event| event.id.as_u128()));
        after = page.through;
    }
}

async fn append(store: &EventStore, id: u128) -> Result<(), AppendError> {
    store.append(&stream(id), Expected::NoStream, vec![event(id, 10)]).await.map(drop)
}

/// As somebody does who takes it for a leftover, or a file system that knows no locks.
fn without_lock(path: &Path) {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    std::fs::remove_file(PathBuf::from(lock)).unwrap();
}

#[tokio::test]
async fn a_second_writer_stops_the_first_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let first = open(&path);
    let mut acknowledged = Vec::new();
    for id in 1..=20 {
        append(&first, id).await.unwrap();
        acknowledged.push(id);
    }
    without_lock(&path);
    let second = open(&path);
    for id in 21..=80 {
        let store = if id % 2 == 0 { &first } else { &second };
        match append(store, id).await {
            Ok(()) => acknowledged.push(id),
            Err(error) => {
                assert!(
                    matches!(&error, AppendError::Unwritable(Unwritable::TakenOver(_))),
                    "{error}"
                );
                assert!(!error.is_retryable());
            }
        }
    }
    assert_eq!(acknowledged.len(), 20 + 30, "the second goes on, the first does not");
    for store in [&first, &second] {
        assert_eq!(ids(store).await, acknowledged);
        assert!(store.flaws().await.unwrap().is_empty());
    }
    let why = first.writable().await.unwrap_err();
    assert!(matches!(&why, Unwritable::TakenOver(_)) && why.retry_after().is_none(), "{why}");
    second.writable().await.unwrap();
    // What the first one remembers is no longer all there is.
    assert!(!first.is_unchanged(&stream(20), Position(20)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_take_over_from_one_another_under_load_lose_nothing() {
    const WRITERS: u128 = 4;
    // Far more than a writer appends until the next one has opened the file on a busy machine.
    const APPENDS_MAX: u128 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let acknowledged = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let mut clients = JoinSet::new();
    for writer in 0..WRITERS {
        if writer > 0 {
            without_lock(&path);
        }
        let store = Arc::new(open(&path));
        for client in 0..4_u128 {
            let (store, acknowledged) = (Arc::clone(&store), Arc::clone(&acknowledged));
            clients.spawn(async move {
                // Until the next one takes over; the last one ends by itself.
                for n in 0..APPENDS_MAX {
                    let id = 1 + n + APPENDS_MAX * (client + 4 * writer);
                    match append(&store, id).await {
                        Ok(()) => acknowledged.lock().await.push(id),
                        Err(AppendError::Unwritable(Unwritable::TakenOver(_))) => return true,
                        Err(error) => panic!("{error}"),
                    }
                    if writer + 1 == WRITERS && n > 50 {
                        return false;
                    }
                }
                panic!("nobody took over");
            });
        }
        let enough = usize::try_from(50 * (writer + 1)).unwrap();
        let written = async {
            while acknowledged.lock().await.len() < enough {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, written).await.expect("nothing is acknowledged");
    }
    let stopped = clients.join_all().await.into_iter().filter(|stopped| *stopped).count();
    assert_eq!(stopped, 12, "every client of the three that were taken over from");
    let log = EventStore::sqlite_read_only(&path).unwrap();
    let mut standing = ids(&log).await;
    standing.sort_unstable();
    let mut acknowledged = acknowledged.lock().await.clone();
    acknowledged.sort_unstable();
    assert_eq!(standing, acknowledged);
    assert!(log.flaws().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_writer_stops_where_somebody_wrote_with_other_tools() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path);
    for id in 1..=3 {
        append(&store, id).await.unwrap();
    }
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("DELETE FROM events WHERE position = 3").unwrap();
    let error = append(&store, 4).await.unwrap_err();
    assert!(matches!(error, AppendError::Unwritable(Unwritable::TakenOver(_))), "{error}");
    assert_eq!(ids(&store).await, [1, 2], "and what stands there is what is read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_appends_of_a_group_leave_nothing_and_touch_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder.path().join("log.sqlite")));
    append(&store, 1).await.unwrap();
    let mut appends = JoinSet::new();
    for n in 0..200_u128 {
        let store = Arc::clone(&store);
        appends.spawn(async move {
            let own = 1_000 + n * 2;
            // Every third ends with an id that stands in the log.
            let last = if n % 3 == 0 { 1 } else { own + 1 };
            let events = vec![event(own, 10), event(last, 10)];
            match store.append(&stream(own), Expected::NoStream, events).await {
                Ok(_) => Some(own),
                Err(AppendError::IdReused(id)) if id.as_u128() == 1 => None,
                Err(error) => panic!("{error}"),
            }
        });
    }
    let mut taken: Vec<u128> = appends.join_all().await.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken.len(), 133);
    let mut standing = ids(&store).await;
    standing.sort_unstable();
    let both = taken.iter().flat_map(|own| [*own, own + 1]);
    assert_eq!(standing, std::iter::once(1).chain(both).collect::<Vec<_>>());
    assert!(store.flaws().await.unwrap().is_empty(), "a stream without an event, or a gap");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_outside_makes_appends_wait_within_a_limit_and_all_that_wait_are_told_to_come_back()
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = Arc::new(open(&path));
    append(&store, 1).await.unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let mut appends = JoinSet::new();
    for id in 2..=20 {
        let store = Arc::clone(&store);
        appends.spawn(async move { append(&store, id).await });
    }
    // Meanwhile whoever asks is told so soon.
    let until_asked = async {
        while store.writable().await.is_ok() {
            tokio::task::yield_now().await;
        }
        store.writable().await.unwrap_err()
    };
    let why = timeout(PROBE_WAIT * 4, until_asked).await.expect("it counts as writable");
    assert!(why.is_retryable(), "{why}");
    for refused in appends.join_all().await {
        let error = refused.unwrap_err();
        assert!(matches!(error, AppendError::Busy(wait) if !wait.is_zero()), "{error}");
    }
    let waited = began.elapsed();
    assert!(waited < LOCK_WAIT * 3 / 2, "{waited:?}");
    outside.execute_batch("ROLLBACK").unwrap();
    // A question that began to wait before the lock was gone may still refuse what has come behind it.
    let again = async {
        while let Err(error) = append(&store, 30).await {
            assert!(matches!(error, AppendError::Busy(_)), "{error}");
        }
    };
    timeout(LOCK_WAIT * 2, again).await.expect("it stays locked");
    store.writable().await.unwrap();
    assert_eq!(ids(&store).await, [1, 30]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_outside_never_makes_commits_wait_and_at_the_limit_appends_are_refused_until_it_ends()
 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let limits = WalLimits { copy: 20, wait: u64::MAX, alarm: 50, most: 1_000 };
    let options = SqliteOptions { wal: limits, ..SqliteOptions::default() };
    let store = EventStore::sqlite(&path, options).unwrap();
    append(&store, 1).await.unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN").unwrap();
    let seen: i64 = outside.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 1);
    let (mut id, mut slowest) = (1, Duration::ZERO);
    let refused = loop {
        id += 1;
        let began = Instant::now();
        let appended = store.append(&stream(id), Expected::NoStream, vec![event(id, 20_000)]).await;
        slowest = slowest.max(began.elapsed());
        match appended {
            Ok(_) => assert!(id < 1_000, "it grows without a limit"),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Busy(_)), "{refused}");
    assert!(slowest < Duration::from_secs(2), "a commit took {slowest:?}");
    assert!(id > 50, "full after {id} appends");
    let alarmed = async {
        while !store.stats().wal_pinned {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, alarmed).await.expect("no alarm");
    assert!(store.stats().wal_bytes >= 1_000 * 4_096);
    let until_asked = async {
        while store.writable().await.is_ok() {
            tokio::task::yield_now().await;
        }
        store.writable().await.unwrap_err()
    };
    let why = timeout(LIMIT, until_asked).await.expect("it counts as writable");
    assert!(matches!(why, Unwritable::Pinned { .. }), "{why}");
    outside.execute_batch("COMMIT").unwrap();
    let recovered = async {
        while append(&store, id).await.is_err() || store.stats().wal_pinned {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, recovered).await.expect("it does not recover");
    assert_eq!(ids(&store).await.len(), usize::try_from(id).unwrap());
    assert!(store.stats().wal_bytes < 100 * 4_096, "{}", store.stats().wal_bytes);
    let length = std::fs::metadata(folder.path().join("log.sqlite-wal")).unwrap().len();
    assert!(length < 200 * 4_096, "the disk has its {length} bytes still");
}

#[tokio::test]
async fn a_log_without_room_says_so_and_is_writable_again_once_there_is_some() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let options = SqliteOptions { pages_max: Some(200), ..SqliteOptions::default() };
    let store = EventStore::sqlite(&path, options).unwrap();
    assert!(store.disk_free().unwrap() > 0);
    let mut id = 0;
    let error = loop {
        id += 1;
        let full = store.append(&stream(id), Expected::NoStream, vec![event(id, 20_000)]).await;
        if let Err(error) = full {
            break error;
        }
    };
    assert!(matches!(&error, AppendError::Unwritable(Unwritable::Full(_))), "{error}");
    let until_asked = async {
        while store.writable().await.is_ok() {
            tokio::task::yield_now().await;
        }
        store.writable().await.unwrap_err()
    };
    let why = timeout(LIMIT, until_asked).await.expect("it counts as writable");
    assert!(matches!(why, Unwritable::Full(_)) && why.retry_after().is_some(), "{why}");
    let head = store.head();
    drop(store);
    let store = open(&path);
    store.writable().await.unwrap();
    assert_eq!(store.head(), head, "asking adds nothing");
    append(&store, id).await.unwrap();
}

#[tokio::test]
async fn a_log_is_read_beside_its_writer_and_never_made_by_whoever_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let missing = EventStore::sqlite_read_only(&path).unwrap_err();
    assert!(matches!(missing, OpenError::Missing { .. }), "{missing}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
    std::fs::write(&path, "").unwrap();
    let nothing = EventStore::sqlite_read_only(&path).unwrap_err();
    assert!(matches!(nothing, OpenError::Missing { .. }), "{nothing}");
    std::fs::remove_file(&path).unwrap();
    let store = open(&path);
    append(&store, 1).await.unwrap();
    let reader = EventStore::open_read_only(&format!("sqlite:{}", path.display())).await.unwrap();
    assert_eq!((reader.id(), reader.head()), (store.id(), Position(1)));
    append(&store, 2).await.unwrap();
    assert_eq!(ids(&reader).await, [1, 2]);
    let refused = append(&reader, 3).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unwritable(Unwritable::ReadOnly(_))), "{refused}");
    assert!(matches!(reader.writable().await, Err(Unwritable::ReadOnly(_))));
    append(&store, 3).await.unwrap();
    drop(reader);
    drop(store);
    assert_eq!(ids(&EventStore::sqlite_read_only(&path).unwrap()).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_log_of_the_version_before_is_read_as_it_is_and_brought_up_to_date_by_whoever_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path);
    append(&store, 1).await.unwrap();
    let id = store.id();
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("DROP TABLE writer; PRAGMA user_version = 2").unwrap();
    drop(raw);
    let reader = EventStore::sqlite_read_only(&path).unwrap();
    assert_eq!((reader.id(), ids(&reader).await), (id, vec![1]));
    let store = open(&path);
    append(&store, 2).await.unwrap();
    assert_eq!((store.id(), ids(&store).await), (id, vec![1, 2]));
}

#[tokio::test]
async fn flaws_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path);
    for id in 1..=4 {
        append(&store, id).await.unwrap();
    }
    let long = vec![event(5, 10), event(6, 10), event(7, 10)];
    store.append(&stream(5), Expected::NoStream, long).await.unwrap();
    assert!(store.flaws().await.unwrap().is_empty());
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "INSERT INTO streams (name) VALUES ('a-9'); DELETE FROM events WHERE position IN (1, 6);
         DELETE FROM streams WHERE name = 'a-4'",
    )
    .unwrap();
    drop(raw);
    let flaws = EventStore::sqlite_read_only(&path).unwrap().flaws().await.unwrap();
    let expected = [
        Flaw::EmptyStream("a-1".to_owned()),
        Flaw::EmptyStream("a-9".to_owned()),
        Flaw::NoStream(Position(4)),
        Flaw::Gap { after: Position(0), before: Position(2) },
        Flaw::Gap { after: Position(5), before: Position(7) },
        Flaw::VersionGap { stream: "a-5".to_owned(), after: 1, before: 3 },
    ];
    assert_eq!(flaws, expected);
    // And what contradicts itself in the file.
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, '(stream, version)', '(version, stream)')
         WHERE name = 'events_by_stream'",
    )
    .unwrap();
    drop(raw);
    let damaged = EventStore::sqlite_read_only(&path).unwrap().flaws().await.unwrap();
    assert!(damaged.iter().any(|flaw| matches!(flaw, Flaw::Damaged(_))), "{damaged:?}");
}
