//! The kinds of errors, for each engine where they can be produced: unreachable, refused, corrupt.
//! (A position that does not exist: `eventstoredb.rs`; the other engines have no such positions.)

use std::error::Error;
use std::path::Path;

use events::{
    AppendError, EventStore, Expected, Faults, Filter, NewEvent, Outage, Position, ReadError,
    SqliteOptions, StreamName, Unwritable,
};
use uuid::Uuid;

fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

async fn append(store: &EventStore, name: &str, id: u128) -> Result<(), AppendError> {
    let event = NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    store.append(&stream(name), Expected::NoStream, vec![event]).await.map(drop)
}

async fn read_all(store: &EventStore) -> Result<usize, ReadError> {
    let page = store.read_all(Position::START, &Filter::default(), 10).await;
    page.map(|page| page.events.len())
}

/// Whether an error, or one of its sources, is of this type.
fn comes_from<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<E>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// A file with two events, on which this statement was then executed.
async fn changed(path: &Path, sql: &str) -> EventStore {
    let store = EventStore::sqlite(path, SqliteOptions::default()).unwrap();
    append(&store, "a-1", 1).await.unwrap();
    append(&store, "a-2", 2).await.unwrap();
    drop(store);
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    EventStore::open_read_only(&format!("sqlite:{}", path.display())).await.unwrap()
}

