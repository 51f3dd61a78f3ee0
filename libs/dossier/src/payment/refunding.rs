//! Refunds through the provider that took the money. From the request until the provider's
//! outcome is known, the amount is on its way: it is neither here for the fee nor can it be
//! refunded again. An attempt has one refund on its way at a time. A report counts for it only if
//! it names it by our id, or by a number of the provider that can be of no other refund.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::refund_payment::{Granted, granted};
use super::{Attempt, Capture, Payment, Standing};
use crate::contract::{
    Meta, PaymentEvent, PaymentId, PaymentOrderId, Personal, RefundEffect, RefundEnded,
    RefundOutcome, RefundRequested, Role, Subject, Vnd,
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
    /// The part of it by which the agency keeps less of a closed fee.
    pub(super) of_kept: Vnd,
}

/// Why a number cannot be that of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnfitNumber {
    /// Money that went back has one.
    Missing,
    /// It is that of the payment or of another refund.
    OfOther,
}

impl SentRefund {
    /// Its outcome; `None` while it is on its way.
    #[must_use]
    pub fn outcome(&self) -> Option<RefundOutcome> {
        self.ended.as_ref().map(|(ended, _)| ended.outcome)
    }

    /// The provider's number of it, once it has ended.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.ended.as_ref().and_then(|(ended, _)| ended.transaction.as_deref())
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
    pub(super) captured: Vnd,
    /// What is left of it.
    pub(super) left: Vnd,
}

/// How money would return through a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WayBack<'a> {
    pub provider: &'a str,
    /// Whether it is less than the transaction by which it came.
    pub is_part: bool,
    /// The payment order by which it came.
    pub order: Option<PaymentOrderId>,
}

/// The providers that return money at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returning {
    /// Names of those that return whole transactions.
    pub whole: BTreeSet<String>,
    /// Names of those that return parts of transactions.
    pub parts: BTreeSet<String>,
}

impl Returning {
    /// Whether a provider returns this amount of a transaction.
    pub(super) fn may(&self, provider: &str, amount: Vnd, captured: Vnd) -> bool {
        if amount < captured {
            self.parts.contains(provider)
        } else {
            self.whole.contains(provider)
        }
    }
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
    /// The payer disputes the attempt.
    Disputed,
}

/// A provider's report about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSaid {
    /// The refund; if the report names none, the provider's number decides.
    pub refund: Option<Uuid>,
    pub outcome: RefundOutcome,
    /// The amount in the report, if it has one.
    pub amount: Option<Vnd>,
    /// The provider's code of the outcome.
    pub code: String,
    /// Progress of the dossier at intake.
    pub standing: Standing,
}

fn sum<'a>(refunds: impl Iterator<Item = &'a SentRefund>) -> i64 {
    refunds.fold(0, |sum, one| sum.saturating_add(one.requested.amount.0))
}

/// The refund of a payment that a report is about: the one that it names; else the one with the
/// provider's number in it, which is reported again; else, if this number is new, the one on its
/// way, and only if it can be no other one. `number` is none of a capture. A report with neither an
/// id nor a number of a refund is about none: a cashier looks into it.
fn named<'a>(
    all: &[&'a SentRefund],
    said: &RefundSaid,
    number: Option<&str>,
) -> Option<&'a SentRefund> {
    let is_amount =
        |one: &&SentRefund| said.amount.is_none_or(|amount| amount == one.requested.amount);
    let mut each = all.iter().copied();
    if let Some(id) = said.refund {
        return each.find(|one| one.requested.refund == id).filter(is_amount);
    }
    let number = number?;
    if let Some(known) = each.clone().find(|one| one.number() == Some(number)) {
        return Some(known).filter(is_amount);
    }
    // One of which nobody recorded the number may be meant, too.
    let is_other = |one: &SentRefund| {
        one.number().is_none() && one.outcome() == Some(said.outcome) && is_amount(&one)
    };
    if each.clone().any(is_other) {
        return None;
    }
    let mut open = each.filter(|one| one.ended.is_none() && is_amount(one));
    // Of several on their way, any may be meant.
    let (Some(one), None) = (open.next(), open.next()) else { return None };
    Some(one)
}

