//! State of a dossier's payment, folded from its events, and how its events change it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::attempt::{Attempt, DoubtfulWord, Word};
use super::fee::{Closed, Fee, FeeStage};
use super::proposal::{Proposal, Proposed};
use super::reasons::Reasons;
use super::receipted::Receipted;
use super::refunding::SentRefund;
use super::reversal::Debt;
use crate::access::{Former, Resource};
use crate::clock::{self, Running};
use crate::contract::{
    AgencyCode, DiscrepancyResolved, FeeAssessed, FeeReassessed, FeeTransferred, FurtherFeeCharged,
    Meta, OwedBack, PaymentEvent, PaymentId, PaymentRefunded, PaymentStarted, ProcedureRef,
    RefundEffect, Subject, Vnd,
};
use crate::law::Kept;
use crate::services::Category;
use crate::step::{State, Subscription};

/// A task of the cashier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    pub running: Running,
    pub missed: bool,
}

/// A repayment that the cashier owes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repayment {
    #[default]
    None,
    /// Owed since this instant and event, which did not announce it; old logs only.
    Unannounced(Timestamp, Uuid),
    /// Announced, with its cause.
    Owed(Owed, OwedBack),
}

/// The fee, the payments and the receipts of a dossier.
#[derive(Debug, Clone, Default)]
pub struct Payment {
    /// `None` before the assessment.
    pub fee: Option<Fee>,
    /// The attempts to pay through a provider.
    pub attempts: BTreeMap<PaymentId, Attempt>,
    /// Total received, in cash and through providers.
    pub received: Vnd,
    /// When the newest money was paid.
    pub paid_until: Option<Timestamp>,
    /// Total refunded.
    pub refunded: Vnd,
    /// Total refunded without a second person.
    pub refunded_alone: Vnd,
    pub repayment: Repayment,
    /// The refunds through providers, oldest first.
    pub sent_refunds: Vec<SentRefund>,
    /// What the payer owes after money was taken back, oldest first.
    pub debts: Vec<Debt>,
    /// The open discrepancies of all attempts, as one task.
    pub discrepancy: Option<Owed>,
    /// The proposal that waits for a second person.
    pub proposal: Option<Proposal>,
    /// Total excess of resolutions over the amounts of their attempts, without a second person.
    pub resolved_alone: Vnd,
    /// Receipts in the order of the events that brought money.
    pub receipts: Vec<Receipted>,
    /// The agency that has the dossier, if the fee stays with another one.
    pub decider: Option<AgencyCode>,
    /// The agencies that transferred the dossier, and the fee if they had it, oldest first.
    pub former: Vec<Former>,
    /// The notices without a reference to a payment that were matched with an attempt.
    pub matched: BTreeSet<Uuid>,
    /// Who has acted for the applicant here by a recorded mandate.
    pub mandated: Vec<Subject>,
    pub reasons: Reasons,
}

/// Whether the certain part of the balance covers the fee for the first time.
pub(super) fn settles(payment: &Payment) -> bool {
    let sure = payment.net().0.saturating_sub(payment.in_doubt().0);
    payment.is_owed() && sure >= payment.total().0
}

/// The window to pay that an event opens.
pub(super) fn window(ends_at: Option<Timestamp>, meta: &Meta) -> Option<Running> {
    ends_at.map(|due_at| Running::new(due_at, meta.at(), meta.id, meta.at()))
}

fn add(to: &mut Vnd, amount: Vnd) {
    to.0 = to.0.saturating_add(amount.0);
}

impl Payment {
    /// The assessment of the fee; `None` before it.
    #[must_use]
    pub fn assessed(&self) -> Option<&FeeAssessed> {
        self.fee.as_ref().map(|fee| &*fee.assessed)
    }

    /// The window to pay.
    #[must_use]
    pub fn window(&self) -> Option<Running> {
        self.fee.as_ref()?.window
    }

    /// When the fee was fully paid; `None` while it is not.
    #[must_use]
    pub fn settled_at(&self) -> Option<Timestamp> {
        self.fee.as_ref()?.settled_at()
    }

