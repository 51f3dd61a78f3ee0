//! What only an engine on a file can suffer.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use events::limits::{APPEND_QUEUE_BYTES_MAX, APPEND_QUEUE_MAX, GROUP_BYTES_MAX, GROUP_EVENTS_MAX};
use events::{
    AppendError, EventStore, Expected, Fault, Faults, Filter, NewEvent, OpenError, Position,
    SqliteOptions, StreamName, Unwritable,
};
use uuid::Uuid;

fn open(path: &Path) -> Result<EventStore, OpenError> {
    EventStore::sqlite(path, SqliteOptions::default())
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
    let (mut ids, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await.unwrap();
        if page.through == after {
            return ids;
        }
        ids.extend(page.events.iter().map(|event| event.id.as_u128()));
        after = page.through;
    }
}

#[tokio::test]
async fn a_reopened_file_has_the_same_identity_and_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path).unwrap();
    let id = store.id();
    for n in 1..=10 {
        store.append(&stream(n), Expected::NoStream, vec![event(n, 10)]).await.unwrap();
    }
    drop(store);
    let store = open(&path).unwrap();
    assert_eq!(store.id(), id);
    assert_eq!(ids(&store).await, (1..=10).collect::<Vec<_>>());
    let appended =
        store.append(&stream(11), Expected::NoStream, vec![event(11, 10)]).await.unwrap();
    assert_eq!(appended.position, Position(11));
}

#[tokio::test]
async fn people_with_standard_tools_read_the_log_with_the_names_of_its_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path).unwrap();
    store.append(&stream(7), Expected::NoStream, vec![event(1, 10)]).await.unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    let row: (i64, String, String) = raw
        .query_row("SELECT position, stream, kind FROM log", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, (1, "a-7".to_owned(), "test.Event.v1".to_owned()));
}

#[tokio::test]
async fn a_second_opener_is_refused_with_a_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let first = open(&path).unwrap();
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains("in use by another process"), "{refused}");
    drop(first);
    open(&path).unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    drop(open(&path).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE mine (n INTEGER)").unwrap();
    drop(raw);
    assert!(matches!(open(&path).unwrap_err(), OpenError::Foreign { .. }));
    std::fs::write(folder.path().join("text.sqlite"), "not a database at all, only text").unwrap();
    let refused = open(&folder.path().join("text.sqlite")).unwrap_err();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
}

#[tokio::test]
async fn a_full_disk_refuses_whole_appends_and_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(
        &path,
        SqliteOptions { pages_max: Some(200), ..SqliteOptions::default() },
    )
    .unwrap();
    let mut acknowledged = Vec::new();
    let mut full = None;
    for n in 0..100_u128 {
        let (first, second) = (n * 2 + 1, n * 2 + 2);
        let batch = vec![event(first, 20_000), event(second, 20_000)];
        match store.append(&stream(n), Expected::NoStream, batch).await {
            Ok(_) => acknowledged.extend([first, second]),
            Err(error) => {
                full = Some(error);
                break;
            }
        }
    }
    let full = full.expect("800 KB never filled up");
    assert!(matches!(&full, AppendError::Unwritable(Unwritable::Full(_))), "{full}");
    assert!(!acknowledged.is_empty());
    assert_eq!(ids(&store).await, acknowledged, "half an append stands in the log");
    drop(store);
    let store = open(&path).unwrap();
    assert_eq!(ids(&store).await, acknowledged);
    store.append(&stream(1_000), Expected::NoStream, vec![event(9_999, 10)]).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open(&folder.path().join("no/such/folder/log.sqlite")).unwrap_err();
    assert!(matches!(missing, OpenError::Unusable { .. }), "{missing}");
}

