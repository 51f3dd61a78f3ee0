//! Every adapter of the bus against every sentence of its contract.

use std::sync::Arc;

use events::bus::Bus;
use events::bus_suite::Office;
use events::{EventStore, bus_tests};

fn in_one_process() -> Office {
    let store = Arc::new(EventStore::memory());
    Office::new(Arc::clone(&store), Bus::Store(store))
}

bus_tests!(store, (in_one_process(), ()));
#[cfg(feature = "nats")]
bus_tests!(nats_server, crate::nats::fresh().await);
// Where positions lie far apart.
#[cfg(all(feature = "nats", feature = "eventstoredb"))]
bus_tests!(nats_server_and_eventstoredb, {
    let (store, double) = crate::eventstoredb::fresh().await;
    let (office, server) = crate::nats::fresh_on(store).await;
    (office, (server, double))
});
