//! The state of one stream.

use std::fmt;

use super::Subscription;
use crate::access::Resource;
use crate::contract::{AgencyCode, DossierId, EventSet, Meta, ProcedureRef};

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
}
