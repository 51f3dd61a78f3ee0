//! Money that a provider or a bank took back without the agency. An attempt cannot lose more than
//! it brought and has left: what is reported above that contradicts what is recorded, and is not
//! counted until a cashier has asked the provider.
//!
//! A report of a reversal may have the event id of its capture, so the ids of reversals are a set
//! of their own. Two reports are about the same reversal if they have the same event id, or the
//! same transaction number and amount.

use jiff::Timestamp;
use uuid::Uuid;

use super::limits::ATTEMPT_FACTS_MAX;
use super::state::Owed;
use super::take_notice::TakeNotice;
use super::{Attempt, Payment, Standing};
use crate::clock::{self, Running};
use crate::contract::{
    DebtArisen, DiscrepancyFound, Doubt, Meta, PaymentEvent, PaymentId, PaymentReversed,
    RefundEffect, Vnd,
};
use crate::step::{Facts, LawError};

/// A recorded reversal of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// Event id of the report, or the id of the entry.
    pub event: String,
    /// The provider's number of the reversal.
    pub transaction: Option<String>,
    pub amount: Vnd,
    /// What was taken back in all: of the whole payment order, if it is about that.
    pub whole: Vnd,
    pub at: Timestamp,
}

/// Money that a payer owes after it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    pub id: Uuid,
    /// The attempt whose money was taken back.
    pub payment: PaymentId,
    pub amount: Vnd,
    /// The cashier's task to collect it.
    pub owed: Owed,
}

impl Attempt {
    /// Total that was taken back.
    #[must_use]
    pub fn reversed(&self) -> Vnd {
        Vnd(self.reversals.iter().fold(0, |sum, one| sum.saturating_add(one.amount.0)))
    }

    /// Whether a report with this event id, or about a reversal with this number and amount, is
    /// recorded.
    #[must_use]
    pub fn knows_reversal(&self, event: &str, number: Option<&str>, amount: Vnd) -> bool {
        let is_event = self.reversals.iter().any(|one| one.event == event);
        let is_doubted = self.doubted_reversals.contains(event);
        is_event || is_doubted || number.is_some_and(|number| self.has_reversal(number, amount))
    }

    /// Whether a reversal with this number and amount is recorded.
    #[must_use]
    pub fn has_reversal(&self, number: &str, amount: Vnd) -> bool {
        let is_it =
            |one: &Reversal| one.transaction.as_deref() == Some(number) && one.whole == amount;
        self.reversals.iter().any(is_it)
    }
}

impl Payment {
    /// What can still be taken back of an attempt: what it brought, less what was taken back or
    /// refunded, or is on its way. Not clamped by the balance of the dossier.
    #[must_use]
    pub fn reversible(&self, payment: PaymentId) -> Vnd {
        let Some(attempt) = self.attempts.get(&payment) else { return Vnd::ZERO };
        let gone = self.returned_of(payment).0.saturating_add(attempt.reversed().0);
        Vnd(attempt.captured.0.saturating_sub(gone).max(0))
    }

    /// By how much the agency has less than it may keep of a closed fee, or has given more than it
    /// got; not clamped.
    pub(super) fn shortfall(&self) -> Vnd {
        let gone = self.refunded.0.saturating_add(self.on_its_way().0);
        let net = self.received.0.saturating_sub(gone);
        let kept = if self.is_closed() { self.kept().0 } else { 0 };
        Vnd(kept.saturating_sub(net).max(0))
    }

    /// The total of what the payer owes after money was taken back.
    #[must_use]
    pub fn debt(&self) -> Vnd {
        Vnd(self.debts.iter().fold(0, |sum, debt| sum.saturating_add(debt.amount.0)))
    }

    /// The open debt with this id.
    pub(super) fn debt_of(&self, debt: Uuid) -> Option<&Debt> {
        self.debts.iter().find(|one| one.id == debt)
    }

    /// The debt that is due first; one that was missed comes last.
    #[must_use]
    pub fn due_debt(&self) -> Option<&Debt> {
        self.debts.iter().min_by_key(|debt| (debt.owed.missed, debt.owed.running.due_at))
    }

    /// A provider's report that money was taken back: the reversal and what follows, a discrepancy
    /// if it is more than the attempt has left, or nothing if it is known.
    pub(super) fn take_reversal(
        &self,
        notice: &TakeNotice,
        (amount, standing): (Vnd, Standing),
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let TakeNotice { payment, provider, provider_event, transaction, source, .. } = notice;
        let reversed = PaymentReversed {
            payment: *payment,
            provider: provider.clone(),
            provider_event: provider_event.clone(),
            amount,
            transaction: transaction.clone(),
            source: Some(*source),
            reversed_at: notice.paid_at,
            effect: RefundEffect::None,
            receipts: Vec::new(),
            entry: None,
            reason: None,
            proposed_by: None,
            message: notice.message.clone(),
            order: None,
        };
        self.reversed_once(reversed, standing, facts)
    }

