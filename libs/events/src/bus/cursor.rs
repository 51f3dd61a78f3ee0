//! How far a follower has surely come, written into the store itself: any process can go on from there, and a bus that lost
//! everything is filled from the lowest of them.

use uuid::Uuid;

use crate::{
    AppendError, EventStore, Expected, NewEvent, Position, ReadError, Recorded, StreamName,
};

/// The kind of event that says it. Its data is the position, as a JSON number.
pub const CURSOR_MOVED: &str = "bus.CursorMoved.v1";

fn stream(follower: &str) -> Result<StreamName, AppendError> {
    Ok(StreamName::new(&format!("cursor-{follower}"))?)
}

/// Where `follower` was when it last said so; [`Position::START`] if it never has, or said so in another store, from which
/// the log was copied: positions there are not those here.
pub async fn cursor(store: &EventStore, follower: &str) -> Result<Position, ReadError> {
    let stream = stream(follower).map_err(|error| ReadError::Unavailable(error.to_string()))?;
    let last = store.last(&stream).await?;
    Ok(last.and_then(|last| said(store, &stream, &last)).unwrap_or(Position::START))
}

/// What an event says of a position in this store.
fn said(store: &EventStore, stream: &StreamName, event: &Recorded) -> Option<Position> {
    let through: u64 = event.data.parse().ok()?;
    (event.id == id_of(store, stream, through)).then_some(Position(through))
}

fn id_of(store: &EventStore, stream: &StreamName, through: u64) -> Uuid {
    let command = Uuid::new_v5(&store.id(), format!("{stream}/{through}").as_bytes());
    NewEvent::id_of(stream, command, 0)
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
        // Another process has said it in the same moment.
        Ok(_) | Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
