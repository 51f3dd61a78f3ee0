//! A result as result delivery knows it: the fold over its events, what falls due in it, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{After, expire_result, miss_duty, miss_renewal};
use crate::access::Resource;
use crate::clock::Period;
use crate::contract::{
    AgencyCode, Brief, Delivery, DeliveryChannel, DeliveryEvent, Meta, ParcelId, PeriodExtended,
    Personal, ProcedureRef, ResultHandedToCarrier, ResultIssued, ResultPrepared,
};
use crate::law::Law;
use crate::step::{Facts, LawError, Obligation, State};

/// Where a result is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was decided.
    #[default]
    Empty,
    /// It is to be issued.
    Prepared,
    /// It is there.
    Issued,
    /// It is on its way.
    WithCarrier,
    /// The applicant has it.
    Delivered,
    /// It is no longer valid.
    Revoked,
    /// There will be none: the dossier ended otherwise.
    Cancelled,
}

/// A result on its way.
#[derive(Debug, Clone, Default)]
pub struct DossierResult {
    /// What was decided.
    pub prepared: Option<Arc<ResultPrepared>>,
    /// Where it is.
    pub stage: Stage,
    /// The result itself.
    pub issued: Option<Arc<ResultIssued>>,
    /// How it is wanted.
    pub delivery: Option<Delivery>,
    /// The parcel that is on its way, or was the last.
    pub parcel: Option<Arc<ResultHandedToCarrier>>,
    /// How often a parcel came back.
    pub returns: u32,
    /// What the carrier said last.
    pub tracked: Option<Personal<String>>,
    /// Every parcel and its carrier.
    pub parcels: BTreeMap<ParcelId, String>,
    /// What comes after it.
    pub after: After,
    notices: BTreeSet<(String, String)>,
}

impl DossierResult {
    /// Whether this fact of this carrier was taken in before.
    #[must_use]
    pub fn knows(&self, carrier: &str, carrier_event: &str) -> bool {
        self.notices.contains(&(carrier.to_owned(), carrier_event.to_owned()))
    }

    pub(super) fn brief(&self) -> Option<&Brief> {
        self.prepared.as_ref().map(|prepared| &prepared.brief)
    }

    fn note(&mut self, carrier_event: &str) {
        let carrier = self.parcel.as_ref().map_or(String::new(), |parcel| parcel.carrier.clone());
        self.notices.insert((carrier, carrier_event.to_owned()));
    }

    /// Whether it is there and wanted in this way.
    #[must_use]
    pub fn waits_for(&self, channel: DeliveryChannel) -> bool {
        self.stage == Stage::Issued && self.delivery.as_ref().is_some_and(|d| d.channel == channel)
    }
}

impl State for DossierResult {
    type Event = DeliveryEvent;
    const CATEGORY: &'static str = "delivery";

    fn evolve(&mut self, event: &DeliveryEvent, meta: &Meta) {
        self.after.evolve(event, meta);
        match event {
            DeliveryEvent::ResultPrepared(prepared) => {
                self.delivery = Some(prepared.brief.delivery.clone());
                self.prepared = Some(Arc::new(prepared.clone()));
                self.stage = Stage::Prepared;
            }
            DeliveryEvent::ResultIssued(issued) => {
                self.issued = Some(Arc::new(issued.clone()));
                self.stage = Stage::Issued;
            }
            DeliveryEvent::DeliveryChannelChosen(chosen) => {
                self.delivery = Some(chosen.delivery.clone());
            }
            DeliveryEvent::ResultHandedToCarrier(handed) => {
                self.parcels.insert(handed.parcel, handed.carrier.clone());
                self.parcel = Some(Arc::new(handed.clone()));
                self.stage = Stage::WithCarrier;
            }
            DeliveryEvent::ParcelTracked(tracked) => {
                self.note(&tracked.carrier_event);
                self.tracked = Some(tracked.status.clone());
            }
            DeliveryEvent::ParcelReturned(returned) => {
                self.note(&returned.carrier_event);
                self.returns = self.returns.saturating_add(1);
                // A parcel that came back late, after a newer one arrived, changes nothing.
                if self.stage == Stage::WithCarrier
                    && self.parcel.as_ref().is_some_and(|p| p.parcel == returned.parcel)
                {
                    self.stage = Stage::Issued;
                }
            }
            DeliveryEvent::ResultDelivered(delivered) => {
                if let Some(carrier_event) = &delivered.carrier_event {
                    self.note(carrier_event);
                }
                self.stage = Stage::Delivered;
            }
            DeliveryEvent::ResultRevoked(_) => self.stage = Stage::Revoked,
            DeliveryEvent::ResultCancelled(_) => self.stage = Stage::Cancelled,
            DeliveryEvent::DutyMet(_)
            | DeliveryEvent::DutyMissed(_)
            | DeliveryEvent::ResultExpired(_)
            | DeliveryEvent::RenewalRequested(_)
            | DeliveryEvent::ResultRenewed(_)
            | DeliveryEvent::RenewalRefused(_)
            | DeliveryEvent::RenewalOverdue(_)
            | DeliveryEvent::PeriodExtended(_) => {}
        }
    }

    fn resource(&self) -> Option<Resource> {
        self.brief().map(Brief::resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief()?;
        Some((&brief.procedure, &brief.agency))
    }

    fn obligations(&self) -> Vec<Obligation> {
        self.after.obligations()
    }

    fn period<'a>(&'a self, kind: &str, law: &'a Law) -> Result<Option<Period<'a>>, LawError> {
        let (Some(running), Some(brief)) = (self.after.running(kind), self.brief()) else {
            return Ok(None);
        };
        let rule = law.rule(&brief.procedure, &brief.agency, running.known_at);
        Ok(self.after.period(kind, running, rule.ok_or(LawError::NotLoaded)?, brief))
    }

    fn extended(extended: PeriodExtended) -> Option<DeliveryEvent> {
        Some(extended.into())
    }

    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<DeliveryEvent>, LawError> {
        Ok(match (kind, miss_duty::duty(kind)) {
            (_, Some(duty)) => miss_duty::decide(self, duty, facts),
            (expire_result::KIND, None) => expire_result::decide(self, facts),
            (miss_renewal::KIND, None) => miss_renewal::decide(self, facts),
            _ => Vec::new(),
        })
    }
}
