//! In whose name changes are sent.

use jiff::Timestamp;

use crate::access::Caller;
use crate::contract::{Actor, SubscriberRights};
use crate::law::Law;

impl SubscriberRights {
    /// The rights of who takes a step now.
    #[must_use]
    pub(super) fn of(actor: &Actor) -> Self {
        Self {
            subject: actor.subject.clone(),
            role: actor.role,
            agency: actor.agency.clone().filter(|_| actor.role.is_officer()),
            on_behalf_of: actor.on_behalf_of.clone(),
            credential: actor.credential,
        }
    }

    /// The caller as which a subscriber reads at this time: with the agencies whose successor the
    /// agency is by then.
    #[must_use]
    pub fn caller(&self, law: &Law, at: Timestamp) -> Caller {
        let succeeded = self.agency.as_ref().map(|agency| law.predecessors(agency, at));
        Caller {
            subject: self.subject.clone(),
            roles: vec![self.role],
            agency: self.agency.clone(),
            predecessors: succeeded.unwrap_or_default(),
            on_behalf_of: self.on_behalf_of.clone(),
            mandate: None,
            credential: self.credential,
        }
    }
}
