//! Errors of the store. `is_retryable` of each tells whether the same call may succeed later
//! without an operator. Errors that may be retried and errors that may not are different variants,
//! and the engine's own error is kept as the source.

use std::time::Duration;

use uuid::Uuid;

use crate::limits::{BUSY_RETRY_AFTER, MENDED_RETRY_AFTER};
use crate::{Cause, InvalidStreamName, Position, Recorded, Version};

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
    /// The engine did not answer. Whether the events were written is unknown; retrying is safe.
    #[error("the event store cannot be reached: {0}")]
    Unreachable(#[source] Cause),
    /// The engine refused the call, and will refuse it again. Whether an earlier attempt of it was
    /// written is unknown.
    #[error("the event store refuses the append: {0}")]
    Refused(#[source] Cause),
    /// A read that the append depends on failed; nothing was written.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl AppendError {
    /// Whether a retry may succeed without an operator. (After a conflict, a caller that decides
    /// anew may succeed; the same append cannot.)
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Unreachable(_) => true,
            Self::Read(error) => error.is_retryable(),
            Self::Conflict { .. }
            | Self::IdReused(_)
            | Self::TooLarge(_)
            | Self::StreamName(_)
            | Self::Unwritable(_)
            | Self::Refused(_) => false,
        }
    }

    /// Whether the events may have been written all the same.
    #[must_use]
    pub const fn may_be_written(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(_))
    }
}

impl From<Unwritable> for AppendError {
    fn from(why: Unwritable) -> Self {
        match why {
            Unwritable::Locked(_) | Unwritable::Pinned { .. } => Self::Busy(BUSY_RETRY_AFTER),
            Unwritable::Silent(cause) => Self::Unreachable(cause),
            Unwritable::TakenOver(_)
            | Unwritable::Full(_)
            | Unwritable::ReadOnly(_)
            | Unwritable::Broken(_)
            | Unwritable::Corrupt(_)
            | Unwritable::Refused(_) => Self::Unwritable(why),
        }
    }
}

/// Why the log is not writable.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unwritable {
    /// Another process has opened the log for writing. This one never writes again, because its
    /// state may be outdated.
    #[error("another process has opened the log for writing: {0}")]
    TakenOver(#[source] Cause),
    /// The disk is full.
    #[error("the event store's disk is full: {0}")]
    Full(#[source] Cause),
    /// Opened read-only, or on a read-only medium.
    #[error("the event store is read-only: {0}")]
    ReadOnly(#[source] Cause),
    /// The disk fails, or the file cannot be opened.
    #[error("the event store's disk fails: {0}")]
    Broken(#[source] Cause),
    /// The engine found its own data damaged. Only a backup mends it.
    #[error("the event store is corrupt: {0}")]
    Corrupt(#[source] Cause),
    /// The engine refuses the write in a way that none of the others describes: a missing table or
    /// permission, a statement that it does not accept. It will refuse it again.
    #[error("the event store refuses the write: {0}")]
    Refused(#[source] Cause),
    /// Another process holds a lock.
    #[error("the event store is locked by another program: {0}")]
    Locked(#[source] Cause),
    /// A reader blocks checkpoints, and the write-ahead log has reached its limit.
    #[error("a reader blocks the checkpoint of the write-ahead log, which has {bytes} bytes")]
    Pinned { bytes: u64 },
    /// The engine does not respond.
    #[error("the event store does not respond: {0}")]
    Silent(#[source] Cause),
}

impl Unwritable {
    /// Whether it may resolve without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_))
    }

    /// Whether the log or the program is defective, rather than its disk or its role.
    #[must_use]
    pub const fn is_defect(&self) -> bool {
        matches!(self, Self::Corrupt(_) | Self::Refused(_))
    }

    /// When a client should retry; `None` where that is not expected to help: another process
    /// writes the log, or the log or the program is defective.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TakenOver(_) | Self::Corrupt(_) | Self::Refused(_) => None,
            Self::Full(_) | Self::ReadOnly(_) | Self::Broken(_) => Some(MENDED_RETRY_AFTER),
            Self::Locked(_) | Self::Pinned { .. } | Self::Silent(_) => Some(BUSY_RETRY_AFTER),
        }
    }
}

/// Why a read failed. Retrying is always safe; [`ReadError::is_retryable`] tells whether it may
/// help.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The engine did not answer.
    #[error("the event store cannot be reached: {0}")]
    Unreachable(#[source] Cause),
    /// The engine refused the read, and will refuse it again: a missing table or permission.
    #[error("the event store refuses the read: {0}")]
    Refused(#[source] Cause),
    /// A record, or the whole log, is not what an append wrote, or cannot be decoded.
    #[error("the event store is corrupt{}: {cause}", at(*.position))]
    Corrupt {
        /// The position of the record, as far as it is known.
        position: Option<Position>,
        #[source]
        cause: Cause,
    },
    /// `read_all` started at a position within the log that no event has, which this store cannot
    /// have returned. Only EventStoreDB, whose positions are byte offsets, refuses it.
    #[error("no event of this log has the position {}; begin behind one that was exported, or at 0", .0.0)]
    NoSuchPosition(Position),
}

impl ReadError {
    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// The engine does not answer, for a `cause`.
    #[must_use]
    pub fn unreachable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreachable(Cause::new(cause))
    }

    /// The recorded event cannot be decoded.
    #[must_use]
    pub fn corrupt(
        event: &Recorded,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt { position: Some(event.position), cause: Cause::new(cause) }
    }
}

fn at(position: Option<Position>) -> String {
    position.map_or_else(String::new, |Position(position)| format!(" at position {position}"))
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
    #[error("{path} cannot be reached: {cause}")]
    Unreachable {
        path: String,
        /// The failure of each host.
        #[source]
        cause: Cause,
    },
    /// The file or its folder cannot be used.
    #[error("{path} cannot be opened: {cause}")]
    Unusable {
        /// The database file, or the address.
        path: String,
        #[source]
        cause: Cause,
    },
}

impl OpenError {
    /// The file or the server at `path` cannot be used, for a `cause`.
    pub(crate) fn unusable(
        path: impl std::fmt::Display,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unusable { path: path.to_string(), cause: Cause::new(cause) }
    }

    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
