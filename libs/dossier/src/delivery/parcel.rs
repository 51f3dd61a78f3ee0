//! A parcel and the facts that its carrier has reported. Carriers number facts in their own way,
//! some per parcel; a fact is therefore identified by the parcel and the carrier's id of the fact.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::contract::{ParcelEnd, Personal, ResultHandedToCarrier, partner_name, waybill_number};

/// A parcel that was handed to a carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    pub handed: Arc<ResultHandedToCarrier>,
    /// Number of the parcel within the result, from 1.
    pub number: usize,
    /// Name of the carrier in the form in which names are compared.
    pub carrier: String,
    /// Waybill in the form in which numbers are compared.
    pub waybill: String,
    /// Whether it was delivered or returned, by the carrier's first report.
    pub end: Option<ParcelEnd>,
    /// Whether the carrier later reported another end.
    pub contradicted: bool,
    /// Its status, as the carrier last reported it.
    pub status: Option<Personal<String>>,
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
            status: None,
            facts: BTreeSet::new(),
        }
    }

    /// Whether this fact was recorded before.
    #[must_use]
    pub fn knows(&self, carrier_event: &str) -> bool {
        self.facts.contains(carrier_event)
    }

    /// Number of recorded facts.
    #[must_use]
    pub fn facts(&self) -> usize {
        self.facts.len()
    }

    /// Records a fact; true if it is the first that ends the parcel.
    pub(super) fn apply(&mut self, carrier_event: Option<&str>, end: Option<ParcelEnd>) -> bool {
        self.facts.extend(carrier_event.map(str::to_owned));
        let ends = self.end.is_none() && end.is_some();
        self.contradicted |= end.is_some() && self.end.is_some() && self.end != end;
        self.end = self.end.or(end);
        ends
    }
}
