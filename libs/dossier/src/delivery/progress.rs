//! How far a result is: each value carries the documents that exist in it.

use std::sync::Arc;

use crate::contract::{ResultIssued, ResultPrepared};

/// Stage of a result, without the documents that belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// No result was prepared.
    #[default]
    Empty,
    /// Decided; to be issued.
    Prepared,
    /// Signed and numbered; not delivered yet, or its parcel was returned.
    Issued,
    /// A parcel is on its way.
    WithCarrier,
    /// The applicant has it.
    Delivered,
    /// No longer valid.
    Revoked,
    /// There will be no result: the dossier ended otherwise.
    Cancelled,
}

/// Where an issued result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not handed over yet, or returned.
    Agency,
    Carrier,
    Applicant,
    /// Anywhere: it was revoked and is no longer valid.
    Revoked,
}

/// An issued result.
#[derive(Debug, Clone, PartialEq)]
pub struct Issued {
    /// The decision and the dossier's brief.
    pub prepared: Arc<ResultPrepared>,
    /// Number, document and validity.
    pub issued: Arc<ResultIssued>,
    pub place: Place,
}

/// The progress of a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Progress {
    #[default]
    Empty,
    /// The decision and the dossier's brief.
    Prepared(Arc<ResultPrepared>),
    Issued(Issued),
    /// What there was when the dossier ended otherwise.
    Cancelled(Option<Arc<ResultPrepared>>, Option<Arc<ResultIssued>>),
}

impl Progress {
    /// The stage alone.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Empty => Stage::Empty,
            Self::Prepared(_) => Stage::Prepared,
            Self::Issued(Issued { place, .. }) => match place {
                Place::Agency => Stage::Issued,
                Place::Carrier => Stage::WithCarrier,
                Place::Applicant => Stage::Delivered,
                Place::Revoked => Stage::Revoked,
            },
            Self::Cancelled(..) => Stage::Cancelled,
        }
    }

    /// The decision, once a result was prepared.
    #[must_use]
    pub const fn prepared(&self) -> Option<&Arc<ResultPrepared>> {
        match self {
            Self::Empty => None,
            Self::Prepared(prepared) | Self::Issued(Issued { prepared, .. }) => Some(prepared),
            Self::Cancelled(prepared, _) => prepared.as_ref(),
        }
    }

    /// The document, once it was issued.
    #[must_use]
    pub const fn issued(&self) -> Option<&Arc<ResultIssued>> {
        match self {
            Self::Empty | Self::Prepared(_) => None,
            Self::Issued(Issued { issued, .. }) => Some(issued),
            Self::Cancelled(_, issued) => issued.as_ref(),
        }
    }

    /// A prepared result is issued.
    pub(super) fn issue(&mut self, issued: &ResultIssued) {
        if let Some(prepared) = self.prepared().cloned() {
            let issued = Arc::new(issued.clone());
            *self = Self::Issued(Issued { prepared, issued, place: Place::Agency });
        }
    }

    /// An issued result is in another place.
    pub(super) const fn moves(&mut self, to: Place) {
        if let Self::Issued(issued) = self {
            issued.place = to;
        }
    }

    pub(super) fn cancel(&mut self) {
        *self = Self::Cancelled(self.prepared().cloned(), self.issued().cloned());
    }
}
