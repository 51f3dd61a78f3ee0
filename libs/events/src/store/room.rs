//! Limits the bytes of queued appends: their number alone is not enough, since sizes differ by a
//! factor of a hundred.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{APPEND_QUEUE_BYTES_MAX, BUSY_RETRY_AFTER};
use crate::{AppendError, NewEvent};

#[derive(Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// Reserved bytes, released on drop.
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
    /// Reserves the bytes of an append, or fails with [`AppendError::Busy`].
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
