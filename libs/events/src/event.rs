//! Types that the store takes and returns.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits::{READ_BYTES_MAX, STREAM_NAME_BYTES_MAX};

/// The name of a stream: printable ASCII without spaces, at most [`STREAM_NAME_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

/// An invalid stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a stream name: printable ASCII, 1 to {STREAM_NAME_BYTES_MAX} bytes, not beginning with `$`"
)]
pub struct InvalidStreamName(String);

impl StreamName {
    /// Validates a name.
    pub fn new(name: &str) -> Result<Self, InvalidStreamName> {
        let fits = (1..=STREAM_NAME_BYTES_MAX).contains(&name.len());
        if fits && name.bytes().all(|b| b.is_ascii_graphic()) && !name.starts_with('$') {
            Ok(Self(name.into()))
        } else {
            Err(InvalidStreamName(name.chars().take(STREAM_NAME_BYTES_MAX).collect()))
        }
    }

    /// The stream of a category for an id, such as `intake-018fd2c4-…`.
    ///
    /// # Panics
    ///
    /// Never for a category that is a word.
    #[must_use]
    pub fn of(category: &str, id: Uuid) -> Self {
        Self::new(&format!("{category}-{id}")).expect("a category is a short word")
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The category: the part before the first hyphen.
    #[must_use]
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// The id within the category: the part after the first hyphen.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a stream, as returned by a read or an append. Opaque; only comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// A commit position. Later events have greater positions; the first is greater than
/// [`Position::START`].
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}

/// The expected state of a stream (optimistic concurrency).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no events.
    NoStream,
    /// The newest event has this version.
    At(Version),
}

impl From<Option<Version>> for Expected {
    fn from(version: Option<Version>) -> Self {
        version.map_or(Self::NoStream, Self::At)
    }
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique in the log.
    pub id: Uuid,
    /// For example `intake.DossierAccepted.v1`.
    pub kind: Arc<str>,
    /// The payload, as text (JSON by convention).
    pub data: String,
    /// Metadata, as text (JSON by convention).
    pub meta: String,
}

impl NewEvent {
    /// The id of the event number `index` that a command appends to a stream. It is derived, so
    /// that a retried command is the same append (UUID version 8, RFC 9562, section 5.8).
    ///
    /// It shares a prefix with the id of its stream, so that the ids of active streams are adjacent
    /// in the index: one page per dossier instead of one per event.
    #[must_use]
    pub fn id_of(stream: &StreamName, command: Uuid, index: usize) -> Uuid {
        let mut id = *Uuid::new_v5(&command, format!("{stream}/{index}").as_bytes()).as_bytes();
        let place = Uuid::try_parse(stream.id())
            .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, stream.as_str().as_bytes()));
        for (byte, of) in id.iter_mut().zip(place.as_bytes()).take(6) {
            *byte = *of;
        }
        Uuid::new_v8(id)
    }
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Commit position.
    pub position: Position,
    pub stream: StreamName,
    /// Version in the stream, from 1.
    pub version: Version,
    pub id: Uuid,
    pub kind: Arc<str>,
    pub data: String,
    pub meta: String,
}

impl Recorded {
    /// Bytes of data and metadata, to which limits apply.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.data.len() + self.meta.len()
    }
}

/// Whether a read ended because there was no more, not because of `limit` or the byte limit.
pub(crate) fn is_whole<E: Borrow<Recorded>>(events: &[E], limit: usize) -> bool {
    let bytes: usize = events.iter().map(|event| event.borrow().bytes()).sum();
    events.len() < limit && bytes < READ_BYTES_MAX
}

/// Collects events up to `limit` or the byte limit of a read.
pub(crate) fn fill<E: Borrow<Recorded>>(
    events: impl IntoIterator<Item = E>,
    limit: usize,
) -> Vec<E> {
    let (mut filled, mut bytes) = (Vec::new(), 0);
    for event in events.into_iter().take(limit) {
        bytes += event.borrow().bytes();
        filled.push(event);
        if bytes >= READ_BYTES_MAX {
            break;
        }
    }
    filled
}

/// Result of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Version of its last event.
    pub version: Version,
    /// Position of its last event.
    pub position: Position,
}

/// Filter of `read_all`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Prefixes of event kinds; an event passes if its kind has one of them. Empty: every event
    /// passes.
    pub kinds: Vec<Arc<str>>,
}

impl Filter {
    /// Whether an event of `kind` passes.
    #[must_use]
    pub fn passes(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|prefix| kind.starts_with(&**prefix))
    }
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Events that passed the filter, in commit order.
    pub events: Vec<Arc<Recorded>>,
    /// Position up to which the log was scanned; the next page starts after it.
    pub through: Position,
}

impl Page {
    /// A page after `after` from scanned events, up to the limits.
    pub(crate) fn of<'a>(
        after: Position,
        events: impl IntoIterator<Item = &'a Arc<Recorded>>,
        filter: &Filter,
    ) -> Self {
        let (mut page, mut bytes) = (Self { events: Vec::new(), through: after }, 0);
        for event in events {
            page.through = event.position;
            if filter.passes(&event.kind) {
                bytes += event.bytes();
                page.events.push(Arc::clone(event));
            }
            if bytes >= READ_BYTES_MAX {
                break;
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(stream: &str, command: u128, index: usize) -> Uuid {
        NewEvent::id_of(&StreamName::new(stream).unwrap(), Uuid::from_u128(command), index)
    }

    #[test]
    fn an_event_id_follows_from_stream_command_and_index() {
        let dossier = "intake-5f0c1d2e-0000-5000-8000-000000000001";
        assert_eq!(id(dossier, 1, 0), id(dossier, 1, 0));
        assert_ne!(id(dossier, 1, 0), id(dossier, 1, 1));
        assert_ne!(id(dossier, 1, 0), id(dossier, 2, 0));
        assert_ne!(id(dossier, 1, 0), id(&dossier.replace("intake", "review"), 1, 0));
        assert_ne!(id("series", 1, 0), id("figures", 1, 0));
    }

    #[test]
    fn the_ids_of_one_dossier_begin_alike() {
        let dossier = "intake-5f0c1d2e-3a4b-5000-8000-000000000001";
        let (first, other) = (id(dossier, 1, 0), id(&dossier.replace("intake", "review"), 2, 7));
        assert!(first.to_string().starts_with("5f0c1d2e-3a4b-8"), "{first}");
        assert!(other.to_string().starts_with("5f0c1d2e-3a4b-8"), "{other}");
    }
}
