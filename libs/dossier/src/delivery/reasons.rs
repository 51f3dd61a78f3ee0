//! What was written about a result: reasons, notes and recipients. It is kept for readers; no step
//! depends on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::contract::{DeliveryChannel, DeliveryEvent, DutyMet, Meta, Personal};

/// The texts about a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons {
    /// The reason of the latest renewal request.
    pub renewal_requested: Option<Personal<String>>,
    /// The reason for which the latest renewal was refused.
    pub renewal_refused: Option<Personal<String>>,
    pub revoked: Option<Personal<String>>,
    pub handed_out: Option<HandedOut>,
    /// How duties were met, by their code in the procedure.
    pub duties: BTreeMap<String, Arc<DutyMet>>,
}

/// The delivery of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedOut {
    pub at: Timestamp,
    pub channel: DeliveryChannel,
    /// The recipient, if not the applicant.
    pub received_by: Option<Personal<String>>,
}

impl Reasons {
    /// Applies an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no text of its own")]
    pub(super) fn evolve(&mut self, event: &DeliveryEvent, meta: &Meta) {
        match event {
            DeliveryEvent::RenewalRequested(requested) => {
                self.renewal_requested.clone_from(&requested.reason);
                self.renewal_refused = None;
            }
            DeliveryEvent::RenewalRefused(refused) => {
                self.renewal_refused = Some(refused.reason.clone());
            }
            DeliveryEvent::ResultRenewed(_) => self.renewal_refused = None,
            DeliveryEvent::ResultRevoked(revoked) => self.revoked = Some(revoked.reason.clone()),
            DeliveryEvent::ResultDelivered(delivered) => {
                self.handed_out = Some(HandedOut {
                    at: meta.at(),
                    channel: delivered.channel,
                    received_by: delivered.received_by.clone(),
                });
            }
            DeliveryEvent::DutyMet(met) => {
                self.duties.insert(met.duty.clone(), Arc::new(met.clone()));
            }
            _ => {}
        }
    }
}
