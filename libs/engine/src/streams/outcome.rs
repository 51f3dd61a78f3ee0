//! Results of commands.

use std::sync::Arc;
use std::time::Duration;

use dossier::access::Denied;
use events::{AppendError, ReadError, TooLarge, Unwritable, Version};

use super::Loaded;
use crate::clock::ClockWrong;

/// An executed command.
#[derive(Debug, Clone)]
pub struct Executed<S> {
    /// The stream after it.
    pub loaded: Arc<Loaded<S>>,
    /// Whether the command was a duplicate.
    pub repeated: bool,
}

/// Why a command was not executed.
#[derive(Debug)]
pub enum Failure<R> {
    /// The law refuses it.
    Refused(R),
    /// The caller is not permitted.
    Denied(Denied),
    /// The stream does not exist.
    Missing,
    /// `If-Match` has an older version than this present one.
    Stale(Version),
    /// The same idempotency key was used for another request.
    KeyReused,
    /// An event that the reaction depends on has not arrived.
    NotYet,
    /// Concurrent appends to the stream caused a conflict in every attempt.
    Contended,
    /// The decided events exceed what the store accepts in one append.
    TooLarge(TooLarge),
    /// The store is overloaded; retry after this time.
    Busy(Duration),
    /// The store cannot be written to until an operator acts.
    Unwritable(Unwritable),
    /// The clock is wrong, so that nothing may be recorded.
    Clock(ClockWrong),
    /// The stream cannot be read, or one of its events cannot be decoded; nothing was recorded.
    Read(ReadError),
    /// The store did not take the events, or it is unknown whether it did.
    Append(AppendError),
}

impl<R> Failure<R> {
    /// Whether the same command may succeed later without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Contended | Self::NotYet | Self::Busy(_) | Self::Clock(_) => true,
            Self::Unwritable(why) => why.is_retryable(),
            Self::Read(error) => error.is_retryable(),
            Self::Append(error) => error.is_retryable(),
            Self::Refused(_)
            | Self::Denied(_)
            | Self::Missing
            | Self::Stale(_)
            | Self::KeyReused
            | Self::TooLarge(_) => false,
        }
    }

    /// Whether it is a failure, not a refusal, that neither a retry nor a working disk mends.
    #[must_use]
    pub const fn is_defect(&self) -> bool {
        match self {
            Self::Read(error) => !error.is_retryable(),
            Self::Append(AppendError::Unwritable(why)) | Self::Unwritable(why) => why.is_defect(),
            Self::Append(error) => !error.is_retryable(),
            Self::Refused(_)
            | Self::Denied(_)
            | Self::Missing
            | Self::Stale(_)
            | Self::KeyReused
            | Self::NotYet
            | Self::Contended
            | Self::TooLarge(_)
            | Self::Busy(_)
            | Self::Clock(_) => false,
        }
    }

    /// Whether it depends on the stream's state, so that it must be confirmed on the stored state.
    pub(super) const fn rests_on_state(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotYet | Self::Stale(_))
    }
}

impl<R> From<ReadError> for Failure<R> {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl<R> From<ClockWrong> for Failure<R> {
    fn from(wrong: ClockWrong) -> Self {
        Self::Clock(wrong)
    }
}
