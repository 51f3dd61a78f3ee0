//! Why an append or a read failed. A refusal (the caller must change something) is kept apart from a failure (the
//! caller may try the same again).

use std::time::Duration;

use uuid::Uuid;

use crate::limits::{BUSY_RETRY_AFTER, MENDED_RETRY_AFTER};
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
    /// Too many appends are waiting, or somebody else keeps the engine from writing; nothing was written.
    #[error("busy, try again after {0:?}")]
    Busy(Duration),
    /// The engine cannot write until somebody sees to it. Nothing was acknowledged; the same append later is safe.
    #[error(transparent)]
    Unwritable(Unwritable),
    /// The engine failed. Whether the events were written is unknown; the same append again is safe.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
}

impl AppendError {
    /// Whether the same append again may succeed without anybody's doing.
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

/// Why nothing can be written to the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Another program writes to the log. This store never writes again: what it would decide on is no longer all there is.
    #[error("the event store was taken over by another writer: {0}")]
    TakenOver(String),
    /// There is no room left.
    #[error("there is no room left for the event store: {0}")]
    Full(String),
    /// It was opened for reading, or may only be read.
    #[error("the event store can only be read: {0}")]
    ReadOnly(String),
    /// The disk, or the file on it, is damaged.
    #[error("the event store's disk fails: {0}")]
    Broken(String),
    /// Another program holds a lock.
    #[error("the event store is locked by another program: {0}")]
    Locked(String),
    /// A reader keeps the write-ahead log from beginning anew, and it has grown to its limit.
    #[error("a reader outside keeps the write-ahead log from beginning anew: it has {bytes} bytes")]
    Pinned {
        /// Its length.
        bytes: u64,
    },
    /// The engine does not answer.
    #[error("the event store does not answer: {0}")]
    Silent(String),
}

impl Unwritable {
    /// Whether it may pass without anybody's doing.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_))
    }

    /// When it is worth trying again; nothing if this store never writes again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TakenOver(_) => None,
            Self::Full(_) | Self::ReadOnly(_) | Self::Broken(_) => Some(MENDED_RETRY_AFTER),
            Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_) => Some(BUSY_RETRY_AFTER),
        }
    }
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
    /// Nothing to read: a store that is only read is never created.
    #[error("there is no event store at {path}")]
    Missing {
        /// The database file, or the address.
        path: String,
    },
    /// Between this program and the server stands a pooler that lends each connection for one transaction.
    #[error(
        "{path} is a pooler that gives every transaction another session, where commits are not heard of: set `pool_mode = session` \
         for this database, or name the server itself"
    )]
    Pooled {
        /// The address.
        path: String,
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
    /// The server cannot be spoken to. The same later may succeed.
    #[error("{path} cannot be reached: {reason}")]
    Unreachable {
        /// The address.
        path: String,
        /// What is wrong with each host.
        reason: String,
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

impl OpenError {
    /// Whether the same may succeed a moment later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
