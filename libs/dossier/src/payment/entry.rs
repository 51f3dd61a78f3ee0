//! Entries on which two persons decide whatever their amount: they contradict what is recorded, or
//! rest on a letter that only one of them has read. A cashier proposes one, a second person
//! approves or rejects it.

use jiff::Timestamp;
use uuid::Uuid;

use super::refund_payment::{Granted, granted};
use super::{Attempt, Payment, Proposal, Proposed, SentRefund, Standing};
use crate::contract::{
    DebtWrittenOff, Entry, EntryProposed, Meta, PaymentEvent, PaymentReversed, Personal,
    RefundCorrected, RefundEffect, RefundEnded, RefundOutcome, Subject, Vnd, WholeOrder,
};
use crate::step::{Facts, LawError};

/// An approved entry.
pub(super) struct Approved {
    /// Id of the proposal.
    pub(super) entry: Uuid,
    pub(super) what: Entry,
    pub(super) reason: Personal<String>,
    pub(super) proposed_by: Subject,
    /// Progress of the dossier at intake.
    pub(super) standing: Standing,
    /// The payment order with what its dossiers have left, if the entry is about its whole payment.
    pub(super) order: Option<WholeOrder>,
}

impl Payment {
    /// The proposed entry with this id.
    pub(super) fn proposed_entry(&self, entry: Uuid) -> Option<(&Proposal, &Entry)> {
        let proposal = self.proposal.as_ref().filter(|proposal| proposal.id == entry)?;
        match &proposal.what {
            Proposed::Entry(what) => Some((proposal, what)),
            Proposed::Refund(_) | Proposed::Resolution(..) => None,
        }
    }

    /// The proposal of an entry.
    pub(super) fn propose(
        what: Entry,
        reason: Personal<String>,
        facts: &Facts<'_>,
    ) -> Result<PaymentEvent, LawError> {
        let (entry, due_at) = (facts.id("entry"), Self::proposal_due(facts)?);
        Ok(EntryProposed { entry, what, reason, due_at }.into())
    }

    /// The amount of an entry; zero if it is about nothing of this payment.
    #[must_use]
    pub fn amount_of(&self, entry: &Entry) -> Vnd {
        match entry {
            Entry::RefundOutcome { refund, .. } => {
                self.sent_refund(*refund).map_or(Vnd::ZERO, |sent| sent.requested.amount)
            }
            Entry::Reversal { amount, .. } => *amount,
            Entry::DebtWrittenOff { debt } => {
                self.debt_of(*debt).map_or(Vnd::ZERO, |debt| debt.amount)
            }
        }
    }

    /// Whether an entry still changes what is recorded.
    pub(super) fn is_possible(&self, entry: &Entry, whole: Option<&WholeOrder>) -> bool {
        match entry {
            Entry::RefundOutcome { refund, outcome, .. } => {
                let sent = self.sent_refund(*refund);
                sent.and_then(SentRefund::outcome).is_some_and(|recorded| recorded != *outcome)
            }
            Entry::Reversal { payment, amount, transaction, order, .. } => {
                let attempt = self.attempts.get(payment);
                let is_new = |one: &Attempt| !one.has_reversal(transaction, *amount);
                let is_whole = whole.and_then(WholeOrder::sum) == Some(*amount)
                    && whole.map(|whole| whole.order) == *order;
                let part = match whole.filter(|_| is_whole) {
                    Some(whole) => whole.part_of(*payment),
                    None => *amount,
                };
                let is_left = part > Vnd::ZERO && part <= self.reversible(*payment);
                attempt.is_some_and(is_new) && is_left && (order.is_none() || is_whole)
            }
            Entry::DebtWrittenOff { debt } => self.debt_of(*debt).is_some(),
        }
    }

