//! Proposals by one cashier that need a second person, who approves or rejects them. The proposer
//! may withdraw them.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Owed, Payment};
use crate::clock::{self, Running};
use crate::contract::{Entry, Meta, PaymentId, Personal, Subject, Vnd};
use crate::step::{Facts, LawError};

/// The content of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposed {
    /// A refund of this amount.
    Refund(Vnd),
    /// A resolution above the amount of an attempt: the attempt, and its total.
    Resolution(PaymentId, Vnd),
    /// Another entry on which two persons decide.
    Entry(Entry),
}

/// A refund, resolution or other entry that needs a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub id: Uuid,
    pub what: Proposed,
    /// The attempt through whose provider a refund goes back; `None` if by hand.
    pub through: Option<PaymentId>,
    /// Written reason of the proposer.
    pub reason: Personal<String>,
    /// The proposer.
    pub by: Subject,
    /// Time of the proposal.
    pub at: Timestamp,
    /// The period for the second person; `None` if the proposal is older than this period.
    pub owed: Option<Owed>,
}

impl Proposal {
    /// The reason and the proposer, for the event that a second person's approval leads to. `None`
    /// if the actor is the proposer, who may not approve it.
    pub(super) fn seconded(
        &self,
        facts: &Facts<'_>,
    ) -> Option<(Personal<String>, Option<Subject>)> {
        let second = self.by != facts.actor.subject;
        second.then(|| (self.reason.clone(), Some(self.by.clone())))
    }
}

impl Payment {
    pub(super) fn apply_proposal(
        &mut self,
        id: Uuid,
        what: Proposed,
        reason: &Personal<String>,
        due_at: Option<Timestamp>,
        meta: &Meta,
    ) {
        let (reason, at) = (reason.clone(), meta.at());
        let by = meta.envelope.actor.subject.clone();
        let owed = due_at
            .map(|due_at| Owed { running: Running::new(due_at, at, meta.id, at), missed: false });
        let through = None;
        self.proposal = Some(Proposal { id, what, through, reason, by, at, owed });
    }

    /// The proposed refund with this id, and its amount.
    pub(super) fn proposed_refund(&self, refund: Uuid) -> Option<(&Proposal, Vnd)> {
        match self.proposal.as_ref().filter(|proposal| proposal.id == refund) {
            Some(proposal) => match proposal.what {
                Proposed::Refund(amount) => Some((proposal, amount)),
                Proposed::Resolution(..) | Proposed::Entry(_) => None,
            },
            None => None,
        }
    }

    /// The proposed resolution with this id, its attempt, and the attempt's total.
    pub(super) fn proposed_resolution(
        &self,
        resolution: Uuid,
    ) -> Option<(&Proposal, PaymentId, Vnd)> {
        match self.proposal.as_ref().filter(|proposal| proposal.id == resolution) {
            Some(proposal) => match proposal.what {
                Proposed::Resolution(payment, captured) => Some((proposal, payment, captured)),
                Proposed::Refund(_) | Proposed::Entry(_) => None,
            },
            None => None,
        }
    }

    /// Instant by which a second person has to decide on a proposal made now.
    pub(super) fn proposal_due(facts: &Facts<'_>) -> Result<Timestamp, LawError> {
        Ok(clock::end_of(facts.rule()?, facts.at, Self::rules(facts)?.look_into))
    }
}
