//! The state of a mandate.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Resource, UnderMandate};
use crate::contract::{
    Actor, AgencyCode, MandateEvent, MandateGranted, MandateId, Meta, Personal, ProcedureRef,
    Subject,
};
use crate::services::Category;
use crate::step::State;

/// The stage of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateStatus {
    /// Granted, and not accepted yet.
    Offered,
    /// Accepted. It is in force until its end.
    Accepted,
    /// The representative did not accept it.
    Declined,
    /// A party ended it.
    Revoked,
    /// It was not accepted in time, or its term ended.
    Expired,
}

impl MandateStatus {
    /// Whether it may be, or may become, a ground to act.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted)
    }

    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// A mandate as it was granted, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    pub terms: MandateGranted,
    pub at: Timestamp,
    /// The event that granted it.
    pub event: Uuid,
    /// The agency whose clerk recorded it; absent if the principal granted it.
    pub agency: Option<AgencyCode>,
}

/// A mandate of one party to act for another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mandate {
    granted: Option<Granted>,
    ended: Option<(MandateStatus, Timestamp)>,
    accepted: Option<(Timestamp, Uuid)>,
    /// Why it was declined or revoked.
    pub reason: Option<Personal<String>>,
}

impl Mandate {
    /// `None` while the stream is empty.
    #[must_use]
    pub const fn granted(&self) -> Option<&Granted> {
        self.granted.as_ref()
    }

    /// When it was accepted, and the event.
    #[must_use]
    pub const fn accepted(&self) -> Option<(Timestamp, Uuid)> {
        self.accepted
    }

    /// When it was declined, revoked or recorded as expired.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended.map(|(_, at)| at)
    }

    /// The first instant at which it can no longer be accepted or invoked; `None` if it has ended
    /// otherwise.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        let terms = &self.granted.as_ref().filter(|_| self.ended.is_none())?.terms;
        Some(match self.accepted {
            Some(_) => terms.ends_at,
            None => terms.accept_by.min(terms.ends_at),
        })
    }

    /// Its stage at an instant. Its term ends by itself, whether that was recorded yet or not.
    #[must_use]
    pub fn status(&self, at: Timestamp) -> MandateStatus {
        match (self.ended, self.open_until(), self.accepted) {
            (Some((status, _)), ..) => status,
            (None, Some(until), _) if until <= at => MandateStatus::Expired,
            (None, _, Some(_)) => MandateStatus::Accepted,
            (None, _, None) => MandateStatus::Offered,
        }
    }

    /// The mandate as a ground to act, if it is in force at an instant.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<(UnderMandate, &MandateGranted)> {
        let terms = &self.granted.as_ref()?.terms;
        let under = UnderMandate { mandate: terms.mandate, procedures: terms.procedures.clone() };
        (self.status(at) == MandateStatus::Accepted).then_some((under, terms))
    }

    /// Whether the actor acts for this party, by their own right: neither by a mandate nor by a
    /// program's credential, because neither is passed on (Civil Code, art. 564).
    pub(super) fn is_by(party: &Subject, actor: &Actor) -> bool {
        party.is(actor.party()) && actor.mandate.is_none() && actor.credential.is_none()
    }

    pub(super) fn id(&self) -> Option<MandateId> {
        self.granted.as_ref().map(|granted| granted.terms.mandate)
    }
}

impl State for Mandate {
    type Event = MandateEvent;
    const CATEGORY: &'static str = Category::Mandate.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &MandateEvent, meta: &Meta) {
        let at = meta.at();
        match event {
            MandateEvent::MandateGranted(terms) => {
                let Actor { role, agency, .. } = &meta.envelope.actor;
                let agency = agency.clone().filter(|_| role.is_officer());
                self.granted = Some(Granted { terms: terms.clone(), at, event: meta.id, agency });
            }
            MandateEvent::MandateAccepted(_) => self.accepted = Some((at, meta.id)),
            MandateEvent::MandateDeclined(declined) => {
                self.ended = Some((MandateStatus::Declined, at));
                self.reason.clone_from(&declined.reason);
            }
            MandateEvent::MandateRevoked(revoked) => {
                self.ended = Some((MandateStatus::Revoked, at));
                self.reason.clone_from(&revoked.reason);
            }
            MandateEvent::MandateExpired(_) => self.ended = Some((MandateStatus::Expired, at)),
        }
    }

    /// Both parties may read it; which of them may take a step is decided by the step. It belongs
    /// to no procedure, so nobody acts on it by a mandate for some procedures.
    fn resource(&self) -> Option<Resource> {
        let granted = self.granted.as_ref()?;
        Some(Resource {
            owners: vec![granted.terms.principal.clone(), granted.terms.representative.clone()],
            agencies: granted.agency.iter().cloned().collect(),
            ..Resource::default()
        })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}
