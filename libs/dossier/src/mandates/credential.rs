//! The state of the credential of a program that acts for a firm.

use jiff::Timestamp;

use crate::access::Resource;
use crate::contract::{
    AgencyCode, CredentialEvent, CredentialRegistered, Meta, Personal, ProcedureRef,
};
use crate::services::Category;
use crate::step::State;

/// The credential of a program that acts for a firm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credential {
    /// Absent while the stream is empty.
    pub registered: Option<CredentialRegistered>,
    pub registered_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked.
    pub reason: Option<Personal<String>>,
}

impl Credential {
    /// What was registered, if it is valid at an instant.
    #[must_use]
    pub fn valid(&self, at: Timestamp) -> Option<&CredentialRegistered> {
        let registered = self.registered.as_ref()?;
        (self.revoked_at.is_none() && at < registered.ends_at).then_some(registered)
    }
}

impl State for Credential {
    type Event = CredentialEvent;
    const CATEGORY: &'static str = Category::Credential.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &CredentialEvent, meta: &Meta) {
        match event {
            CredentialEvent::CredentialRegistered(registered) => {
                self.registered = Some(registered.clone());
                self.registered_at = Some(meta.at());
            }
            CredentialEvent::CredentialRevoked(revoked) => {
                self.revoked_at = Some(meta.at());
                self.reason.clone_from(&revoked.reason);
            }
        }
    }

    fn resource(&self) -> Option<Resource> {
        let owners = vec![self.registered.as_ref()?.firm.clone()];
        Some(Resource { owners, ..Resource::default() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}
