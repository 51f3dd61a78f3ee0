//! Conversion between messages and the log's types.

use std::collections::HashMap;

use tonic::Status;
use uuid::Uuid;

use crate::log::{NewRecord, Record};
use crate::wire::append::Proposed;
use crate::wire::read::{ReadContent, ReadEvent, ReadResp, RecordedEvent};
use crate::wire::{StreamIdentifier, StructuredUuid, UuidValue};

/// Most bytes of one append (`--max-append-size`).
pub(super) const APPEND_BYTES_MAX: usize = 1 << 20;

/// The error of the server for an exception in its own code.
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

/// Why an event is invalid.
#[derive(Debug)]
pub(super) enum Odd {
    Nil,
    /// It lacks this property.
    Missing(&'static str),
}

/// An event to append. Of its metadata, the server keeps only what it knows.
pub(super) fn proposed(message: Proposed) -> Result<NewRecord, Odd> {
    let Proposed { id, mut metadata, custom_metadata, data } = message;
    let mut take = |name: &'static str| metadata.remove(name).ok_or(Odd::Missing(name));
    let (kind, content) = (take("type")?, take("content-type")?);
    let id = id.as_ref().and_then(uuid).filter(|id| !id.is_nil()).ok_or(Odd::Nil)?;
    // Copied, because a slice would keep the whole request in memory.
    let apart = |bytes: &prost::bytes::Bytes| prost::bytes::Bytes::copy_from_slice(bytes);
    let (custom_metadata, data) = (apart(&custom_metadata), apart(&data));
    Ok(NewRecord { id, kind, json: content == "application/json", custom_metadata, data })
}

/// An event as a read returns it.
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
