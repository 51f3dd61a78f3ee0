//! Why an append or a read failed. A refusal (the caller must change something) is kept apart from a failure (the
//! caller may try the same again).

use std::time::Duration;

use uuid::Uuid;

use crate::{InvalidStreamName, Version};

/// Which limit an append is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// See [`crate::limits::EVENT_BYTES_MAX`].
    #[error("event {index} has {bytes} bytes, more than {max}")]
    Event {
        /// Its index in the append.
        index: usize,
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// See [`crate::limits::APPEND_EVENTS_MAX`].
    #[error("{count} events, more than {max}")]
    Count {
        /// How many events.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// See [`crate::limits::APPEND_BYTES_MAX`].
    #[error("{bytes} bytes, more than {max}")]
    Append {
        /// The size of all events together.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// See [`crate::limits::KIND_BYTES_MAX`].
    #[error("the kind of event {index} is longer than {max} bytes or empty")]
    Kind {
        /// Its index in the append.
        index: usize,
        /// The limit.
        max: usize,
    },
    /// An append of nothing.
    #[error("no events")]
    Empty,
}

/// Why nothing was appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream does not stand at the expected version.
    #[error("the stream stands at {actual:?}")]
    Conflict {
        /// Where it stands; `None` if it has no event.
        actual: Option<Version>,
    },
    /// The id stands in the log with other bytes, at another version or in another stream.
    #[error("the event id {0} was used before")]
    IdReused(Uuid),
    /// Over a limit.
    #[error("too large: {0}")]
    TooLarge(#[from] TooLarge),
    /// Not a stream that anyone may write to.
    #[error(transparent)]
    StreamName(#[from] InvalidStreamName),
    /// Too many appends are waiting; nothing was written.
    #[error("busy, try again after {0:?}")]
    Busy(Duration),
    /// The engine failed. Whether the events were written is unknown; the same append again is safe.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
}

/// Why a read failed. The same read again is safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The engine failed.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{path} is in use by another process; stop that one first, or choose another directory"
    )]
    InUse {
        /// The database file.
        path: String,
    },
    /// No engine of this program.
    #[error(
        "`{url}` names no event store of this program; use sqlite:PATH, postgres://USER@HOST/DATABASE or esdb://USER@HOST"
    )]
    UnknownEngine {
        /// The address.
        url: String,
    },
    /// Written by a newer version of the program.
    #[error("{path} has schema version {found}, this program knows {known}; use a newer program")]
    Newer {
        /// The database file.
        path: String,
        /// Its schema version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A database of something else.
    #[error("{path} is not an event store")]
    Foreign {
        /// The database file.
        path: String,
    },
    /// The file or its folder cannot be used.
    #[error("{path} cannot be opened: {reason}")]
    Unusable {
        /// The database file.
        path: String,
        /// What the engine says.
        reason: String,
    },
}
