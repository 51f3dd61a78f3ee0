//! Reads of several streams.

use std::sync::Arc;

use super::{event, events, stream};
use crate::limits::READ_EVENTS_MAX;
use crate::{EventStore, Expected, NewEvent};

/// Rule 15.
pub async fn several_streams_are_read_together(store: Arc<EventStore>) {
    let (long, short, none) = (stream("a-1"), stream("a-2"), stream("a-3"));
    let total = READ_EVENTS_MAX + 50;
    let mut expected = Expected::NoStream;
    for part in (1..=total as u128).collect::<Vec<_>>().chunks(100) {
        let batch = part.iter().map(|id| event(*id)).collect();
        expected = Expected::At(store.append(&long, expected, batch).await.unwrap().version);
    }
    store.append(&short, Expected::NoStream, events(9_001..9_003)).await.unwrap();
    let names = [short.clone(), none, long.clone(), short.clone()];
    let mut read = Vec::new();
    while read.len() < names.len() {
        let more = store.read_together(&names[read.len()..]).await.unwrap();
        assert!(!more.is_empty(), "after {} streams", read.len());
        read.extend(more);
    }
    let [first, second, third, again] = &read[..] else { panic!("{} streams", read.len()) };
    assert_eq!(*first, store.read_whole(&short).await.unwrap());
    assert!(second.is_empty());
    assert_eq!(*third, store.read_whole(&long).await.unwrap());
    assert_eq!((third.len(), again), (total, first));
    assert!(store.read_together(&[]).await.unwrap().is_empty());
    for (stream, events) in names.iter().zip(&read) {
        let firsts = store.read_firsts(std::slice::from_ref(stream)).await.unwrap();
        assert_eq!(firsts, [events.first().cloned()]);
    }
    assert!(!store.read_firsts(&names).await.unwrap().is_empty());
}

/// Rule 15. Streams are left out only from the end, however an engine divides them.
pub async fn many_streams_are_read_together_in_their_order(store: Arc<EventStore>) {
    let names: Vec<_> = (1..=60).map(|n| stream(&format!("a-{n}"))).collect();
    for (name, id) in names.iter().zip(1..) {
        // Every second one is large, those in the middle do not exist.
        let size = if id % 2 == 0 { 200 * 1024 } else { 1 };
        let event = NewEvent { data: "x".repeat(size), ..event(id) };
        if !(20..=40).contains(&id) {
            store.append(name, Expected::NoStream, vec![event]).await.unwrap();
        }
    }
    let mut read = Vec::new();
    while read.len() < names.len() {
        let more = store.read_firsts(&names[read.len()..]).await.unwrap();
        assert!(!more.is_empty(), "after {} streams", read.len());
        read.extend(more);
    }
    for ((name, first), id) in names.iter().zip(&read).zip(1..) {
        assert_eq!(
            first.as_ref().map(|event| event.id.as_u128()),
            (!(20..=40).contains(&id)).then_some(id),
            "{name}"
        );
    }
}