/// The refund of a payment order that a report is about, as for an attempt, in the payments of its
/// dossiers with their attempts. One that is not begun waits for others, and is none.
#[must_use]
pub fn named_in_order<'a>(
    members: impl Iterator<Item = (&'a Payment, PaymentId)>,
    is_begun: impl Fn(Uuid) -> bool,
    said: &RefundSaid,
    number: Option<&str>,
) -> Option<&'a SentRefund> {
    let (mut all, mut number) = (Vec::new(), number);
    for (payment, attempt) in members {
        number = number.filter(|number| !payment.is_capture(attempt, number));
        let is_it = |one: &&SentRefund| {
            one.requested.payment == attempt
                && (one.ended.is_some() || is_begun(one.requested.refund))
        };
        all.extend(payment.sent_refunds.iter().filter(is_it));
    }
    named(&all, said, number)
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

    /// What was refunded of an attempt through its provider, or is on its way.
    pub(super) fn returned_of(&self, payment: PaymentId) -> Vnd {
        Vnd(sum(self.refunds_of(payment)))
    }

    /// What is left of a transaction of an attempt.
    fn left_of(&self, attempt: &Attempt, capture: &Capture) -> Vnd {
        let payment = attempt.started.payment;
        let of = |one: &&SentRefund| one.requested.transaction == capture.transaction;
        let of_transaction = sum(self.refunds_of(payment).filter(of));
        let of_attempt = sum(self.refunds_of(payment));
        let left = capture.amount.0.saturating_sub(of_transaction);
        let gone = of_attempt.saturating_add(attempt.reversed().0);
        let left_of_attempt = attempt.captured.0.saturating_sub(gone);
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
            captured: attempt.transacted(capture),
            left: left(&capture),
        })
    }

    /// How the money that is owed back would return through providers: as it does at present, or
    /// else through those of attempts of which something is left.
    #[must_use]
    pub fn ways_back(&self) -> BTreeSet<WayBack<'_>> {
        let way = |attempt: &'_ Attempt, is_part| {
            let order = attempt.started.order.as_ref().map(|share| share.order);
            (attempt.started.payment, is_part, order)
        };
        let open = self.sent_refunds.iter().filter(|one| one.ended.is_none());
        let open = open.filter_map(|one| {
            let RefundRequested { payment, amount, captured, .. } = one.requested;
            self.attempts.get(&payment).map(|attempt| way(attempt, amount < captured))
        });
        let mut ways: Vec<_> = open.collect();
        if ways.is_empty() {
            let owed = self.owed_back();
            let rests = self.attempts.values().filter_map(|attempt| {
                let part = self.part_of(attempt.started.payment)?;
                let is_part = part.left.min(owed) < part.captured;
                (part.left > Vnd::ZERO).then(|| way(attempt, is_part))
            });
            ways.extend(rests);
        }
        let named = ways.into_iter().filter_map(|(payment, is_part, order)| {
            let provider = &*self.attempts.get(&payment)?.started.provider;
            Some(WayBack { provider, is_part, order })
        });
        named.collect()
    }

    /// The part of an attempt from which this amount can go back.
    pub(super) fn sendable(&self, payment: PaymentId, amount: Vnd) -> Result<Part, NotSendable> {
        let attempt = self.attempts.get(&payment).ok_or(NotSendable::NoAttempt)?;
        if attempt.open_disputes().next().is_some() {
            return Err(NotSendable::Disputed);
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
        let (ended, of_kept) = (None, Vnd::ZERO);
        self.sent_refunds.push(SentRefund { requested, requested_at, by, ended, of_kept });
    }

    pub(super) fn apply_refund_end(&mut self, ended: &RefundEnded, at: Timestamp) {
        let mut all = self.sent_refunds.iter_mut();
        if let Some(one) = all.find(|one| one.requested.refund == ended.refund) {
            one.ended = Some((ended.clone(), at));
        }
    }

    /// The refund that a report about an attempt is about; see [`named`].
    pub(super) fn named_refund(
        &self,
        payment: PaymentId,
        said: &RefundSaid,
        number: Option<&str>,
    ) -> Option<&SentRefund> {
        let number = number.filter(|number| !self.is_capture(payment, number));
        let all = self.sent_refunds.iter().filter(|one| one.requested.payment == payment);
        named(&all.collect::<Vec<_>>(), said, number)
    }

    /// The provider's number of a refund as a cashier states it. One that went back needs it, so
    /// that a later report of the provider is known to be about it; one that was refused has none.
    pub(super) fn number_of<'a>(
        &self,
        sent: &SentRefund,
        outcome: RefundOutcome,
        number: Option<&'a str>,
    ) -> Result<Option<&'a str>, UnfitNumber> {
        if outcome == RefundOutcome::Refused {
            return Ok(None);
        }
        let number = number.ok_or(UnfitNumber::Missing)?;
        let SentRefund { requested: RefundRequested { refund, payment, .. }, .. } = sent;
        let is_other =
            |one: &SentRefund| one.requested.refund != *refund && one.number() == Some(number);
        if self.is_capture(*payment, number) || self.sent_refunds.iter().any(is_other) {
            return Err(UnfitNumber::OfOther);
        }
        Ok(Some(number))
    }

    /// Whether the number is that of money that came in: a report with it does not name a refund.
    fn is_capture(&self, payment: PaymentId, number: &str) -> bool {
        let captures = self.attempts.get(&payment).map_or(&[][..], |one| &one.captures);
        captures.iter().any(|one| one.transaction.as_deref() == Some(number))
    }

    /// The end of a refund and what follows from it: money that went back, or that is owed back
    /// again. Nothing if its outcome is known. One that was refused and yet went back counts: the
    /// money is gone.
    pub(super) fn end_of_refund(
        &self,
        ended: RefundEnded,
        standing: Standing,
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
                let effect = after.effect_of_loss(amount, standing);
                let through = Some((payment, number));
                let granting =
                    Granted { refund, amount, reason, effect, standing, proposed_by, through };
                granted(&after, granting, facts)?
            }
        });
        Ok(events)
    }
}

impl Payment {
    /// The effect on the fee of money that has gone, whether it was permitted or not. A fee that is
    /// no longer covered is owed again as after a resolved discrepancy: before the acceptance;
    /// while the dossier is being processed, for what is missing, and the part that is covered
    /// stays with the agency; and not after the end.
    pub(super) fn effect_of_loss(&self, amount: Vnd, standing: Standing) -> RefundEffect {
        if self.is_closed() {
            return RefundEffect::AtTheEnd;
        }
        let left = self.net().0.saturating_sub(amount.0);
        if self.settled_at().is_none() || left >= self.total().0 {
            return RefundEffect::None;
        }
        match standing {
            Standing::Unanswered | Standing::InProcess => RefundEffect::OwedAgain,
            Standing::AtItsEnd => RefundEffect::AtTheEnd,
        }
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

#[cfg(test)]
mod tests;
