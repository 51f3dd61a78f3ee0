//! A parcel, and what its carrier has said of it. Carriers number their facts as they like, some anew for each parcel: a
//! fact is known by the parcel and the carrier's name of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::contract::{ParcelEnd, ResultHandedToCarrier, partner_name, waybill_number};

/// A parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// As it was handed over.
    pub handed: Arc<ResultHandedToCarrier>,
    /// Counts the parcels of the result from 1.
    pub number: usize,
    /// Its carrier, as names are compared.
    pub carrier: String,
    /// Its waybill, as numbers are compared.
    pub waybill: String,
    /// What it came to, as the carrier said first.
    pub end: Option<ParcelEnd>,
    /// Whether the carrier said later that it came to something else.
    pub contradicted: bool,
    facts: BTreeSet<String>,
}

impl Parcel {
    pub(super) fn new(handed: &ResultHandedToCarrier, number: usize) -> Self {
        Self {
            number,
            carrier: partner_name(&handed.carrier),
            waybill: waybill_number(&handed.waybill),
            handed: Arc::new(handed.clone()),
            end: None,
            contradicted: false,
            facts: BTreeSet::new(),
        }
    }

    /// Whether this fact was taken in before.
    #[must_use]
    pub fn knows(&self, carrier_event: &str) -> bool {
        self.facts.contains(carrier_event)
    }

    /// How many facts were taken in.
    #[must_use]
    pub fn facts(&self) -> usize {
        self.facts.len()
    }

    /// Takes a fact in; true if it is the one that the parcel ended with.
    pub(super) fn take(&mut self, carrier_event: Option<&str>, end: Option<ParcelEnd>) -> bool {
        self.facts.extend(carrier_event.map(str::to_owned));
        let ends = self.end.is_none() && end.is_some();
        self.contradicted |= end.is_some() && self.end.is_some() && self.end != end;
        self.end = self.end.or(end);
        ends
    }
}
