//! What one cashier may not do alone waits for a second person, who agrees or does not; whoever proposed it may take it back.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Owed, Payment, miss_discrepancy, miss_proposal, miss_repayment};
use crate::clock::{self, Running};
use crate::contract::{Meta, PaymentId, Personal, Subject, Vnd};
use crate::step::{Facts, LawError};

/// What wants a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    /// Money goes back.
    Refund(Vnd),
    /// More is taken to have come than a payment was begun for: the payment, and how much in all.
    Resolution(PaymentId, Vnd),
}

/// A refund or a resolution that wants a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub what: Proposed,
    /// The written reason.
    pub reason: Personal<String>,
    /// Who proposed it.
    pub by: Subject,
    /// When.
    pub at: Timestamp,
    /// By when somebody has to say something; nothing for one that was recorded before that was.
    pub owed: Option<Owed>,
}

impl Proposal {
    /// What stands of it in the log once a second person agrees: its reason, and who made it. Nothing if that person is the same:
    /// nobody agrees to their own.
    pub(super) fn seconded(
        &self,
        facts: &Facts<'_>,
    ) -> Option<(Personal<String>, Option<Subject>)> {
        let second = self.by != facts.actor.subject;
        second.then(|| (self.reason.clone(), Some(self.by.clone())))
    }
}

impl Payment {
    pub(super) fn take_proposal(
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
        self.proposal = Some(Proposal { id, what, reason, by, at, owed });
    }

    /// What cashiers owe, by the kind of obligation.
    pub(super) fn owed_by_cashiers(&self) -> impl Iterator<Item = (&'static str, Owed)> {
        let repayment = self.repayment.map(|(owed, _)| (miss_repayment::KIND, owed));
        let discrepancy = self.discrepancy.map(|owed| (miss_discrepancy::KIND, owed));
        let proposal = self.proposal.as_ref().and_then(|one| one.owed);
        let proposal = proposal.map(|owed| (miss_proposal::KIND, owed));
        [repayment, discrepancy, proposal].into_iter().flatten()
    }

    /// The refund that is proposed under this name, and how much.
    pub(super) fn proposed_refund(&self, refund: Uuid) -> Option<(&Proposal, Vnd)> {
        match self.proposal.as_ref().filter(|proposal| proposal.id == refund) {
            Some(proposal) => match proposal.what {
                Proposed::Refund(amount) => Some((proposal, amount)),
                Proposed::Resolution(..) => None,
            },
            None => None,
        }
    }

    /// The resolution that is proposed under this name: of which payment, and how much it has brought.
    pub(super) fn proposed_resolution(
        &self,
        resolution: Uuid,
    ) -> Option<(&Proposal, PaymentId, Vnd)> {
        match self.proposal.as_ref().filter(|proposal| proposal.id == resolution) {
            Some(proposal) => match proposal.what {
                Proposed::Resolution(payment, captured) => Some((proposal, payment, captured)),
                Proposed::Refund(_) => None,
            },
            None => None,
        }
    }

    /// By when a second person has to look into a proposal.
    pub(super) fn proposal_due(facts: &Facts<'_>) -> Result<Timestamp, LawError> {
        Ok(clock::end_of(facts.rule()?, facts.at, Self::rules(facts)?.look_into))
    }
}
