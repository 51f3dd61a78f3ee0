//! State of a result, folded from its events, and its obligations.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::progress::{Place, Progress, Stage};
use super::{After, Parcel, Reasons};
use crate::access::Resource;
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, Delivery, DeliveryChannel, DeliveryEvent, Meta, ParcelEnd, ParcelId,
    Personal, ProcedureRef, ResultIssued, ResultPrepared, Role, Subject,
};
use crate::papers;
use crate::services::Category;
use crate::step::{Facts, State, Subscription};

/// The result of one dossier: the document, its delivery, and what follows from it.
#[derive(Debug, Clone, Default)]
pub struct DossierResult {
    pub progress: Progress,
    /// The chosen channel, with the address for post.
    pub delivery: Option<Delivery>,
    /// Number of returned parcels.
    pub returns: u32,
    pub parcels: BTreeMap<ParcelId, Parcel>,
    /// Validity, duties and renewal.
    pub after: After,
    /// Who has acted for the applicant here by a recorded mandate.
    pub mandated: Vec<Subject>,
    pub reasons: Reasons,
}

impl DossierResult {
    /// The stage, without the documents that belong to it.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.progress.stage()
    }

    /// The decision, once a result was prepared.
    #[must_use]
    pub const fn prepared(&self) -> Option<&Arc<ResultPrepared>> {
        self.progress.prepared()
    }

    /// Number, document and validity, once it was issued.
    #[must_use]
    pub const fn issued(&self) -> Option<&Arc<ResultIssued>> {
        self.progress.issued()
    }

    /// The latest parcel.
    #[must_use]
    pub fn parcel(&self) -> Option<&Parcel> {
        self.parcels.values().max_by_key(|parcel| parcel.number)
    }

    /// The parcel of this carrier with this waybill, both in the form in which they are compared.
    #[must_use]
    pub fn parcel_named(&self, carrier: &str, waybill: &str) -> Option<&Parcel> {
        self.parcels.values().find(|p| p.carrier == carrier && p.waybill == waybill)
    }

    /// The parcels in the order of their hand-over.
    pub fn in_order(&self) -> impl Iterator<Item = &Parcel> {
        let mut parcels: Vec<&Parcel> = self.parcels.values().collect();
        parcels.sort_by_key(|parcel| parcel.number);
        parcels.into_iter()
    }

    /// Whether this is the latest parcel.
    #[must_use]
    pub fn is_present(&self, parcel: ParcelId) -> bool {
        self.parcel().is_some_and(|present| present.handed.parcel == parcel)
    }

    pub(super) fn brief(&self) -> Option<&Brief> {
        self.prepared().map(|prepared| &prepared.brief)
    }

    /// Records a carrier's fact; true if it is the first that ends the parcel.
    fn note(&mut self, parcel: ParcelId, event: Option<&str>, end: Option<ParcelEnd>) -> bool {
        self.parcels.get_mut(&parcel).is_some_and(|parcel| parcel.apply(event, end))
    }

    /// Keeps the status that a carrier reported of a parcel.
    fn report(&mut self, parcel: ParcelId, status: &Personal<String>) {
        if let Some(parcel) = self.parcels.get_mut(&parcel) {
            parcel.status = Some(status.clone());
        }
    }

    /// Whether a caller in this role may have the document now: officers once it is issued, the
    /// applicant once it is delivered, which a step has to record first (for a download,
    /// `download_result`).
    #[must_use]
    pub fn is_open_to(&self, role: Role) -> bool {
        match self.stage() {
            Stage::Delivered => true,
            Stage::Issued | Stage::WithCarrier => role != Role::Applicant,
            Stage::Empty | Stage::Prepared | Stage::Revoked | Stage::Cancelled => false,
        }
    }

    /// Whether the result is issued and waits for delivery by this channel.
    #[must_use]
    pub fn waits_for(&self, channel: DeliveryChannel) -> bool {
        self.stage() == Stage::Issued
            && self.delivery.as_ref().is_some_and(|d| d.channel == channel)
    }
}

impl State for DossierResult {
    type Event = DeliveryEvent;
    const CATEGORY: &'static str = Category::Delivery.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = super::reaction::SUBSCRIPTIONS;

    fn evolve(&mut self, event: &DeliveryEvent, meta: &Meta) {
        self.after.evolve(event, meta);
        self.reasons.evolve(event, meta);
        meta.envelope.actor.note_mandate(&mut self.mandated);
        match event {
            DeliveryEvent::ResultPrepared(prepared) => {
                self.delivery = Some(prepared.brief.delivery.clone());
                self.progress = Progress::Prepared(Arc::new(prepared.clone()));
            }
            DeliveryEvent::ResultIssued(issued) => self.progress.issue(issued),
            DeliveryEvent::DeliveryChannelChosen(chosen) => {
                self.delivery = Some(chosen.delivery.clone());
            }
            DeliveryEvent::ResultHandedToCarrier(handed) => {
                let parcel = Parcel::new(handed, self.parcels.len().saturating_add(1));
                self.parcels.insert(handed.parcel, parcel);
                self.progress.moves(Place::Carrier);
            }
            DeliveryEvent::ParcelTracked(tracked) => {
                self.note(tracked.parcel, Some(&tracked.carrier_event), tracked.claims);
                if tracked.claims.is_none() {
                    self.report(tracked.parcel, &tracked.status);
                }
            }
            DeliveryEvent::ParcelReturned(returned) => {
                let event = Some(&*returned.carrier_event);
                if self.note(returned.parcel, event, Some(ParcelEnd::Returned)) {
                    self.returns = self.returns.saturating_add(1);
                }
                self.report(returned.parcel, &returned.reason);
                // A late report that an older parcel was returned does not change the stage.
                if self.is_present(returned.parcel) && self.stage() == Stage::WithCarrier {
                    self.progress.moves(Place::Agency);
                }
            }
            DeliveryEvent::ResultDelivered(delivered) => {
                // Older events do not name the parcel; they concern the one on its way.
                let present = self.parcel().map(|present| present.handed.parcel);
                if let Some(parcel) = delivered.parcel.or(present)
                    && delivered.channel == DeliveryChannel::Post
                {
                    let event = delivered.carrier_event.as_deref();
                    self.note(parcel, event, Some(ParcelEnd::Delivered));
                }
                self.progress.moves(Place::Applicant);
            }
            DeliveryEvent::ResultRevoked(_) => self.progress.moves(Place::Revoked),
            DeliveryEvent::ResultCancelled(_) => self.progress.cancel(),
            DeliveryEvent::DutyMet(_)
            | DeliveryEvent::DutyMissed(_)
            | DeliveryEvent::ResultExpired(_)
            | DeliveryEvent::RenewalRequested(_)
            | DeliveryEvent::ResultRenewed(_)
            | DeliveryEvent::RenewalRefused(_)
            | DeliveryEvent::RenewalOverdue(_) => {}
            DeliveryEvent::PeriodExtended(extended) => clock::extend(self, extended, meta),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let mut resource = self.brief()?.resource();
        resource.representatives.extend(self.mandated.iter().cloned());
        Some(resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief()?;
        Some((&brief.procedure, &brief.agency))
    }

    fn with_papers(&self, events: Vec<DeliveryEvent>, facts: &Facts<'_>) -> Vec<DeliveryEvent> {
        papers::issue_labels(self, events, facts)
    }
}
