//! A command on its way to a stream, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use dossier::access::{Caller, Denied, May};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef, Unreadable};
use dossier::{Elsewhere, Step};
use events::{ReadError, StreamName, TooLarge, Unwritable, Version};
use uuid::Uuid;

use super::Loaded;
use crate::clock::ClockWrong;
use crate::http::Seen;

/// On what authority a command comes.
#[derive(Debug, Clone, Copy)]
pub enum Authority<'a> {
    /// A caller, who must be allowed to.
    Caller(&'a Caller, &'a [May]),
    /// The service itself.
    Service(&'a str),
}

/// A command on its way to a stream.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The stream.
    pub stream: StreamName,
    /// The step that is taken.
    pub step: &'a Step,
    /// The command's id.
    pub command: Uuid,
    /// A keyed digest of the request.
    pub digest: &'a str,
    /// On what authority.
    pub authority: Authority<'a>,
    /// The versions that the caller has seen (`If-Match`).
    pub seen: Option<&'a Seen>,
    /// Whether the stream must exist.
    pub existing: bool,
    /// The law, where the stream may still be empty.
    pub under: Option<(&'a ProcedureRef, &'a AgencyCode)>,
    /// The dossier; nothing where the stream itself says which it is about.
    pub dossier: Option<DossierId>,
    /// The event that caused the command.
    pub cause: Option<Uuid>,
    /// W3C trace context.
    pub trace: Option<String>,
    /// What other services have recorded.
    pub elsewhere: &'a [Elsewhere],
}

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
