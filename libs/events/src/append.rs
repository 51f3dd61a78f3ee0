//! The limits of an append.

use crate::event::{NewEvent, StreamName};
use crate::limits::{APPEND_BYTES_MAX, APPEND_EVENTS_MAX, EVENT_BYTES_MAX, KIND_BYTES_MAX};
use crate::{AppendError, TooLarge};

/// Validates an append against all limits.
pub(crate) fn check(stream: &StreamName, events: &[NewEvent]) -> Result<(), AppendError> {
    debug_assert!(!stream.as_str().starts_with('$'));
    if events.is_empty() {
        return Err(TooLarge::Empty.into());
    }
    if events.len() > APPEND_EVENTS_MAX {
        return Err(TooLarge::Count { count: events.len(), max: APPEND_EVENTS_MAX }.into());
    }
    let mut sum = 0;
    for (index, event) in events.iter().enumerate() {
        if event.kind.is_empty() || event.kind.len() > KIND_BYTES_MAX {
            return Err(TooLarge::Kind { index, max: KIND_BYTES_MAX }.into());
        }
        let bytes = event.data.len() + event.meta.len();
        if bytes > EVENT_BYTES_MAX {
            return Err(TooLarge::Event { index, bytes, max: EVENT_BYTES_MAX }.into());
        }
        sum += bytes;
    }
    if sum > APPEND_BYTES_MAX {
        return Err(TooLarge::Append { bytes: sum, max: APPEND_BYTES_MAX }.into());
    }
    Ok(())
}