    /// As [`Self::reversed`]; a discrepancy if it is more than the attempt has left, and nothing if
    /// it is known.
    pub(super) fn reversed_once(
        &self,
        reversed: PaymentReversed,
        standing: Standing,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let PaymentReversed { payment, amount, provider_event, .. } = &reversed;
        let Some(attempt) = self.attempts.get(payment) else { return Ok(Vec::new()) };
        let number = reversed.transaction.as_deref();
        let is_known = attempt.knows_reversal(provider_event, number, reversed.whole());
        if *amount <= Vnd::ZERO || is_known {
            return Ok(Vec::new());
        }
        if *amount <= self.reversible(*payment) {
            return self.reversed(reversed, standing, facts);
        }
        let full = attempt.facts() >= ATTEMPT_FACTS_MAX;
        if full && !attempt.doubts.is_empty() {
            return Ok(Vec::new());
        }
        let look_into = Self::rules(facts)?.look_into;
        let found = DiscrepancyFound {
            payment: *payment,
            provider: reversed.provider,
            provider_event: reversed.provider_event,
            transaction: reversed.transaction,
            source: reversed.source.unwrap_or_default(),
            doubt: Doubt::MoreReversed,
            said: reversed.amount,
            counted: attempt.captured,
            due_at: clock::end_of(facts.rule()?, facts.at, look_into),
        };
        Ok(vec![found.into()])
    }

    /// A reversal and what follows from it: the fee is owed again while the dossier needs it; of a
    /// closed fee, and of money that was refunded already, the payer owes it as a debt.
    pub(super) fn reversed(
        &self,
        reversed: PaymentReversed,
        standing: Standing,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let (payment, amount) = (reversed.payment, reversed.amount);
        let effect = self.effect_of_loss(amount, standing);
        let mut reversed = PaymentReversed { effect, ..reversed };
        let mut after = self.clone();
        after.apply_reversal(&reversed, facts.at);
        reversed.receipts = after.correct_receipts(None);
        let debt = after.shortfall().0.saturating_sub(self.shortfall().0);
        let mut events: Vec<PaymentEvent> = vec![reversed.into()];
        let in_process = (standing == Standing::InProcess, facts.at);
        events.extend(Self::consequences_in(after, self, in_process, facts)?);
        if debt > 0 {
            let rules = Self::rules(facts)?;
            let due_at = clock::end_of(facts.rule()?, facts.at, rules.give_back);
            let (debt, amount) = (facts.id("debt"), Vnd(debt));
            events.push(DebtArisen { debt, payment, amount, due_at }.into());
        }
        Ok(events)
    }

    pub(super) fn apply_reversal(&mut self, reversed: &PaymentReversed, at: Timestamp) {
        let PaymentReversed { payment, amount, .. } = *reversed;
        self.received.0 = self.received.0.saturating_sub(amount.0);
        if let Some(attempt) = self.attempts.get_mut(&payment) {
            let (event, transaction) =
                (reversed.provider_event.clone(), reversed.transaction.clone());
            let whole = reversed.whole();
            attempt.reversals.push(Reversal { event, transaction, amount, whole, at });
        }
        if reversed.effect == RefundEffect::AtTheEnd
            && let Some(fee) = &mut self.fee
        {
            fee.close(|_| ());
        }
        if let Some(entry) = reversed.entry {
            self.proposal.take_if(|proposal| proposal.id == entry);
        }
    }

    /// Applies events about reversals and debts.
    pub(super) fn on_reversal(&mut self, event: &PaymentEvent, meta: &Meta) {
        if let PaymentEvent::PaymentReversed(reversed) = event {
            self.apply_reversal(reversed, meta.at());
            self.correct_receipts(Some(&reversed.receipts));
        } else if let PaymentEvent::DebtArisen(arisen) = event {
            let running = Running::new(arisen.due_at, meta.at(), meta.id, meta.at());
            let owed = Owed { running, missed: false };
            let DebtArisen { debt: id, payment, amount, .. } = *arisen;
            self.debts.push(Debt { id, payment, amount, owed });
        } else if let PaymentEvent::DebtWrittenOff(off) = event {
            self.proposal.take_if(|proposal| proposal.id == off.entry);
            self.debts.retain(|debt| debt.id != off.debt);
        } else if let PaymentEvent::DebtOverdue(overdue) = event
            && let Some(debt) = self.debts.iter_mut().find(|debt| debt.id == overdue.debt)
        {
            debt.owed.missed = true;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
