//! What comes of a command.

use std::sync::Arc;
use std::time::Duration;

use dossier::access::Denied;
use dossier::contract::Unreadable;
use events::{ReadError, TooLarge, Unwritable, Version};

use super::Loaded;
use crate::clock::ClockWrong;

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Executed<S> {
    /// The stream after it.
    pub loaded: Arc<Loaded<S>>,
    /// Whether it had been applied before.
    pub repeated: bool,
}

/// Why nothing came of a command.
#[derive(Debug)]
pub enum Failure<R> {
    /// The law says no.
    Refused(R),
    /// The caller may not.
    Denied(Denied),
    /// There is no such stream.
    Missing,
    /// The caller has seen an older version than this.
    Stale(Version),
    /// The same key came with another request before.
    KeyReused,
    /// A precondition of a reaction has not arrived.
    NotYet,
    /// The stream moved on faster than it could be decided.
    Contended,
    /// What was decided is more than the store takes at once.
    TooLarge(TooLarge),
    /// The store takes no more at the moment.
    Busy(Duration),
    /// The store cannot be written to until somebody sees to it.
    Unwritable(Unwritable),
    /// What the clock says must not be recorded.
    Clock(ClockWrong),
    /// The store does not answer.
    Unavailable(String),
    /// An event of the stream cannot be read: only an operator can help.
    Unreadable(String),
}

impl<R> Failure<R> {
    /// Whether another state of the stream could lead elsewhere: such a failure must rest on what
    /// the store has.
    pub(super) const fn rests_on_state(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotYet | Self::Stale(_))
    }
}

impl<R> From<ReadError> for Failure<R> {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl<R> From<ClockWrong> for Failure<R> {
    fn from(wrong: ClockWrong) -> Self {
        Self::Clock(wrong)
    }
}

impl<R> From<Unreadable> for Failure<R> {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error.to_string())
    }
}
