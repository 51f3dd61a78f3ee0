use eventstoredb_double::{EventStoreDbDouble, Settings};
use uuid::Uuid;

use super::super::EventStoreDb;
use super::super::opening::{self, Opened};
use super::*;
use crate::{Expected, Filter, NewEvent, StreamName};

const LIMIT: Duration = Duration::from_secs(20);

async fn append(store: &EventStoreDb, id: u128) -> Position {
    let event = NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    let stream = StreamName::new(&format!("a-{id}")).unwrap();
    store.append(&stream, Expected::NoStream, vec![event]).await.unwrap().position
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_begins_where_a_record_was_scavenged_misses_nothing() {
    let double = EventStoreDbDouble::start_with(Settings::default()).unwrap();
    let others = EventStoreDb::open(&double.url("test")).await.unwrap();
    append(&others, 1).await;
    // The test calls the follower's functions itself.
    let Opened { log, follower, .. } = opening::open(&double.url("test"), true).await.unwrap();
    drop(follower);
    let time = |count| double.write("test time", "log.Said.v1", b"{}", count).unwrap();
    let newest = time(1);
    look(&log).await.unwrap();
    assert_eq!(log.known(), Position(newest + 1), "up to a record that is not ours");
    append(&others, 2).await;
    time(1);
    // Only the newest event of the time stream is kept: the record at the known position is
    // removed, and the next one is the log's own.
    double.scavenge();
    let subscribed = Arc::new(Subscribed::default());
    let mut hearing = JoinSet::new();
    let (heard, by) = (Arc::clone(&log), Arc::clone(&subscribed));
    hearing.spawn(async move { hear(&heard, &by).await });
    let third = append(&others, 3).await;
    let mut head = log.head.subscribe();
    timeout(LIMIT, head.wait_for(|head| *head >= third)).await.expect("not heard of").unwrap();
    let page = log.tail.page(Position(newest), &Filter::default(), 10).unwrap();
    let ids: Vec<_> = page.events.iter().map(|event| event.id.as_u128()).collect();
    assert_eq!(ids, [2, 3]);
}
