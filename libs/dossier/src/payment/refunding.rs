//! Refunds through the provider that took the money. From the request until the provider's outcome
//! is known, the amount is on its way: it is neither here for the fee nor can it be refunded again.
//! An attempt has one refund on its way at a time, so that a provider's answer about the payment
//! names the refund.

use jiff::Timestamp;
use uuid::Uuid;

use super::refund_payment::{Granted, granted};
use super::{Attempt, Capture, Payment};
use crate::contract::{
    Meta, PaymentEvent, PaymentId, Personal, RefundEffect, RefundEnded, RefundOutcome,
    RefundRequested, Role, Subject, Vnd,
};
use crate::step::{Facts, LawError};

/// A refund through a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct SentRefund {
    /// The event that requested it.
    pub requested: RefundRequested,
    pub requested_at: Timestamp,
    /// The cashier who requested or approved it; `None` if it was started by the payment rules.
    pub by: Option<Subject>,
    /// What became of it, and when that was recorded; `None` while it is on its way.
    pub ended: Option<(RefundEnded, Timestamp)>,
}

impl SentRefund {
    /// Its outcome; `None` while it is on its way.
    #[must_use]
    pub fn outcome(&self) -> Option<RefundOutcome> {
        self.ended.as_ref().map(|(ended, _)| ended.outcome)
    }

    fn is_refused(&self) -> bool {
        self.outcome() == Some(RefundOutcome::Refused)
    }
}

/// Money of an attempt that can go back through its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    payment: PaymentId,
    provider: String,
    transaction: Option<String>,
    /// The amount of the transaction.
    captured: Vnd,
    /// What is left of it.
    pub(super) left: Vnd,
}

/// Reasons why money cannot be sent back through a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotSendable {
    /// The dossier has no such attempt.
    NoAttempt,
    /// More than is owed back, which is this amount.
    NotOwed(Vnd),
    /// More than is left of any transaction of the attempt, which is this amount.
    NotLeft(Vnd),
    /// A refund of this attempt is on its way.
    OnItsWay,
}

/// A provider's report about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSaid {
    /// The refund; the only one of the attempt that is on its way if the report names none.
    pub refund: Option<Uuid>,
    pub outcome: RefundOutcome,
    /// The amount in the report, if it has one.
    pub amount: Option<Vnd>,
    /// The provider's code of the outcome.
    pub code: String,
}

fn sum<'a>(refunds: impl Iterator<Item = &'a SentRefund>) -> i64 {
    refunds.fold(0, |sum, one| sum.saturating_add(one.requested.amount.0))
}

impl Payment {
    /// The amount that is on its way back through providers.
    #[must_use]
    pub fn on_its_way(&self) -> Vnd {
        Vnd(sum(self.sent_refunds.iter().filter(|one| one.ended.is_none())))
    }

    /// The refund through a provider with this id.
    #[must_use]
    pub fn sent_refund(&self, refund: Uuid) -> Option<&SentRefund> {
        self.sent_refunds.iter().find(|one| one.requested.refund == refund)
    }

    /// What was refunded, or is on its way, without a second person.
    #[must_use]
    pub fn returned_alone(&self) -> Vnd {
        let open = self.sent_refunds.iter().filter(|one| one.ended.is_none());
        let alone = sum(open.filter(|one| one.requested.proposed_by.is_none()));
        Vnd(self.refunded_alone.0.saturating_add(alone))
    }

    /// The refunds of an attempt that were not refused.
    fn refunds_of(&self, payment: PaymentId) -> impl Iterator<Item = &SentRefund> {
        let of = move |one: &&SentRefund| one.requested.payment == payment && !one.is_refused();
        self.sent_refunds.iter().filter(of)
    }

    /// What is left of a transaction of an attempt.
    fn left_of(&self, attempt: &Attempt, capture: &Capture) -> Vnd {
        let payment = attempt.started.payment;
        let of = |one: &&SentRefund| one.requested.transaction == capture.transaction;
        let of_transaction = sum(self.refunds_of(payment).filter(of));
        let of_attempt = sum(self.refunds_of(payment));
        let left = capture.amount.0.saturating_sub(of_transaction);
        let left_of_attempt = attempt.captured.0.saturating_sub(of_attempt);
        Vnd(left.min(left_of_attempt).max(0))
    }

