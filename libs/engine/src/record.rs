//! Decodes recorded events.

use dossier::State;
use dossier::contract::{Envelope, EventSet, Meta};
use events::limits::PAGE_EVENTS_MAX;
use events::{EventStore, Filter, Position, ReadError, Recorded};
use jiff::Timestamp;
use uuid::Uuid;

/// Folds a whole stream, without caching it.
///
/// # Errors
///
/// [`ReadError::Corrupt`] with the first event that cannot be decoded.
pub fn fold<S: State>(recorded: &[Recorded]) -> Result<S, ReadError> {
    let mut state = S::default();
    for event in recorded {
        let (event, meta) = decoded::<S>(event)?;
        state.evolve(&event, &meta);
    }
    Ok(state)
}

/// Decodes the events of a stream, each with its metadata.
pub fn decode_all<S: State>(recorded: &[Recorded]) -> Result<Vec<(S::Event, Meta)>, ReadError> {
    recorded.iter().map(decoded::<S>).collect()
}

/// Decodes an event of a stream, with its metadata.
pub(crate) fn decoded<S: State>(recorded: &Recorded) -> Result<(S::Event, Meta), ReadError> {
    let event = decode(recorded)?;
    let envelope = envelope(recorded)?;
    Ok((event, Meta { id: recorded.id, version: recorded.version.0, envelope }))
}

/// When an event was recorded; `None` if it has no envelope, for example one that only reserves a
/// number.
#[must_use]
pub fn recorded_at(recorded: &Recorded) -> Option<Timestamp> {
    time_of(recorded).ok()
}

/// When the newest event at or before `position` that has an envelope was recorded. `None` if there
/// is none, or none among the last events that the store returns at once.
///
/// # Errors
///
/// The store cannot be read.
pub async fn recorded_before(
    store: &EventStore,
    position: Position,
) -> Result<Option<Timestamp>, ReadError> {
    for events in [8, PAGE_EVENTS_MAX] {
        let page = store.read_back(position, events).await?;
        if let Some(at) = page.iter().find_map(recorded_at) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// When the first event after `position` that has an envelope was recorded; `None` if none up to
/// the store's head has one.
///
/// # Errors
///
/// The store cannot be read.
pub async fn recorded_after(
    store: &EventStore,
    position: Position,
) -> Result<Option<Timestamp>, ReadError> {
    let (mut after, head) = (position, store.head());
    while after < head {
        let page = store.read_all(after, &Filter::default(), PAGE_EVENTS_MAX).await?;
        if let Some(at) = page.events.iter().find_map(|event| recorded_at(event)) {
            return Ok(Some(at));
        }
        after = page.through;
    }
    Ok(None)
}

/// Decodes an event's payload.
///
/// # Errors
///
/// [`ReadError::Corrupt`] if it is not an event of this set, or not of the shape of its kind.
pub fn decode<E: EventSet>(recorded: &Recorded) -> Result<E, ReadError> {
    E::decode(&recorded.kind, &recorded.data).map_err(|error| ReadError::corrupt(recorded, error))
}

/// The id that the stream of an event is named by.
///
/// # Errors
///
/// [`ReadError::Corrupt`] if the name does not end with a UUID.
pub fn stream_id(recorded: &Recorded) -> Result<Uuid, ReadError> {
    recorded.stream.id().parse().map_err(|error: uuid::Error| ReadError::corrupt(recorded, error))
}

/// When an event was recorded. Decodes nothing else of its metadata, which matters for views that
/// are rebuilt from millions of events.
///
/// # Errors
///
/// [`ReadError::Corrupt`] if the event has no envelope.
pub fn time_of(recorded: &Recorded) -> Result<Timestamp, ReadError> {
    #[derive(serde::Deserialize)]
    struct Recording {
        at: Timestamp,
    }
    let read: Result<Recording, _> = serde_json::from_str(&recorded.meta);
    read.map(|read| read.at).map_err(|error| ReadError::corrupt(recorded, error))
}

/// Decodes an event's metadata.
///
/// # Errors
///
/// [`ReadError::Corrupt`] if the event has no envelope.
pub fn envelope(recorded: &Recorded) -> Result<Envelope, ReadError> {
    serde_json::from_str(&recorded.meta).map_err(|error| ReadError::corrupt(recorded, error))
}

#[cfg(test)]
mod tests {
    use events::{Expected, NewEvent, StreamName};

    use super::*;

    async fn append(store: &EventStore, number: u128, meta: &str) {
        let event = NewEvent {
            id: Uuid::from_u128(number),
            kind: "test.Happened.v1".into(),
            data: "{}".to_owned(),
            meta: meta.to_owned(),
        };
        let stream = StreamName::new(&format!("test-{number}")).unwrap();
        store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    }

    #[tokio::test]
    async fn the_time_of_a_position_is_that_of_the_newest_event_with_an_envelope() {
        let store = EventStore::memory();
        append(&store, 0, "{}").await;
        let before = async |position| recorded_before(&store, position).await.unwrap();
        assert_eq!(before(store.head()).await, None, "no event has one");
        append(&store, 1, r#"{"at":"2026-11-20T02:00:00Z"}"#).await;
        let dated = store.head();
        let at = before(dated).await.expect("the event has an envelope");
        for number in 2..100 {
            append(&store, number, "{}").await;
            assert_eq!(before(store.head()).await, Some(at), "{number}");
        }
        assert_eq!(before(dated).await, Some(at));
        let after = async |position| recorded_after(&store, position).await.unwrap();
        assert_eq!(after(Position::START).await, Some(at));
        assert_eq!(after(dated).await, None, "no later event has one");
    }
}
