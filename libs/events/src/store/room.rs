//! How many bytes of appends wait for an engine: their number alone says little, one may have a hundred times the size of another.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{APPEND_QUEUE_BYTES_MAX, BUSY_RETRY_AFTER};
use crate::{AppendError, NewEvent};

#[derive(Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// Room that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    /// Bytes of data and metadata.
    pub(super) bytes: usize,
    _permit: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(APPEND_QUEUE_BYTES_MAX)))
    }
}

impl Room {
    /// For the events of one append, or [`AppendError::Busy`].
    pub(super) fn take(&self, events: &[NewEvent]) -> Result<Taken, AppendError> {
        let bytes = events.iter().map(|event| event.data.len() + event.meta.len()).sum();
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.0).try_acquire_many_owned(permits);
        let permit = permit.map_err(|_| AppendError::Busy(BUSY_RETRY_AFTER))?;
        Ok(Taken { bytes, _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn appends_that_wait_are_bounded_in_bytes_and_room_comes_back_with_what_is_answered() {
        let half = [NewEvent {
            id: Uuid::nil(),
            kind: "test.Event.v1".into(),
            data: "x".repeat(APPEND_QUEUE_BYTES_MAX / 2),
            meta: String::new(),
        }];
        let room = Room::default();
        let (first, second) = (room.take(&half).unwrap(), room.take(&half).unwrap());
        assert_eq!(first.bytes + second.bytes, APPEND_QUEUE_BYTES_MAX);
        assert!(matches!(room.take(&half), Err(AppendError::Busy(wait)) if !wait.is_zero()));
        drop(first);
        room.take(&half).unwrap();
    }
}