#[tokio::test]
async fn a_damaged_row_of_a_file_is_corrupt_and_its_position_is_named() {
    for damage in ["id = x'00'", "data = CAST(x'ff' AS TEXT)"] {
        let folder = tempfile::tempdir().unwrap();
        let sql = format!("UPDATE events SET {damage} WHERE position = 2");
        let store = changed(&folder.path().join("log.sqlite"), &sql).await;
        for read in [
            read_all(&store).await.map(drop),
            store.read(&stream("a-2"), None).await.map(drop),
            store.last(&stream("a-2")).await.map(drop),
            store.read_back(Position(2), 1).await.map(drop),
        ] {
            let error = read.unwrap_err();
            assert!(
                matches!(error, ReadError::Corrupt { position: Some(Position(2)), .. }),
                "{error:?}"
            );
            assert!(!error.is_retryable());
            assert!(comes_from::<rusqlite::Error>(&error), "{error:?}");
            assert!(error.to_string().contains("position 2"), "{error}");
        }
        assert_eq!(store.read(&stream("a-1"), None).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_event_of_a_file_whose_stream_has_no_name_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "PRAGMA foreign_keys = OFF; DELETE FROM streams WHERE name = 'a-2'";
    let store = changed(&folder.path().join("log.sqlite"), sql).await;
    let error = read_all(&store).await.unwrap_err();
    assert!(matches!(error, ReadError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_without_its_table_refuses_reads_and_appends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&path, SqliteOptions::default()).unwrap();
    append(&store, "a-1", 1).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("ALTER TABLE events RENAME TO gone").unwrap();
    let error = store.read_back(Position(1), 1).await.unwrap_err();
    assert!(matches!(error, ReadError::Refused(_)) && !error.is_retryable(), "{error:?}");
    let error = append(&store, "a-2", 2).await.unwrap_err();
    let AppendError::Unwritable(why @ Unwritable::Refused(_)) = &error else { panic!("{error:?}") };
    assert!(!error.is_retryable() && why.retry_after().is_none(), "{why}");
    assert!(comes_from::<rusqlite::Error>(&error), "{error:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_keeps_the_error_of_its_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    std::fs::write(&path, "not a database at all, only text").unwrap();
    let error = EventStore::sqlite(&path, SqliteOptions::default()).unwrap_err();
    assert!(comes_from::<rusqlite::Error>(&error), "{error:?}");
    let error = EventStore::sqlite(&path.join("log"), SqliteOptions::default()).unwrap_err();
    assert!(comes_from::<std::io::Error>(&error), "{error:?}");
}

#[tokio::test]
async fn during_an_outage_the_error_tells_whether_a_retry_may_help() {
    let store = EventStore::faulty(EventStore::memory(), Faults::default());
    let EventStore::Faulty(faulty) = &store else { panic!("{store:?}") };
    append(&store, "a-1", 1).await.unwrap();
    faulty.set_outage(Some(Outage::Unreachable));
    let (read, appended) = (read_all(&store).await, append(&store, "a-2", 2).await);
    assert!(read.unwrap_err().is_retryable());
    assert!(matches!(&appended, Err(AppendError::Unreachable(_))), "{appended:?}");
    assert!(appended.unwrap_err().is_retryable());
    faulty.set_outage(Some(Outage::Refused));
    let (read, appended) = (read_all(&store).await, append(&store, "a-2", 2).await);
    assert!(matches!(read, Err(ReadError::Refused(_))), "{read:?}");
    assert!(!appended.unwrap_err().is_retryable());
    faulty.set_outage(Some(Outage::Corrupt));
    let read = read_all(&store).await.unwrap_err();
    assert!(matches!(read, ReadError::Corrupt { .. }) && !read.is_retryable(), "{read:?}");
    faulty.set_outage(None);
    assert_eq!(read_all(&store).await.unwrap(), 1);
}

#[tokio::test]
async fn an_append_that_needs_a_failed_read_keeps_the_error_of_the_read() {
    let error = AppendError::from(ReadError::unreachable("no route"));
    assert!(error.is_retryable() && !error.may_be_written(), "{error}");
    assert_eq!(error.to_string(), "the event store cannot be reached: no route");
    let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let error = ReadError::Refused(events::Cause::new(refused));
    assert!(comes_from::<std::io::Error>(&error), "{error:?}");
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    use super::*;
    use crate::database::{Server, address};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_damaged_row_of_a_server_is_corrupt_and_a_missing_table_refused() {
        cluster::needs!(cluster::postgres());
        let url = address().await;
        let store = EventStore::postgres(&url).await.unwrap();
        append(&store, "a-1", 1).await.unwrap();
        append(&store, "a-2", 2).await.unwrap();
        let tool = Server::connect_to(&url).await;
        let renamed = "UPDATE log_streams SET name = 'a b' WHERE name = 'a-2'";
        tool.client.batch_execute(renamed).await.unwrap();
        let error = store.read_back(Position(2), 1).await.unwrap_err();
        assert!(
            matches!(error, ReadError::Corrupt { position: Some(Position(2)), .. }),
            "{error:?}"
        );
        tool.client.batch_execute("ALTER TABLE log_events RENAME TO gone").await.unwrap();
        let error = store.last(&stream("a-1")).await.unwrap_err();
        assert!(matches!(error, ReadError::Refused(_)) && !error.is_retryable(), "{error:?}");
        assert!(comes_from::<tokio_postgres::Error>(&error), "{error:?}");
        let error = append(&store, "a-3", 3).await.unwrap_err();
        assert!(matches!(error, AppendError::Unwritable(Unwritable::Refused(_))), "{error:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_gone_is_unreachable() {
        cluster::needs!(cluster::postgres());
        let url = address().await;
        let (server, name) = url.rsplit_once('/').unwrap();
        let (user, at) = server.trim_start_matches("postgres://").split_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("postgres://{user}@{}/{name}", listener.local_addr().unwrap());
        let (mut forwarding, at) = (JoinSet::new(), at.to_owned());
        forwarding.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = TcpStream::connect(&at).await.unwrap();
                connections.spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        let store = EventStore::postgres(&own).await.unwrap();
        append(&store, "a-1", 1).await.unwrap();
        forwarding.shutdown().await;
        let (read, appended) = events::within(Duration::from_millis(200), async {
            (store.last(&stream("a-1")).await, append(&store, "a-2", 2).await)
        })
        .await;
        let error = read.unwrap_err();
        assert!(matches!(error, ReadError::Unreachable(_)) && error.is_retryable(), "{error:?}");
        let error = appended.unwrap_err();
        assert!(matches!(error, AppendError::Unreachable(_)), "{error:?}");
    }
}
