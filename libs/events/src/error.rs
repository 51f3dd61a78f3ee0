//! Errors of the store. A refusal (the caller must change something) is distinct from a failure
//! (retrying the same call may succeed).

use std::time::Duration;

use uuid::Uuid;

use crate::limits::{BUSY_RETRY_AFTER, MENDED_RETRY_AFTER};
use crate::{InvalidStreamName, Position, Version};

/// The limit that an append exceeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// See [`crate::limits::EVENT_BYTES_MAX`].
    #[error("event {index} has {bytes} bytes; the limit is {max}")]
    Event {
        /// Index in the append, from 0.
        index: usize,
        bytes: usize,
        max: usize,
    },
    /// See [`crate::limits::APPEND_EVENTS_MAX`].
    #[error("{count} events; the limit is {max}")]
    Count {
        /// How many events.
        count: usize,
        max: usize,
    },
    /// See [`crate::limits::APPEND_BYTES_MAX`].
    #[error("{bytes} bytes; the limit is {max}")]
    Append {
        /// The size of all events together.
        bytes: usize,
        max: usize,
    },
    /// See [`crate::limits::KIND_BYTES_MAX`].
    #[error("the kind of event {index} is empty or longer than {max} bytes")]
    Kind {
        /// Its index in the append.
        index: usize,
        max: usize,
    },
    /// An append of nothing.
    #[error("the append has no events")]
    Empty,
}

/// Why an append failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version.
    #[error("version conflict: the stream is at {actual:?}")]
    Conflict {
        /// Its version; `None` if it has no events.
        actual: Option<Version>,
    },
    /// The id exists with other content, at another version or in another stream.
    #[error("event id {0} already exists with other content")]
    IdReused(Uuid),
    /// A limit is exceeded; nothing was written.
    #[error("too large: {0}")]
    TooLarge(#[from] TooLarge),
    /// Not a valid stream name.
    #[error(transparent)]
    StreamName(#[from] InvalidStreamName),
    /// The queue is full, or another process holds a lock; nothing was written.
    #[error("the event store is busy; retry after {0:?}")]
    Busy(Duration),
    /// The engine cannot write until an operator acts. Nothing was acknowledged; retrying later is
    /// safe.
    #[error(transparent)]
    Unwritable(Unwritable),
    /// The engine failed. Whether the events were written is unknown; retrying is safe.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
}

impl AppendError {
    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unavailable(_))
    }
}

impl From<Unwritable> for AppendError {
    fn from(why: Unwritable) -> Self {
        match why {
            Unwritable::Locked(_) | Unwritable::Pinned { .. } => Self::Busy(BUSY_RETRY_AFTER),
            Unwritable::Silent(reason) => Self::Unavailable(reason),
            Unwritable::TakenOver(_)
            | Unwritable::Full(_)
            | Unwritable::ReadOnly(_)
            | Unwritable::Broken(_) => Self::Unwritable(why),
        }
    }
}

/// Why the log is not writable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Another process has opened the log for writing. This one never writes again, because its
    /// state may be outdated.
    #[error("another process has opened the log for writing: {0}")]
    TakenOver(String),
    /// The disk is full.
    #[error("the event store's disk is full: {0}")]
    Full(String),
    /// Opened read-only, or on a read-only medium.
    #[error("the event store is read-only: {0}")]
    ReadOnly(String),
    /// The disk or the file is damaged.
    #[error("the event store's disk or file is damaged: {0}")]
    Broken(String),
    /// Another process holds a lock.
    #[error("the event store is locked by another program: {0}")]
    Locked(String),
    /// A reader blocks checkpoints, and the write-ahead log has reached its limit.
    #[error("a reader blocks the checkpoint of the write-ahead log, which has {bytes} bytes")]
    Pinned { bytes: u64 },
    /// The engine does not respond.
    #[error("the event store does not respond: {0}")]
    Silent(String),
}

impl Unwritable {
    /// Whether it may resolve without an operator.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_))
    }

    /// When to retry; `None` if this store never writes again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TakenOver(_) => None,
            Self::Full(_) | Self::ReadOnly(_) | Self::Broken(_) => Some(MENDED_RETRY_AFTER),
            Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_) => Some(BUSY_RETRY_AFTER),
        }
    }
}

/// Why a read failed. Retrying is safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The engine failed.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
    /// `read_all` started at a position within the log that no event has, which this store cannot
    /// have returned. Only EventStoreDB, whose positions are byte offsets, refuses it.
    #[error("no event of this log has the position {}; begin behind one that was exported, or at 0", .0.0)]
    NoSuchPosition(Position),
}

impl From<ReadError> for String {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(reason) => reason,
            error @ ReadError::NoSuchPosition(_) => error.to_string(),
        }
    }
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
    /// The address is not one of a supported engine.
    #[error(
        "`{url}` is not an address of an event store; use sqlite:PATH, postgres://USER@HOST/DATABASE or esdb://USER@HOST"
    )]
    UnknownEngine { url: String },
    /// A store that is opened to be read is not created.
    #[error("no event store at {path}")]
    Missing {
        /// The database file, or the address.
        path: String,
    },
    /// The address is a pooler in transaction mode, where `LISTEN` does not work.
    #[error(
        "{path} is a transaction pooler, through which LISTEN does not work: set `pool_mode = session` \
         for this database, or use the server's own address"
    )]
    Pooled { path: String },
    /// Written by a newer version of the program.
    #[error(
        "{path} has schema version {found}; this program supports {known}; use a newer program"
    )]
    Newer {
        /// The database file.
        path: String,
        /// Its schema version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database belongs to another program.
    #[error("{path} is not an event store")]
    Foreign {
        /// The database file.
        path: String,
    },
    /// The server is unreachable. Retrying may succeed.
    #[error("{path} cannot be reached: {reason}")]
    Unreachable {
        path: String,
        /// The failure of each host.
        reason: String,
    },
    /// The file or its folder cannot be used.
    #[error("{path} cannot be opened: {reason}")]
    Unusable {
        /// The database file.
        path: String,
        /// The engine's message.
        reason: String,
    },
}

impl OpenError {
    /// Whether a retry may succeed.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
