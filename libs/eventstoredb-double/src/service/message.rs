//! Between messages and what they say.

use std::collections::HashMap;

use tonic::Status;
use uuid::Uuid;

use crate::log::{NewRecord, Record};
use crate::wire::append::Proposed;
use crate::wire::read::{ReadContent, ReadEvent, ReadResp, RecordedEvent};
use crate::wire::{StreamIdentifier, StructuredUuid, UuidValue};

/// Bytes of one append (`--max-append-size`).
pub(super) const APPEND_BYTES_MAX: usize = 1 << 20;

/// What the server says where its own code has failed.
pub(super) fn thrown() -> Status {
    Status::unknown("Exception was thrown by handler.")
}

pub(super) fn name(identifier: Option<&StreamIdentifier>) -> Option<String> {
    String::from_utf8(identifier?.stream_name.clone()).ok()
}

pub(super) fn identifier(stream: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_bytes().to_vec() }
}

pub(crate) fn uuid(id: &crate::wire::Uuid) -> Option<Uuid> {
    match id.value.as_ref()? {
        UuidValue::Structured(StructuredUuid { most_significant_bits, least_significant_bits }) => {
            let (high, low) =
                (most_significant_bits.cast_unsigned(), least_significant_bits.cast_unsigned());
            Some(Uuid::from_u64_pair(high, low))
        }
        UuidValue::String(text) => text.parse().ok(),
    }
}

pub(super) fn structured(id: Uuid) -> crate::wire::Uuid {
    let (high, low) = id.as_u64_pair();
    let structured = StructuredUuid {
        most_significant_bits: high.cast_signed(),
        least_significant_bits: low.cast_signed(),
    };
    crate::wire::Uuid { value: Some(UuidValue::Structured(structured)) }
}

/// Why an event is not one.
#[derive(Debug)]
pub(super) enum Odd {
    /// It has no id.
    Nil,
    /// It lacks this of what an event must have.
    Missing(&'static str),
}

/// An event that is proposed. Of its metadata the server keeps what it knows.
pub(super) fn proposed(message: Proposed) -> Result<NewRecord, Odd> {
    let Proposed { id, mut metadata, custom_metadata, data } = message;
    let mut take = |name: &'static str| metadata.remove(name).ok_or(Odd::Missing(name));
    let (kind, content) = (take("type")?, take("content-type")?);
    let id = id.as_ref().and_then(uuid).filter(|id| !id.is_nil()).ok_or(Odd::Nil)?;
    // Whoever keeps a part of a request keeps all of it.
    let apart = |bytes: &prost::bytes::Bytes| prost::bytes::Bytes::copy_from_slice(bytes);
    let (custom_metadata, data) = (apart(&custom_metadata), apart(&data));
    Ok(NewRecord { id, kind, json: content == "application/json", custom_metadata, data })
}

/// An event as it is read.
pub(super) fn event(record: &Record, structured_ids: bool) -> ReadResp {
    let (place, content) = (record.place, if record.json { "json" } else { "octet-stream" });
    let metadata = HashMap::from([
        ("type".to_owned(), record.kind.clone()),
        ("created".to_owned(), record.created.to_string()),
        ("content-type".to_owned(), format!("application/{content}")),
    ]);
    let id = if structured_ids {
        structured(record.id)
    } else {
        crate::wire::Uuid { value: Some(UuidValue::String(record.id.to_string())) }
    };
    let recorded = RecordedEvent {
        id: Some(id),
        stream_identifier: Some(identifier(&record.stream)),
        stream_revision: record.revision,
        prepare_position: place,
        commit_position: place,
        metadata,
        custom_metadata: record.custom_metadata.clone(),
        data: record.data.clone(),
    };
    let event = ReadEvent { event: Some(recorded), commit_position: place };
    ReadResp { content: Some(ReadContent::Event(event)) }
}
