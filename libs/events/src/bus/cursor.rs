//! How far a follower has surely come, written into the store itself: any process can go on from there, and a bus that lost
//! everything is filled from the lowest of them.

use uuid::Uuid;

use crate::{AppendError, EventStore, Expected, NewEvent, Position, ReadError, StreamName};

/// The kind of event that says it. Its data is the position, as a JSON number.
pub const CURSOR_MOVED: &str = "bus.CursorMoved.v1";

fn stream(follower: &str) -> Result<StreamName, AppendError> {
    Ok(StreamName::new(&format!("cursor-{follower}"))?)
}

/// Where `follower` was when it last said so; [`Position::START`] if it never has.
pub async fn cursor(store: &EventStore, follower: &str) -> Result<Position, ReadError> {
    let stream = stream(follower).map_err(|error| ReadError::Unavailable(error.to_string()))?;
    let said = store.last(&stream).await?.and_then(|event| event.data.parse().ok());
    Ok(said.map_or(Position::START, Position))
}

/// Says that `follower` has come to `through`. Nothing is said if it was further already; two that say it at once do no
/// harm.
pub async fn move_cursor(
    store: &EventStore,
    follower: &str,
    through: Position,
    meta: String,
) -> Result<(), AppendError> {
    let stream = stream(follower)?;
    let unread = |error: ReadError| AppendError::Unavailable(error.to_string());
    let last = store.last(&stream).await.map_err(unread)?;
    let was = last.as_ref().and_then(|event| event.data.parse().ok()).unwrap_or(0);
    if was >= through.0 {
        return Ok(());
    }
    let version = last.map(|event| event.version);
    let command = Uuid::new_v5(&store.id(), format!("{stream}/{}", through.0).as_bytes());
    let moved = NewEvent {
        id: NewEvent::id_of(&stream, command, 0),
        kind: CURSOR_MOVED.into(),
        data: through.0.to_string(),
        meta,
    };
    match store.append(&stream, Expected::from(version), vec![moved]).await {
        // Another process has said it in the same moment.
        Ok(_) | Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