    /// Whether a fee was assessed that is neither covered nor closed.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.fee.as_ref().is_some_and(|fee| matches!(fee.stage, FeeStage::Owed { .. }))
    }

    /// How the fee was closed; `None` while it is not.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.fee.as_ref()?.closed()
    }

    /// The announced repayment that is owed, and its cause.
    #[must_use]
    pub const fn owed_repayment(&self) -> Option<(Owed, OwedBack)> {
        match self.repayment {
            Repayment::Owed(owed, why) => Some((owed, why)),
            Repayment::None | Repayment::Unannounced(..) => None,
        }
    }

    /// Whether a repayment is owed that no event announced; old logs only.
    #[must_use]
    pub const fn owes_unannounced(&self) -> bool {
        matches!(self.repayment, Repayment::Unannounced(..))
    }

    /// End of the window to pay, postponed while an attempt may still succeed.
    #[must_use]
    pub fn window_ends_at(&self) -> Option<Timestamp> {
        let end = self.window()?.due_at;
        let open = self.attempts.values().filter(|attempt| attempt.is_open());
        Some(open.map(|attempt| attempt.started.expires_at).fold(end, Timestamp::max))
    }

    /// Whether the fee is covered only if doubtful money is counted. A cashier has to resolve the
    /// doubt first; the window does not end before.
    #[must_use]
    pub fn waits_for_certainty(&self) -> bool {
        self.in_doubt() > Vnd::ZERO && self.outstanding() == Vnd::ZERO
    }

    pub(super) fn apply_capture(&mut self, payment: PaymentId, word: Word) {
        add(&mut self.received, word.amount);
        if let Some(attempt) = self.attempts.get_mut(&payment) {
            attempt.capture(word);
        }
    }

    pub(super) fn apply_doubt(&mut self, payment: PaymentId, doubtful: DoubtfulWord) {
        if let Some(attempt) = self.attempts.get_mut(&payment) {
            attempt.doubt(doubtful);
        }
    }

    pub(super) fn apply_resolution(&mut self, resolved: &DiscrepancyResolved) {
        let DiscrepancyResolved { payment, captured, effect, .. } = resolved;
        if let Some(attempt) = self.attempts.get_mut(payment) {
            let above = attempt.above(*captured);
            let more = captured.0.saturating_sub(attempt.captured.0);
            attempt.resolve(*captured);
            self.received.0 = self.received.0.saturating_add(more).max(0);
            if resolved.proposed_by.is_none() {
                add(&mut self.resolved_alone, above);
            }
        }
        if *effect == Some(RefundEffect::AtTheEnd) {
            self.close_settled();
        }
        let moot = |proposal: &Proposal| matches!(proposal.what, Proposed::Resolution(of, _) if of == *payment);
        self.proposal.take_if(|proposal| moot(proposal));
    }

    /// A settled fee of which a part is missing is not charged again; an excess is refunded.
    fn close_settled(&mut self) {
        if let Some(fee) = &mut self.fee {
            fee.close(|_| ());
        }
    }

    /// The amount that the agency keeps when an owed fee is no longer charged: what was paid for
    /// work already done, unless the procedure refunds everything.
    pub(super) fn kept_of_unsettled(&self, kept: Kept) -> Vnd {
        let in_process = |fee: &Fee| fee.stage == FeeStage::Owed { in_process: true };
        if self.fee.as_ref().is_some_and(in_process) && kept != Kept::Never {
            self.net().min(self.total())
        } else {
            Vnd::ZERO
        }
    }

    pub(super) fn apply_assessment(&mut self, assessed: &FeeReassessed, window: Option<Running>) {
        if let Some(fee) = &mut self.fee {
            fee.reassess(assessed, window);
        }
    }

    pub(super) fn apply_further_fee(&mut self, charged: &FurtherFeeCharged) {
        if let Some(fee) = &mut self.fee {
            let assessed = Arc::make_mut(&mut fee.assessed);
            assessed.lines.push(charged.line.clone());
            assessed.total = charged.total;
        }
    }

    /// Money that was in excess before and is kept now has no receipt yet.
    pub(super) fn receipt_kept_excess(&mut self, meta: &Meta) {
        if let Some(payment) = self.receipts.last().map(|receipt| receipt.payment) {
            self.apply_money(payment, Vnd::ZERO, true, meta);
        }
    }

    pub(super) fn apply_cash(&mut self, amount: Vnd) {
        add(&mut self.received, amount);
    }

    pub(super) fn apply_expiry(&mut self, kept: Vnd) {
        if let Some(fee) = &mut self.fee {
            fee.close(|closed| (closed.window_expired, closed.kept) = (true, kept));
        }
    }

    pub(super) fn apply_end(&mut self, kept: Vnd) {
        if let Some(fee) = &mut self.fee {
            fee.end(kept, false);
        }
    }

    /// The dossier ended before the fee was covered.
    pub(super) fn apply_lapse(&mut self, kept: Vnd) {
        if let Some(fee) = &mut self.fee {
            fee.end(kept, true);
        }
    }

    pub(super) fn apply_refund(&mut self, refund: &PaymentRefunded) {
        let kept = self.kept();
        add(&mut self.refunded, refund.amount);
        if refund.proposed_by.is_none() {
            add(&mut self.refunded_alone, refund.amount);
        }
        match refund.effect {
            // A refund of the fee itself reduces the kept amount.
            Some(RefundEffect::AtTheEnd) => {
                let left = kept.min(self.net());
                if let Some(fee) = &mut self.fee {
                    fee.close(|closed| closed.kept = left);
                }
                let mut sent = self.sent_refunds.iter_mut();
                if let Some(sent) = sent.find(|one| one.requested.refund == refund.refund) {
                    sent.of_kept.0 = kept.0.saturating_sub(left.0);
                }
            }
            // Before `effect` was recorded, a refund of a settled fee did not make it owed again.
            None if self.settled_at().is_some() && self.net() < self.total() => {
                self.close_settled();
            }
            Some(RefundEffect::None | RefundEffect::OwedAgain) | None => {}
        }
        self.proposal.take_if(|proposal| proposal.id == refund.refund);
    }

    fn start(&mut self, started: &PaymentStarted, meta: &Meta) {
        let by = started.order.as_ref().and_then(|share| share.represented_by.clone());
        self.mandated.extend(by.filter(|by| !self.mandated.contains(by)));
        self.attempts.insert(started.payment, Attempt::new(started.clone(), meta.id, meta.at()));
    }

    fn transfer(&mut self, transferred: &FeeTransferred, meta: &Meta) {
        let FeeTransferred { from, to, kept } = transferred;
        let had_it = self.decider.as_ref() == Some(from) || !kept;
        self.decider = kept.then(|| to.clone());
        if let Some(fee) = self.fee.as_mut().filter(|fee| !kept && fee.assessed.brief.agency != *to)
        {
            let assessed = Arc::make_mut(&mut fee.assessed);
            assessed.brief = assessed.brief.transferred(to);
        }
        if had_it {
            let until = meta.version.saturating_sub(1);
            self.former.push(Former { agency: from.clone(), until });
        }
    }

    /// Removes tasks that are done, and notes since when an unannounced repayment is owed.
    fn tidy(&mut self, meta: &Meta) {
        if self.attempts.values().all(|attempt| attempt.doubts.is_empty()) {
            self.discrepancy = None;
        }
        // Money that came in otherwise, late for example, pays debts too.
        if self.shortfall() == Vnd::ZERO {
            self.debts.clear();
        }
        self.repayment = match self.repayment {
            // One that is in doubt again keeps its original due instant: only a refund ends it.
            // So does one whose money is on its way.
            owed @ Repayment::Owed(..)
                if self.above_what_is_kept() > Vnd::ZERO || self.on_its_way() > Vnd::ZERO =>
            {
                owed
            }
            _ if self.owed_back() == Vnd::ZERO => Repayment::None,
            unannounced @ Repayment::Unannounced(..) => unannounced,
            Repayment::None | Repayment::Owed(..) => Repayment::Unannounced(meta.at(), meta.id),
        };
    }
}

