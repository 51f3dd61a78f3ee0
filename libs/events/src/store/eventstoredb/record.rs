//! Our events as the server has them, and back.

use bytes::Bytes;
use eventstore::{EventData, RecordedEvent};
use serde_json::value::RawValue;

use crate::{NewEvent, Position, ReadError, Recorded, StreamName, Version};

/// What the server is given. Text that is JSON is marked as that, so that its own tools show it; the bytes are the same.
pub(super) fn proposed(event: &NewEvent) -> EventData {
    let json = serde_json::from_str::<&RawValue>(&event.data).ok();
    let json = json.filter(|json| json.get() == event.data);
    let data = match json.and_then(|json| EventData::json(&*event.kind, &json).ok()) {
        Some(data) => data,
        None => EventData::binary(&*event.kind, Bytes::from(event.data.clone())),
    };
    data.id(event.id).metadata(Bytes::from(event.meta.clone()))
}

/// What the server has, of a stream whose name begins with `prefix`.
pub(super) fn recorded(event: &RecordedEvent, prefix: &str) -> Result<Recorded, ReadError> {
    let odd = |what: &str| {
        let place = format!("{}@{}", event.stream_id(), event.revision);
        ReadError::Unavailable(format!("{place}: {what}"))
    };
    let name = event.stream_id().strip_prefix(prefix).and_then(|name| StreamName::new(name).ok());
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).map_err(|_| odd("not text"));
    let place = event.position.commit;
    if place == u64::MAX {
        return Err(odd("without a position; EventStoreDB 22.10 or newer is needed"));
    }
    Ok(Recorded {
        position: Position(place + 1),
        stream: name.ok_or_else(|| odd("not a stream of this log"))?,
        version: Version(event.revision + 1),
        id: event.id,
        kind: event.event_type.as_str().into(),
        data: text(&event.data)?,
        meta: text(&event.custom_metadata)?,
    })
}
