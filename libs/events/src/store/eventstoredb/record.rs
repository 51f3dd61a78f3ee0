//! Conversion of events to and from the server's. Streams of other programs are distinguished by
//! the bytes of their names: the server compares prefixes by culture, which ignores some
//! characters, and does not restrict names.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::wire::append::Proposed;
use super::wire::read::RecordedEvent;
use crate::limits::FLAWS_MAX;
use crate::{NewEvent, Position, Recorded, StreamName, Version};

/// Bytes of a stream name that are logged and reported.
const NAME_SHOWN_BYTES: usize = 250;

/// The event as it is sent. JSON is marked as such, so that the server's tools display it; the
/// bytes are unchanged.
pub(super) fn proposed(event: &NewEvent) -> Proposed {
    let json = serde_json::from_str::<&RawValue>(&event.data).ok();
    let json = json.is_some_and(|json| json.get() == event.data);
    let content = if json { "application/json" } else { "application/octet-stream" };
    let metadata = [("type", &*event.kind), ("content-type", content)];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Proposed {
        id: Some(event.id.into()),
        metadata: HashMap::from(metadata),
        custom_metadata: Bytes::from(event.meta.clone()),
        data: Bytes::from(event.data.clone()),
    }
}

/// The owner of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Ours(StreamName),
    /// The name has the log's prefix but is not a valid stream name.
    Odd,
    Others,
}

pub(super) fn whose(prefix: &str, stream: &[u8]) -> Whose {
    let Some(name) = stream.strip_prefix(prefix.as_bytes()) else { return Whose::Others };
    let name = std::str::from_utf8(name).ok().and_then(|name| StreamName::new(name).ok());
    name.map_or(Whose::Odd, Whose::Ours)
}

/// Why an event is skipped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PassedOver {
    Others,
    /// Of another program, under the log's prefix: the name of its stream, escaped.
    Odd(String),
}

/// An event of the log whose streams begin with `prefix`.
pub(super) fn recorded(event: &RecordedEvent, prefix: &str) -> Result<Recorded, PassedOver> {
    let stream = event.stream_identifier.as_ref();
    let stream = stream.map_or(&[][..], |identifier| identifier.stream_name.as_slice());
    let name = match whose(prefix, stream) {
        Whose::Ours(name) => name,
        Whose::Odd => return Err(PassedOver::Odd(shown(stream))),
        Whose::Others => return Err(PassedOver::Others),
    };
    let odd = || PassedOver::Odd(format!("{}@{}", shown(stream), event.stream_revision));
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).map_err(|_| odd());
    Ok(Recorded {
        position: Position(event.commit_position.checked_add(1).ok_or_else(odd)?),
        stream: name,
        version: Version(event.stream_revision.checked_add(1).ok_or_else(odd)?),
        id: event.id.as_ref().and_then(super::wire::Uuid::id).ok_or_else(odd)?,
        kind: event.metadata.get("type").ok_or_else(odd)?.as_str().into(),
        data: text(&event.data)?,
        meta: text(&event.custom_metadata)?,
    })
}

/// A stream's name for logs and reports: invisible characters are escaped, and a long name is
/// truncated, because the server limits a name only by the size of a record.
pub(super) fn shown(stream: &[u8]) -> String {
    match stream.get(..NAME_SHOWN_BYTES) {
        Some(beginning) if stream.len() > NAME_SHOWN_BYTES => {
            format!("{}... ({} bytes)", beginning.escape_ascii(), stream.len())
        }
        _ => stream.escape_ascii().to_string(),
    }
}

/// Streams of other programs under the log's prefix: each is logged once and counted.
#[derive(Debug, Default)]
pub(super) struct Oddities(Mutex<BTreeSet<String>>);

impl Oddities {
    pub(super) fn note(&self, stream: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < FLAWS_MAX && !known.contains(&stream) {
            tracing::warn!(
                stream,
                "a stream of another program has the log's prefix; it is skipped"
            );
            known.insert(stream);
        }
    }

    /// Their number, up to [`FLAWS_MAX`].
    pub(super) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_where_it_is_shown() {
        assert_eq!(shown("dossier.\u{e9}".as_bytes()), "dossier.\\xc3\\xa9");
        let long = vec![b'x'; 1 << 20];
        let cut = shown(&long);
        assert!(cut.ends_with("xxx... (1048576 bytes)") && cut.len() < 300, "{cut}");
        assert_eq!(shown(&long[..NAME_SHOWN_BYTES]).len(), NAME_SHOWN_BYTES);
    }

    #[test]
    fn streams_are_told_apart_by_their_bytes() {
        let whose = |stream: &str| whose("dossier.", stream.as_bytes());
        assert_eq!(whose("dossier.a-1"), Whose::Ours(StreamName::new("a-1").unwrap()));
        // What a comparison by culture ignores.
        for ignored in ["\u{ad}", "\0", "\u{1}", "\u{200d}", "\u{200c}", "\u{2060}", "\u{feff}"] {
            for name in [
                format!("dossier{ignored}.x"),
                format!("dos{ignored}sier.x"),
                format!("{ignored}dossier.x"),
            ] {
                assert_eq!(whose(&name), Whose::Others, "{name:?}");
            }
        }
        for name in ["dossier.", "dossier.foo bar", "dossier.fooé", "dossier.\u{ad}x"] {
            assert_eq!(whose(name), Whose::Odd, "{name:?}");
        }
        for name in ["dossier time", "$$dossier.a-1", "Dossier.a-1", ""] {
            assert_eq!(whose(name), Whose::Others, "{name:?}");
        }
    }
}