    /// The entry and the events that follow from it.
    pub(super) fn entered(
        &self,
        approved: Approved,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let Approved { entry, what, reason, proposed_by, standing, order } = approved;
        match what {
            Entry::RefundOutcome { refund, outcome, transaction } => {
                let Some(sent) = self.sent_refund(refund) else { return Ok(Vec::new()) };
                let corrected = RefundCorrected {
                    entry,
                    refund,
                    payment: sent.requested.payment,
                    provider: sent.requested.provider.clone(),
                    amount: sent.requested.amount,
                    outcome,
                    transaction,
                    reason,
                    proposed_by,
                };
                self.corrected(sent, corrected, standing, facts)
            }
            Entry::Reversal { payment, amount, transaction, reversed_at, order: of } => {
                let order = order.filter(|order| of == Some(order.order));
                let amount = order.as_ref().map_or(amount, |order| order.part_of(payment));
                let Some(attempt) = self.attempts.get(&payment) else { return Ok(Vec::new()) };
                let reversed = PaymentReversed {
                    payment,
                    provider: attempt.started.provider.clone(),
                    provider_event: format!("entry-{entry}"),
                    amount,
                    transaction: Some(transaction),
                    source: None,
                    reversed_at,
                    effect: RefundEffect::None,
                    receipts: Vec::new(),
                    entry: Some(entry),
                    reason: Some(reason),
                    proposed_by: Some(proposed_by),
                    message: None,
                    order,
                };
                self.reversed(reversed, standing, facts)
            }
            Entry::DebtWrittenOff { debt } => {
                let amount = self.debt_of(debt).map_or(Vnd::ZERO, |debt| debt.amount);
                let off = DebtWrittenOff { entry, debt, amount, reason, proposed_by };
                Ok(vec![off.into()])
            }
        }
    }

    fn corrected(
        &self,
        sent: &SentRefund,
        corrected: RefundCorrected,
        standing: Standing,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let mut after = self.clone();
        after.apply_refund_correction(&corrected, facts.at);
        let RefundCorrected { refund, payment, amount, outcome, ref transaction, .. } = corrected;
        let through = Some((payment, transaction.clone()));
        let mut events: Vec<PaymentEvent> = vec![corrected.into()];
        events.extend(match outcome {
            RefundOutcome::Refunded => {
                let effect = after.effect_of_loss(amount, standing);
                let reason = sent.requested.reason.clone();
                let proposed_by = sent.requested.proposed_by.clone();
                let granting =
                    Granted { refund, amount, reason, effect, standing, proposed_by, through };
                granted(&after, granting, facts)?
            }
            // The money was here all the time.
            RefundOutcome::Refused => {
                let paid_at = self.paid_until.unwrap_or(facts.at);
                let in_process = standing == Standing::InProcess;
                Self::consequences_in(after, self, (in_process, paid_at), facts)?
            }
        });
        Ok(events)
    }

    pub(super) fn apply_entry_proposal(&mut self, proposed: &EntryProposed, meta: &Meta) {
        let what = Proposed::Entry(proposed.what.clone());
        let due_at = Some(proposed.due_at);
        self.apply_proposal(proposed.entry, what, &proposed.reason, due_at, meta);
    }

    pub(super) fn apply_refund_correction(&mut self, corrected: &RefundCorrected, at: Timestamp) {
        self.proposal.take_if(|proposal| proposal.id == corrected.entry);
        let mut all = self.sent_refunds.iter_mut();
        let Some(sent) = all.find(|one| one.requested.refund == corrected.refund) else { return };
        let was = sent.outcome();
        let ended = RefundEnded {
            refund: corrected.refund,
            payment: corrected.payment,
            provider: corrected.provider.clone(),
            outcome: corrected.outcome,
            code: None,
            transaction: corrected.transaction.clone(),
            refunded_at: None,
            reason: Some(corrected.reason.clone()),
            message: None,
        };
        sent.ended = Some((ended, at));
        if was != Some(RefundOutcome::Refunded) || corrected.outcome != RefundOutcome::Refused {
            return;
        }
        let (amount, alone) = (corrected.amount.0, sent.requested.proposed_by.is_none());
        let of_kept = std::mem::take(&mut sent.of_kept);
        self.refunded.0 = self.refunded.0.saturating_sub(amount);
        if alone {
            self.refunded_alone.0 = self.refunded_alone.0.saturating_sub(amount);
        }
        if let Some(fee) = self.fee.as_mut().filter(|fee| fee.closed().is_some()) {
            fee.close(|closed| closed.kept.0 = closed.kept.0.saturating_add(of_kept.0));
        }
    }
}
