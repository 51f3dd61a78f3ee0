//! Cursors of followers, stored as events in the store itself. Any process can continue from there,
//! and an empty bus is refilled from the lowest of them.

use uuid::Uuid;

use crate::{
    AppendError, Cause, EventStore, Expected, InvalidStreamName, NewEvent, Position, ReadError,
    Recorded, StreamName,
};

/// Kind of the event that stores a cursor. Its data is the position as a JSON number.
pub const CURSOR_MOVED: &str = "bus.CursorMoved.v1";

fn stream(follower: &str) -> Result<StreamName, InvalidStreamName> {
    StreamName::new(&format!("cursor-{follower}"))
}

/// The stored cursor of `follower`; [`Position::START`] if there is none, or if it was stored in
/// another store from which this log was copied, where positions differ.
pub async fn cursor(store: &EventStore, follower: &str) -> Result<Position, ReadError> {
    let stream = stream(follower).map_err(|error| ReadError::Refused(Cause::new(error)))?;
    let last = store.last(&stream).await?;
    Ok(last.and_then(|last| said(store, &stream, &last)).unwrap_or(Position::START))
}

/// The position that an event stores, if it is one of this store.
fn said(store: &EventStore, stream: &StreamName, event: &Recorded) -> Option<Position> {
    let through: u64 = event.data.parse().ok()?;
    (event.id == id_of(store, stream, through)).then_some(Position(through))
}

fn id_of(store: &EventStore, stream: &StreamName, through: u64) -> Uuid {
    let command = Uuid::new_v5(&store.id(), format!("{stream}/{through}").as_bytes());
    NewEvent::id_of(stream, command, 0)
}

/// Stores the cursor `through`, unless a higher one is stored. Concurrent calls are harmless.
pub async fn move_cursor(
    store: &EventStore,
    follower: &str,
    through: Position,
    meta: String,
) -> Result<(), AppendError> {
    let stream = stream(follower)?;
    let last = store.last(&stream).await?;
    let was = last.as_ref().and_then(|last| said(store, &stream, last));
    if was.is_some_and(|was| was >= through) || through == Position::START {
        return Ok(());
    }
    let version = last.map(|event| event.version);
    let moved = NewEvent {
        id: id_of(store, &stream, through.0),
        kind: CURSOR_MOVED.into(),
        data: through.0.to_string(),
        meta,
    };
    match store.append(&stream, Expected::from(version), vec![moved]).await {
        // Another process stored it at the same time.
        Ok(_) | Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
