//! The state of one stream, and its obligations.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AnyCommand, LawError, Subscription};
use crate::access::Resource;
use crate::clock::Period;
use crate::contract::{AgencyCode, DossierId, EventSet, Meta, PeriodExtended, ProcedureRef};
use crate::law::Law;

/// The state of one stream: a fold over its events.
pub trait State: Default + Clone + fmt::Debug + Send + Sync + 'static {
    type Event: EventSet;
    /// The prefix of the streams' names, before the hyphen.
    const CATEGORY: &'static str;

    /// Whether a stream has the id of its dossier. Other services then have streams with the same
    /// id.
    const IS_NAMED_BY_DOSSIER: bool = true;

    /// The events of other services that this service reacts to.
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = &[];

    /// Applies one event. Cannot fail: a recorded event is a fact.
    fn evolve(&mut self, event: &Self::Event, meta: &Meta);

    /// Who owns it, for authorisation; `None` while the stream is empty.
    fn resource(&self) -> Option<Resource>;

    /// The version of the procedure and the agency under which the dossier was received.
    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)>;

    /// The dossier of a stream that has an id of its own; `None` if it is about no dossier.
    fn about(&self) -> Option<DossierId> {
        None
    }

    /// The command that enforces an obligation of `kind`; `None` if this state has no such kind.
    #[must_use]
    fn when_due(kind: &str) -> Option<AnyCommand<Self>> {
        let _ = kind;
        None
    }

    /// The open obligations.
    fn obligations(&self) -> Vec<Obligation> {
        Vec::new()
    }

    /// The period from which an obligation of `kind` results; `None` if it results from no period,
    /// or is the period of the decision, which is a [`Ledger`](crate::clock::Ledger) instead.
    fn period<'a>(&'a self, kind: &str, law: &'a Law) -> Result<Option<Period<'a>>, LawError> {
        let _ = (kind, law);
        Ok(None)
    }

    /// The event that records a longer period, where the service has periods.
    #[must_use]
    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        let _ = extended;
        None
    }
}

/// Something that the service must do at an instant, unless it is moot by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What to enforce. A stream has at most one open obligation of a kind.
    pub kind: Cow<'static, str>,
    /// The first instant at which it may be enforced.
    pub due_at: Timestamp,
    /// The event that opened it.
    pub opened_by: Uuid,
}
