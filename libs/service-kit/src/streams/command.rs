//! What goes with a command to a stream.

use dossier::Elsewhere;
use dossier::access::{Caller, May};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef};
use events::StreamName;
use uuid::Uuid;

use crate::http::Seen;

/// On what authority a command comes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Authority<'a> {
    /// A caller, who must be one of those who may.
    Caller(&'a Caller, &'a [May]),
    /// The service itself, by its name.
    Service(&'a str),
}

/// Whether a command may begin its stream.
#[derive(Debug, Clone, Copy)]
pub enum Begins<'a> {
    /// The stream must exist.
    Existing,
    /// It may exist or not; what that means, the command decides.
    Either,
    /// It most likely begins with the command, under this law: the stream is not read first, and
    /// the append finds out if it exists.
    New(&'a ProcedureRef, &'a AgencyCode),
    /// The same for a stream that is under no procedure.
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

/// A command's stream, its id, and all else that is known of it but the command itself.
#[derive(Debug, Clone)]
pub struct CommandEnvelope<'a> {
    pub(crate) stream: StreamName,
    pub(crate) command: Uuid,
    /// A keyed digest of the request; empty for the service's own commands.
    pub(crate) digest: &'a str,
    pub(crate) authority: Authority<'a>,
    /// The versions that the caller has seen (`If-Match`).
    pub(crate) seen: Option<&'a Seen>,
    pub(crate) begins: Begins<'a>,
    /// The dossier; absent where the stream itself tells which it is about.
    pub(crate) dossier: Option<DossierId>,
    /// The event that caused the command.
    pub(crate) cause: Option<Uuid>,
    /// W3C trace context.
    pub(crate) trace: Option<String>,
    /// What other services have recorded.
    pub(crate) elsewhere: &'a [Elsewhere],
}

impl<'a> CommandEnvelope<'a> {
    /// A command with this id on an existing stream, which the `service` takes by itself.
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

    /// A command with this id on an existing stream, which a caller sends who must be one of
    /// `mays`. By the keyed digest of the request the same id with another content is told apart.
    #[must_use]
    pub fn by_caller(
        (caller, mays): (&'a Caller, &'a [May]),
        stream: StreamName,
        (command, digest): (Uuid, &'a str),
    ) -> Self {
        let authority = Authority::Caller(caller, mays);
        Self { digest, authority, ..Self::by_service("", stream, command) }
    }

    /// The versions that the caller has seen (`If-Match`).
    #[must_use]
    pub fn seen(self, seen: Option<&'a Seen>) -> Self {
        Self { seen, ..self }
    }

    /// Whether the stream may begin with the command.
    #[must_use]
    pub fn begins(self, begins: Begins<'a>) -> Self {
        Self { begins, ..self }
    }

    /// The dossier that the command is about, if it is about one.
    #[must_use]
    pub fn about(self, dossier: Option<DossierId>) -> Self {
        Self { dossier, ..self }
    }

    /// The event that caused the command.
    #[must_use]
    pub fn caused_by(self, event: Uuid) -> Self {
        Self { cause: Some(event), ..self }
    }

    /// The W3C trace context in which the command is executed.
    #[must_use]
    pub fn traced(self, trace: Option<String>) -> Self {
        Self { trace, ..self }
    }

    /// What other services have recorded for the same dossier.
    #[must_use]
    pub fn knowing(self, elsewhere: &'a [Elsewhere]) -> Self {
        Self { elsewhere, ..self }
    }
}
