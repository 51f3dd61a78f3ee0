//! The state of one stream.

use std::fmt;

use jiff::Timestamp;

use super::{Facts, Subscription};
use crate::access::Resource;
use crate::contract::{Actor, AgencyCode, DossierId, EventSet, Meta, ProcedureRef, Subject};
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

    /// Completes the events of a decision on this state with the records of the papers that they
    /// issue.
    #[must_use]
    fn with_papers(&self, events: Vec<Self::Event>, _facts: &Facts<'_>) -> Vec<Self::Event> {
        events
    }

    /// The absent officer in whose place the actor acts as a deputy at an instant. It is recorded
    /// with the events.
    fn deputised(&self, _actor: &Actor, _law: &Law, _at: Timestamp) -> Option<Subject> {
        None
    }
}
