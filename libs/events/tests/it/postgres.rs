//! What only an engine on a server, shared with other processes, can suffer.

use std::sync::Arc;
use std::time::Duration;

use events::{
    AppendError, EventStore, Expected, Filter, NewEvent, OpenError, Position, StreamName,
};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);

fn event(id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: format!("{{\"n\":{id}}}"),
        meta: "{}".to_owned(),
    }
}

fn stream(n: u128) -> StreamName {
    StreamName::new(&format!("a-{n}")).unwrap()
}

async fn ids(store: &EventStore) -> Vec<u128> {
    let page = store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    page.events.iter().map(|event| event.id.as_u128()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_log_and_hear_of_each_other() {
    cluster::needs!(cluster::postgres());
    let url = crate::database::address().await;
    let one = EventStore::postgres(&url).await.unwrap();
    let other = EventStore::postgres(&url).await.unwrap();
    assert_eq!(one.id(), other.id());
    let appended = one.append(&stream(1), Expected::NoStream, vec![event(1)]).await.unwrap();
    timeout(LIMIT, other.wait_past(Position::START)).await.expect("not heard of");
    assert_eq!(other.head(), appended.position);
    let stale = other.append(&stream(1), Expected::NoStream, vec![event(2)]).await;
    assert!(matches!(stale, Err(AppendError::Conflict { .. })), "{stale:?}");
    let again = other.append(&stream(1), Expected::NoStream, vec![event(1)]).await.unwrap();
    assert_eq!(again, appended, "the same append from another process");
    let third = EventStore::postgres(&url).await.unwrap();
    assert_eq!(third.head(), appended.position, "known from the start");
}

/// Rule 5 across processes: an event that one process sees first never has a higher position than one that another sees later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_of_two_writing_processes_are_in_commit_order_without_late_gaps() {
    const EACH: u128 = 150;
    cluster::needs!(cluster::postgres());
    let url = crate::database::address().await;
    let mut writers = JoinSet::new();
    for process in 0..2_u128 {
        let store = Arc::new(EventStore::postgres(&url).await.unwrap());
        for writer in 0..4_u128 {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for n in 0..EACH {
                    let id = (process * 4 + writer) * EACH + n + 1;
                    store.append(&stream(id), Expected::NoStream, vec![event(id)]).await.unwrap();
                }
            });
        }
    }
    let reader = EventStore::postgres(&url).await.unwrap();
    let (mut after, mut seen) = (Position::START, std::collections::BTreeSet::new());
    while seen.len() < usize::try_from(8 * EACH).unwrap() {
        timeout(LIMIT, reader.wait_past(after)).await.expect("nothing comes any more");
        for event in reader.read_all(after, &Filter::default(), 13).await.unwrap().events {
            assert_eq!(event.position.0, after.0 + 1, "a gap, which might be filled later");
            after = event.position;
            assert!(seen.insert(event.id), "seen twice");
        }
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_are_made_anew_and_nothing_is_lost_or_written_twice() {
    cluster::needs!(cluster::postgres());
    let url = crate::database::address().await;
    let store = Arc::new(EventStore::postgres(&url).await.unwrap());
    let (_, name) = url.rsplit_once('/').unwrap();
    let server = crate::database::Server::connect().await;
    let mut writers = JoinSet::new();
    for writer in 0..4_u128 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for n in 0..100 {
                let id = writer * 100 + n + 1;
                // Not one of them fails: the store tries again for as long as a failover takes.
                store.append(&stream(id), Expected::NoStream, vec![event(id)]).await.unwrap();
                assert_eq!(store.read(&stream(id), None).await.unwrap().len(), 1);
            }
        });
    }
    let mut broken = 0_i64;
    while !writers.is_empty() {
        let sql =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
        broken += server.client.query_one(sql, &[&name]).await.unwrap().get::<_, i64>(0);
        // A writer that is done, or a moment in which they get on.
        if let Ok(Some(done)) = timeout(Duration::from_millis(100), writers.join_next()).await {
            done.unwrap();
        }
    }
    assert!(broken > 5, "only {broken} connections were broken");
    let mut written = ids(&store).await;
    written.sort_unstable();
    assert_eq!(written, (1..=400).collect::<Vec<_>>());
    // And it still hears of what others write.
    let other = EventStore::postgres(&url).await.unwrap();
    let head = store.head();
    other.append(&stream(1_000), Expected::NoStream, vec![event(1_000)]).await.unwrap();
    timeout(LIMIT, store.wait_past(head)).await.expect("it does not listen any more");
}

#[tokio::test]
async fn a_server_that_is_not_there_and_a_newer_log_are_refused_by_name() {
    cluster::needs!(cluster::postgres());
    let refused = EventStore::postgres("postgres://nobody:secret@127.0.0.1:1/none").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("postgres://127.0.0.1:1/none"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
    let url = crate::database::address().await;
    drop(EventStore::postgres(&url).await.unwrap());
    let (client, wire) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        let _ = wire.await;
    });
    client.batch_execute("UPDATE log_store SET schema = 99").await.unwrap();
    let newer = EventStore::postgres(&url).await.unwrap_err();
    assert!(matches!(newer, OpenError::Newer { found: 99, .. }), "{newer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_logs_in_one_database_do_not_hear_of_each_other() {
    cluster::needs!(cluster::postgres());
    let url = crate::database::address().await;
    let open = async |schema: &str| {
        EventStore::postgres(&format!("{url}?options=-csearch_path%3D{schema}")).await.unwrap()
    };
    let (busy, quiet, follower) = (open("busy").await, open("quiet").await, open("busy").await);
    let event = |n: u128| NewEvent {
        id: Uuid::from_u128(n),
        kind: "test.Happened.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    let stream = StreamName::new("a-1").unwrap();
    let appended =
        busy.append(&stream, Expected::NoStream, vec![event(1), event(2)]).await.unwrap();
    // Once another one of the same log has heard of it, so has everybody who ever will.
    follower.wait_past(Position(appended.position.0 - 1)).await;
    assert_eq!(quiet.head(), Position::START);
    let page = quiet.read_all(Position::START, &Filter::default(), 10).await.unwrap();
    assert!(page.events.is_empty());
}
