//! Stream, authority and other data of a command.

use dossier::Elsewhere;
use dossier::access::{Caller, May};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef};
use events::StreamName;
use uuid::Uuid;

use super::Seen;

/// Who issues a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Authority<'a> {
    /// A caller, who must be one of these.
    Caller(&'a Caller, &'a [May]),
    /// The service itself, by its name.
    Service(&'a str),
}

/// Whether a command may begin its stream.
#[derive(Debug, Clone, Copy)]
pub enum Begins<'a> {
    Existing,
    /// The stream may or may not exist; the command decides what that means.
    Either,
    /// The stream probably begins with the command, under this procedure and agency. It is not read
    /// first: the append fails with a conflict if it exists.
    New(&'a ProcedureRef, &'a AgencyCode),
    /// Like `New`, for a stream under no procedure.
    NewWithoutLaw,
}

impl<'a> Begins<'a> {
    pub(super) const fn law(self) -> Option<(&'a ProcedureRef, &'a AgencyCode)> {
        match self {
            Self::New(procedure, agency) => Some((procedure, agency)),
            Self::Existing | Self::Either | Self::NewWithoutLaw => None,
        }
    }

    pub(super) const fn is_new(self) -> bool {
        matches!(self, Self::New(..) | Self::NewWithoutLaw)
    }
}

/// A command's stream, id and circumstances: all of a command except its content.
#[derive(Debug, Clone)]
pub struct CommandEnvelope<'a> {
    pub(crate) stream: StreamName,
    pub(crate) command: Uuid,
    /// Keyed digest of the request; empty for the service's own commands.
    pub(crate) digest: &'a str,
    pub(crate) authority: Authority<'a>,
    /// The versions in `If-Match`; not checked if absent.
    pub(crate) seen: Option<&'a Seen>,
    pub(crate) begins: Begins<'a>,
    /// Absent if it follows from the stream.
    pub(crate) dossier: Option<DossierId>,
    /// Id of the event that caused the command.
    pub(crate) cause: Option<Uuid>,
    /// W3C trace context.
    pub(crate) trace: Option<String>,
    /// Events that other services have recorded for the same dossier.
    pub(crate) elsewhere: &'a [Elsewhere],
}

impl<'a> CommandEnvelope<'a> {
    /// A command of the `service` itself, on an existing stream.
    #[must_use]
    pub fn by_service(service: &'a str, stream: StreamName, command: Uuid) -> Self {
        Self {
            stream,
            command,
            digest: "",
            authority: Authority::Service(service),
            seen: None,
            begins: Begins::Existing,
            dossier: None,
            cause: None,
            trace: None,
            elsewhere: &[],
        }
    }

    /// A command of a caller, who must be one of `mays`, on an existing stream. The keyed digest of
    /// the request detects a reused id with other content.
    #[must_use]
    pub fn by_caller(
        (caller, mays): (&'a Caller, &'a [May]),
        stream: StreamName,
        (command, digest): (Uuid, &'a str),
    ) -> Self {
        let authority = Authority::Caller(caller, mays);
        Self { digest, authority, ..Self::by_service("", stream, command) }
    }

    /// Replaces the keyed digest of the request.
    #[must_use]
    pub fn with_digest(self, digest: &'a str) -> Self {
        Self { digest, ..self }
    }

    /// Requires that the stream has one of these versions (`If-Match`).
    #[must_use]
    pub fn seen(self, seen: Option<&'a Seen>) -> Self {
        Self { seen, ..self }
    }

    /// Sets whether the command may begin the stream.
    #[must_use]
    pub fn begins(self, begins: Begins<'a>) -> Self {
        Self { begins, ..self }
    }

    /// Sets the dossier that the command belongs to.
    #[must_use]
    pub fn about(self, dossier: Option<DossierId>) -> Self {
        Self { dossier, ..self }
    }

    /// Sets the event that caused the command.
    #[must_use]
    pub fn caused_by(self, event: Uuid) -> Self {
        Self { cause: Some(event), ..self }
    }

    /// Sets the W3C trace context of the execution.
    #[must_use]
    pub fn traced(self, trace: Option<String>) -> Self {
        Self { trace, ..self }
    }

    /// Adds events that other services have recorded for the same dossier.
    #[must_use]
    pub fn knowing(self, elsewhere: &'a [Elsewhere]) -> Self {
        Self { elsewhere, ..self }
    }
}
