//! Result delivery: the result, and its way to the applicant. Decree 61/2018/NĐ-CP, art. 20; Decision 45/2016/QĐ-TTg on
//! public post.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::{May, Resource, agency, any, own};
use crate::contract::{
    AgencyCode, Brief, Delivery, DeliveryChannel, DeliveryEvent, Meta, ParcelId, Personal,
    ProcedureRef, ResultHandedToCarrier, ResultIssued, ResultPrepared, Role,
};
use crate::step::{State, Step};

pub mod cancel_result;
pub mod choose_channel;
pub mod collect_result;
pub mod download_result;
pub mod hand_to_carrier;
pub mod issue_result;
pub mod prepare_result;
pub mod revoke_result;
pub mod take_carrier_notice;

mod reaction;

pub use reaction::DeliveryReaction;

/// The steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    prepare_result::STEP,
    cancel_result::STEP,
    issue_result::STEP,
    choose_channel::STEP,
    download_result::STEP,
    collect_result::STEP,
    hand_to_carrier::STEP,
    take_carrier_notice::STEP,
    revoke_result::STEP,
];

/// Who may read where a result is.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];

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
    notices: BTreeSet<(String, String)>,
}

impl DossierResult {
    /// Whether this fact of this carrier was taken in before.
    #[must_use]
    pub fn knows(&self, carrier: &str, carrier_event: &str) -> bool {
        self.notices.contains(&(carrier.to_owned(), carrier_event.to_owned()))
    }

    fn brief(&self) -> Option<&Brief> {
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

    fn evolve(&mut self, event: &DeliveryEvent, _meta: &Meta) {
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
        }
    }

    fn resource(&self) -> Option<Resource> {
        self.brief().map(Brief::resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief()?;
        Some((&brief.procedure, &brief.agency))
    }
}
