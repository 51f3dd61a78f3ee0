//! Every adapter of the bus against every rule of its contract.

use std::sync::Arc;

use events::bus::{Bus, cursor, move_cursor};
use events::bus_suite::Office;
use events::{EventStore, Expected, NewEvent, Position, StreamName, bus_tests};

fn in_one_process() -> Office {
    let store = Arc::new(EventStore::memory());
    Office::new(Arc::clone(&store), Bus::Store(store))
}

bus_tests!(store, (in_one_process(), ()));
#[cfg(feature = "nats")]
bus_tests!(nats_server, {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    crate::nats::fresh().await
});
// Where positions lie far apart.
#[cfg(all(feature = "nats", feature = "eventstoredb"))]
bus_tests!(nats_server_and_eventstoredb, {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (store, double) = crate::eventstoredb::fresh().await;
    let (office, server) = crate::nats::fresh_on(store).await;
    (office, (server, double))
});

#[tokio::test]
async fn how_far_somebody_had_come_in_another_store_says_nothing_in_the_one_it_was_copied_to() {
    let (from, to) = (EventStore::memory(), EventStore::memory());
    move_cursor(&from, "review", Position(70), "{}".to_owned()).await.unwrap();
    assert_eq!(cursor(&from, "review").await.unwrap(), Position(70));
    let stream = StreamName::new("cursor-review").unwrap();
    let said = from.last(&stream).await.unwrap().unwrap();
    let copy = NewEvent { id: said.id, kind: said.kind, data: said.data, meta: said.meta };
    to.append(&stream, Expected::NoStream, vec![copy]).await.unwrap();
    assert_eq!(cursor(&to, "review").await.unwrap(), Position::START);
    move_cursor(&to, "review", Position(3), "{}".to_owned()).await.unwrap();
    assert_eq!(cursor(&to, "review").await.unwrap(), Position(3));
}