impl State for Payment {
    type Event = PaymentEvent;
    const CATEGORY: &'static str = Category::Payment.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = super::reaction::SUBSCRIPTIONS;

    fn evolve(&mut self, event: &PaymentEvent, meta: &Meta) {
        self.reasons.evolve(event, meta);
        meta.envelope.actor.note_mandate(&mut self.mandated);
        match event {
            PaymentEvent::FeeAssessed(_)
            | PaymentEvent::FeeReassessed(_)
            | PaymentEvent::FurtherFeeCharged(_)
            | PaymentEvent::FeeSettled(_)
            | PaymentEvent::FeeWindowExpired(_)
            | PaymentEvent::FeeLapsed(_)
            | PaymentEvent::DossierEnded(_)
            | PaymentEvent::FeeOwedAgain(_) => self.on_fee(event, meta),
            PaymentEvent::PaymentStarted(started) => self.start(started, meta),
            PaymentEvent::PaymentOpened(_)
            | PaymentEvent::PaymentCaptured(_)
            | PaymentEvent::CaptureConfirmed(_)
            | PaymentEvent::DiscrepancyFound(_)
            | PaymentEvent::PaymentFailed(_)
            | PaymentEvent::PaymentOutcomeUnknown(_)
            | PaymentEvent::PaymentExpired(_) => self.on_provider(event, meta),
            PaymentEvent::DiscrepancyResolved(resolved) => {
                self.on_resolution(resolved, window(resolved.window_ends_at, meta), meta);
            }
            PaymentEvent::NoticeMatched(matched) => {
                self.matched.insert(matched.notice);
                if let Some(attempt) = self.attempts.get_mut(&matched.payment) {
                    attempt.matched.insert(matched.provider_event.clone());
                }
            }
            PaymentEvent::DiscrepancyOverdue(_) => {
                self.discrepancy.iter_mut().for_each(|owed| owed.missed = true);
            }
            PaymentEvent::CashReceived(cash) => {
                self.apply_cash(cash.amount);
                self.debts.retain(|debt| Some(debt.id) != cash.debt);
                self.paid_until = self.paid_until.max(Some(meta.at()));
                self.apply_money(cash.payment, cash.amount, false, meta);
            }
            PaymentEvent::RefundOwed(_)
            | PaymentEvent::RepaymentMissed(_)
            | PaymentEvent::RefundProposed(_)
            | PaymentEvent::ResolutionProposed(_)
            | PaymentEvent::ProposalOverdue(_)
            | PaymentEvent::RefundRejected(_)
            | PaymentEvent::RefundRequested(_)
            | PaymentEvent::RefundEnded(_)
            | PaymentEvent::ResolutionRejected(_)
            | PaymentEvent::RefundCorrected(_)
            | PaymentEvent::EntryProposed(_)
            | PaymentEvent::EntryRejected(_)
            | PaymentEvent::PaymentRefunded(_) => self.on_refund(event, meta),
            PaymentEvent::PaymentReversed(_)
            | PaymentEvent::DebtArisen(_)
            | PaymentEvent::DebtWrittenOff(_)
            | PaymentEvent::DebtOverdue(_) => self.on_reversal(event, meta),
            PaymentEvent::PaymentDisputed(_)
            | PaymentEvent::DisputeAnswered(_)
            | PaymentEvent::DisputeEnded(_)
            | PaymentEvent::DisputeOverdue(_) => self.on_dispute(event, meta),
            PaymentEvent::FeeTransferred(transferred) => self.transfer(transferred, meta),
            PaymentEvent::ReceiptNumbered(numbered) => self.apply_number(numbered),
            PaymentEvent::PeriodExtended(extended) => clock::extend(self, extended, meta),
        }
        self.tidy(meta);
    }

    fn resource(&self) -> Option<Resource> {
        let mut resource = self.assessed()?.brief.resource();
        resource.representatives.extend(self.mandated.iter().cloned());
        resource.informed.extend(self.decider.clone());
        resource.former.clone_from(&self.former);
        Some(resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = &self.assessed()?.brief;
        Some((&brief.procedure, &brief.agency))
    }
}
