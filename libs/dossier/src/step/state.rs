//! What a service knows of one stream, and what falls due in it.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AnyCommand, LawError, Subscription};
use crate::access::Resource;
use crate::clock::Period;
use crate::contract::{AgencyCode, DossierId, EventSet, Meta, PeriodExtended, ProcedureRef};
use crate::law::Law;

/// What a service knows about one stream: a fold over its events.
pub trait State: Default + Clone + fmt::Debug + Send + Sync + 'static {
    /// The events of the stream.
    type Event: EventSet;
    /// What a stream's name begins with, before the hyphen.
    const CATEGORY: &'static str;

    /// Whether a stream's id is that of its dossier: other services then have streams of the same
    /// id.
    const IS_NAMED_BY_DOSSIER: bool = true;

    /// The events of other services that concern it, and what follows from each.
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = &[];

    /// Takes one event in. Never fails: what was recorded has happened.
    fn evolve(&mut self, event: &Self::Event, meta: &Meta);

    /// Whose it is; `None` while the stream is empty.
    fn resource(&self) -> Option<Resource>;

    /// Under which version of which procedure, and in which agency.
    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)>;

    /// The dossier that a stream with an id of its own is about, if it is about one.
    fn about(&self) -> Option<DossierId> {
        None
    }

    /// The command that enforces an obligation of `kind`; nothing if no stream of this kind has
    /// one.
    #[must_use]
    fn when_due(kind: &str) -> Option<AnyCommand<Self>> {
        let _ = kind;
        None
    }

    /// What falls due, and when.
    fn obligations(&self) -> Vec<Obligation> {
        Vec::new()
    }

    /// The period by which an obligation of `kind` falls due; nothing if it follows from none, or
    /// is the one for the decision, which has a ledger.
    fn period<'a>(&'a self, kind: &str, law: &'a Law) -> Result<Option<Period<'a>>, LawError> {
        let _ = (kind, law);
        Ok(None)
    }

    /// The event that makes a period longer, where the service has periods.
    #[must_use]
    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        let _ = extended;
        None
    }
}

/// Something that the service itself must do at an instant unless it has become moot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What is to be enforced; a stream has at most one open obligation of a kind.
    pub kind: Cow<'static, str>,
    /// From when on.
    pub due_at: Timestamp,
    /// The event that opened it.
    pub opened_by: Uuid,
}