    /// The transaction of an attempt of which most is left.
    pub(super) fn part_of(&self, payment: PaymentId) -> Option<Part> {
        let attempt = self.attempts.get(&payment)?;
        let left = |capture: &&Capture| self.left_of(attempt, capture);
        let capture = attempt.captures.iter().max_by_key(left)?;
        Some(Part {
            payment,
            provider: attempt.started.provider.clone(),
            transaction: capture.transaction.clone(),
            captured: capture.amount,
            left: left(&capture),
        })
    }

    /// The part of an attempt from which this amount can go back.
    pub(super) fn sendable(&self, payment: PaymentId, amount: Vnd) -> Result<Part, NotSendable> {
        if !self.attempts.contains_key(&payment) {
            return Err(NotSendable::NoAttempt);
        }
        if self.refunds_of(payment).any(|one| one.ended.is_none()) {
            return Err(NotSendable::OnItsWay);
        }
        let owed = self.owed_back();
        if amount > owed {
            return Err(NotSendable::NotOwed(owed));
        }
        let part = self.part_of(payment).ok_or(NotSendable::NotLeft(Vnd::ZERO))?;
        if amount > part.left { Err(NotSendable::NotLeft(part.left)) } else { Ok(part) }
    }

    pub(super) fn apply_request(&mut self, requested: &RefundRequested, meta: &Meta) {
        self.proposal.take_if(|proposal| proposal.id == requested.refund);
        let actor = &meta.envelope.actor;
        let by = (actor.role != Role::System).then(|| actor.subject.clone());
        let (requested, requested_at) = (requested.clone(), meta.at());
        self.sent_refunds.push(SentRefund { requested, requested_at, by, ended: None });
    }

    pub(super) fn apply_refund_end(&mut self, ended: &RefundEnded, at: Timestamp) {
        let mut all = self.sent_refunds.iter_mut();
        if let Some(one) = all.find(|one| one.requested.refund == ended.refund) {
            one.ended = Some((ended.clone(), at));
        }
    }

    /// The refund that a report is about: the one that it names, or the one on its way, or the
    /// newest one of this amount that went back, which is reported again.
    pub(super) fn named_refund(
        &self,
        payment: PaymentId,
        said: &RefundSaid,
    ) -> Option<&SentRefund> {
        let fits = |one: &&SentRefund| {
            let is_named = said.refund.is_none_or(|id| id == one.requested.refund);
            let is_amount = said.amount.is_none_or(|amount| amount == one.requested.amount);
            one.requested.payment == payment && is_named && is_amount
        };
        let mut all = self.sent_refunds.iter().filter(fits);
        if said.refund.is_some() {
            return all.next();
        }
        let newest =
            |outcome| self.sent_refunds.iter().rfind(|one| fits(one) && one.outcome() == outcome);
        newest(None).or_else(|| newest(Some(said.outcome)))
    }

    /// The end of a refund and what follows from it: money that went back, or that is owed back
    /// again. Nothing if its outcome is known. One that was refused and yet went back counts: the
    /// money is gone.
    pub(super) fn end_of_refund(
        &self,
        ended: RefundEnded,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let Some(sent) = self.sent_refund(ended.refund) else { return Ok(Vec::new()) };
        let known = sent.outcome();
        if known == Some(RefundOutcome::Refunded) || known == Some(ended.outcome) {
            return Ok(Vec::new());
        }
        let mut after = self.clone();
        after.apply_refund_end(&ended, facts.at);
        let RefundRequested { refund, payment, amount, reason, proposed_by, .. } =
            sent.requested.clone();
        let number = ended.transaction.clone();
        let outcome = ended.outcome;
        let mut events: Vec<PaymentEvent> = vec![ended.into()];
        events.extend(match outcome {
            RefundOutcome::Refused => Self::consequences(after, self, facts)?,
            RefundOutcome::Refunded => {
                let closed = self.is_closed();
                let effect = if closed { RefundEffect::AtTheEnd } else { RefundEffect::None };
                let through = Some((payment, number));
                let granting = Granted { refund, amount, reason, effect, proposed_by, through };
                granted(&after, granting, facts)?
            }
        });
        Ok(events)
    }
}

impl Part {
    /// The request for a refund of this part.
    pub(super) fn request(
        self,
        refund: Uuid,
        amount: Vnd,
        reason: Personal<String>,
        proposed_by: Option<Subject>,
    ) -> RefundRequested {
        let Self { payment, provider, transaction, captured, .. } = self;
        RefundRequested {
            refund,
            payment,
            provider,
            transaction,
            amount,
            captured,
            reason,
            proposed_by,
        }
    }
}
