//! Events that are large for a bus, and for whoever follows it.

use std::sync::Arc;

use async_nats::jetstream;
use events::bus::Bus;
use events::bus_suite::{Office, take};
use events::{EventStore, Expected, NewEvent, Position, StreamName};

use crate::nats::{Server, at_the_end, carried, fresh};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_larger_than_the_bus_takes_is_left_out_there_and_counted_and_nothing_is_missed() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let server = Server::with("max_payload: 16384");
    let store = Arc::new(EventStore::memory());
    let office = Office::new(Arc::clone(&store), Bus::Nats(server.bus(&store).await));
    let mut feed = office.follow("one", "front");
    let (after, next) = at_the_end(&office, &mut feed, 1).await;
    let large = NewEvent {
        id: uuid::Uuid::from_u128(next),
        kind: "front.Happened.v1".into(),
        data: "x".repeat(20 * 1024),
        meta: "{}".to_owned(),
    };
    let stream = StreamName::new("front-large").unwrap();
    let appended = store.append(&stream, Expected::NoStream, vec![large]).await.unwrap();
    let until = office.record("front", next + 1..next + 21).await;
    let taken = take(&mut feed, after, until, 100).await;
    let positions: Vec<Position> = taken.iter().map(|event| event.position).collect();
    let expected: Vec<Position> = (after.0 + 1..=until.0).map(Position).collect();
    assert_eq!(positions, expected, "in order, with the large one at {:?}", appended.position);
    // What stands behind it is on the bus all the same.
    carried(&server, next - 1 + 20).await;
    assert_eq!(office.bus.left_out(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_follower_keeps_because_something_before_it_is_missing_is_bounded_in_bytes() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, server) = fresh().await;
    let large = |n: u128| NewEvent {
        id: uuid::Uuid::from_u128(n),
        kind: "front.Happened.v1".into(),
        data: "x".repeat(200 * 1024),
        meta: "{}".to_owned(),
    };
    let mut until = Position::START;
    for n in 1..=60_u128 {
        let stream = StreamName::new(&format!("front-{n}")).unwrap();
        let appended = office.store.append(&stream, Expected::NoStream, vec![large(n)]).await;
        until = appended.unwrap().position;
    }
    carried(&server, 60).await;
    // The first ones are gone from the bus: all that it has waits for them.
    let context = jetstream::new(server.client().await);
    let stream = context.get_stream("test_front").await.unwrap();
    for sequence in 1..=3 {
        stream.delete_message(sequence).await.unwrap();
    }
    let mut feed = office.follow("one", "front");
    let taken = take(&mut feed, Position::START, until, 100).await;
    assert_eq!(taken.len(), 60);
    assert!(taken.is_sorted_by_key(|event| event.position));
}