#[tokio::test]
async fn a_read_only_file_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    drop(open(&path).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    // Root may write anywhere: make the file immutable to it too, by standing a folder in its place.
    if std::fs::OpenOptions::new().write(true).open(&path).is_ok() {
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
    assert!(refused.to_string().contains("log.sqlite"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_submitters_share_few_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder.path().join("log.sqlite")).unwrap());
    let mut submitters = tokio::task::JoinSet::new();
    for n in 0..256_u128 {
        let store = Arc::clone(&store);
        submitters.spawn(async move {
            store.append(&stream(n), Expected::NoStream, vec![event(n + 1, 600)]).await.unwrap();
        });
    }
    submitters.join_all().await;
    let stats = store.stats();
    assert_eq!(stats.events, 256);
    assert!(stats.groups < 200, "{} groups for 256 appends: no group commit", stats.groups);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_with_a_time_to_wait_and_loses_nothing_that_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = Arc::new(open(&path).unwrap());
    // Somebody else holds the file, as a slow disk would: the writer waits, and the queue behind it fills.
    let slow = rusqlite::Connection::open(&path).unwrap();
    slow.execute_batch("BEGIN IMMEDIATE").unwrap();
    let submitters = APPEND_QUEUE_MAX as u128 + GROUP_EVENTS_MAX as u128 + 100;
    let (refused, mut refusals) = tokio::sync::mpsc::unbounded_channel();
    let mut appends = tokio::task::JoinSet::new();
    for n in 0..submitters {
        let (store, refused) = (Arc::clone(&store), refused.clone());
        appends.spawn(async move {
            match store.append(&stream(n), Expected::NoStream, vec![event(n + 1, 10)]).await {
                Ok(_) => true,
                Err(AppendError::Busy(wait)) => {
                    assert!(!wait.is_zero());
                    refused.send(()).unwrap();
                    false
                }
                Err(error) => panic!("{error}"),
            }
        });
    }
    let full = tokio::time::timeout(std::time::Duration::from_secs(4), refusals.recv()).await;
    full.expect("the queue never filled up").unwrap();
    slow.execute_batch("ROLLBACK").unwrap();
    let taken = appends.join_all().await.into_iter().filter(|taken| *taken).count();
    assert!(taken >= APPEND_QUEUE_MAX, "only {taken} were taken");
    assert_eq!(ids(&store).await.len(), taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_and_what_is_written_together_is_bounded_in_bytes_too() {
    const BYTES: usize = 200 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = Arc::new(open(&path).unwrap());
    let slow = rusqlite::Connection::open(&path).unwrap();
    slow.execute_batch("BEGIN IMMEDIATE").unwrap();
    let fit = APPEND_QUEUE_BYTES_MAX / BYTES;
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut appends = tokio::task::JoinSet::new();
    for n in 0..fit + 50 {
        let (store, answered, n) = (Arc::clone(&store), answered.clone(), n as u128);
        appends.spawn(async move {
            let events = vec![event(n + 1, BYTES)];
            let taken = match store.append(&stream(n), Expected::NoStream, events).await {
                Ok(_) => true,
                Err(AppendError::Busy(wait)) if !wait.is_zero() => false,
                Err(error) => panic!("{error}"),
            };
            answered.send(taken).unwrap();
        });
    }
    // Those for which there is no room are refused at once, although the queue has many places left.
    for _ in 0..40 {
        let refused = tokio::time::timeout(std::time::Duration::from_secs(4), answers.recv());
        assert!(!refused.await.expect("nothing is refused").unwrap(), "written under a lock");
    }
    slow.execute_batch("ROLLBACK").unwrap();
    drop(answered);
    let mut taken = 0;
    while let Some(written) = answers.recv().await {
        taken += usize::from(written);
    }
    assert!(taken <= fit, "{taken} of {BYTES} bytes were taken");
    let events = ids(&store).await.len();
    let in_a_group = (GROUP_BYTES_MAX / BYTES + 1) as u64;
    let groups = store.stats().groups;
    assert!(events > 0 && groups * in_a_group >= events as u64, "{events} events in {groups}");
}

#[tokio::test]
async fn faults_come_as_often_as_asked_for_and_lose_nothing_that_was_answered() {
    let faults = Faults {
        seed: 7,
        conflict: 100,
        unreachable_before: 100,
        unreachable_after: 100,
        busy: 100,
    };
    let store = EventStore::faulty(EventStore::memory(), faults);
    let (mut acknowledged, mut failed) = (Vec::new(), 0);
    for n in 1..=500_u128 {
        match store.append(&stream(n), Expected::NoStream, vec![event(n, 10)]).await {
            Ok(_) => acknowledged.push(n),
            Err(
                AppendError::Unreachable(_) | AppendError::Conflict { .. } | AppendError::Busy(_),
            ) => failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!((150..250).contains(&failed), "{failed} of 500 failed");
    let standing = ids(&store).await;
    assert!(acknowledged.iter().all(|n| standing.contains(n)));
    assert!(
        standing.len() > acknowledged.len(),
        "no fault {:?} was injected",
        Fault::UnreachableAfter
    );
}

#[tokio::test]
async fn a_stream_is_called_unchanged_only_if_it_surely_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = open(&path).unwrap();
    let first = store.append(&stream(1), Expected::NoStream, vec![event(1, 10)]).await.unwrap();
    store.append(&stream(2), Expected::NoStream, vec![event(2, 10)]).await.unwrap();
    assert!(store.is_unchanged(&stream(1), first.position));
    let second =
        store.append(&stream(1), Expected::At(first.version), vec![event(3, 10)]).await.unwrap();
    assert!(!store.is_unchanged(&stream(1), first.position));
    assert!(store.is_unchanged(&stream(1), second.position));
    drop(store);
    let store = open(&path).unwrap();
    assert!(
        !store.is_unchanged(&stream(1), first.position),
        "the tail does not reach back that far"
    );
}
