//! How events about attempts, refunds and disputes change the state of a payment.

use super::Payment;
use super::attempt::{DoubtfulWord, Word};
use super::fee::Fee;
use super::proposal::Proposed;
use super::state::{Owed, Repayment, window};
use crate::clock::Running;
use crate::contract::{DiscrepancyResolved, Meta, PaymentEvent, Vnd};

impl Payment {
    /// Applies events about the fee.
    pub(super) fn on_fee(&mut self, event: &PaymentEvent, meta: &Meta) {
        if let PaymentEvent::FeeAssessed(assessed) = event {
            let window = window(assessed.window_ends_at, meta);
            self.fee = Some(Fee::new(assessed.clone(), window));
        } else if let PaymentEvent::FeeReassessed(reassessed) = event {
            self.apply_assessment(reassessed, window(reassessed.window_ends_at, meta));
            self.receipt_kept_excess(meta);
        } else if let PaymentEvent::FurtherFeeCharged(charged) = event {
            self.apply_further_fee(charged);
            self.receipt_kept_excess(meta);
        } else if let PaymentEvent::FeeWindowExpired(expired) = event {
            self.apply_expiry(expired.kept);
        } else if let PaymentEvent::FeeLapsed(lapsed) = event {
            self.apply_lapse(lapsed.kept);
        } else if let PaymentEvent::DossierEnded(ended) = event {
            self.apply_end(ended.kept);
        } else if let PaymentEvent::FeeSettled(settled) = event
            && let Some(fee) = &mut self.fee
        {
            fee.settle(settled.paid_at);
        } else if let PaymentEvent::FeeOwedAgain(owed) = event
            && let Some(fee) = &mut self.fee
        {
            fee.owe_again(owed.in_process, window(owed.window_ends_at, meta));
        }
    }

    /// Applies events about attempts and their providers.
    pub(super) fn on_provider(&mut self, event: &PaymentEvent, meta: &Meta) {
        if let PaymentEvent::PaymentCaptured(captured) = event {
            let (event, transaction) =
                (captured.provider_event.clone(), captured.transaction.clone());
            let (payment, amount) = (captured.payment, captured.amount);
            let attempt = self.attempts.get(&payment);
            let paid_at = attempt.map(|one| one.counted_at(captured.paid_at, meta.at()));
            self.paid_until = self.paid_until.max(paid_at);
            self.apply_capture(payment, Word { event, transaction, amount });
            self.apply_money(payment, amount, false, meta);
        } else if let PaymentEvent::CaptureConfirmed(confirmed) = event {
            let (event, transaction) =
                (confirmed.provider_event.clone(), confirmed.transaction.clone());
            if let Some(attempt) = self.attempts.get_mut(&confirmed.payment) {
                let word = Word { event, transaction, amount: confirmed.amount };
                attempt.confirm(word, &confirmed.of);
            }
        } else if let PaymentEvent::DiscrepancyFound(found) = event {
            let (event, transaction) = (found.provider_event.clone(), found.transaction.clone());
            let word = Word { event, transaction, amount: found.said };
            let (source, doubt, since) = (found.source, found.doubt, meta.at());
            self.apply_doubt(found.payment, DoubtfulWord { word, source, doubt, since });
            self.apply_doubt_of_receipt(meta);
            let running = Running::new(found.due_at, meta.at(), meta.id, meta.at());
            if self.discrepancy.is_none_or(|owed| owed.missed) {
                self.discrepancy = Some(Owed { running, missed: false });
            }
        } else if let PaymentEvent::PaymentOpened(opened) = event
            && let Some(attempt) = self.attempts.get_mut(&opened.payment)
        {
            attempt.next_url = Some(opened.next_url.clone());
        } else if let PaymentEvent::PaymentFailed(failed) = event
            && let Some(attempt) = self.attempts.get_mut(&failed.payment)
        {
            attempt.fail(&failed.provider_event);
        } else if let PaymentEvent::PaymentOutcomeUnknown(unknown) = event
            && let Some(attempt) = self.attempts.get_mut(&unknown.payment)
        {
            attempt.wait(unknown.queries, unknown.query_at, meta.id);
        } else if let PaymentEvent::PaymentExpired(expired) = event
            && let Some(attempt) = self.attempts.get_mut(&expired.payment)
        {
            attempt.query = None;
        }
    }

    /// Applies events about refunds and proposals.
    pub(super) fn on_refund(&mut self, event: &PaymentEvent, meta: &Meta) {
        if let PaymentEvent::RefundOwed(owed) = event {
            let running = Running::new(owed.due_at, meta.at(), meta.id, meta.at());
            if self.owed_repayment().is_none_or(|(owed, _)| owed.missed) {
                self.repayment = Repayment::Owed(Owed { running, missed: false }, owed.why);
            }
        } else if let PaymentEvent::RepaymentMissed(_) = event
            && let Repayment::Owed(owed, _) = &mut self.repayment
        {
            owed.missed = true;
        } else if let PaymentEvent::RefundProposed(proposed) = event {
            let (what, due_at) = (Proposed::Refund(proposed.amount), proposed.due_at);
            self.apply_proposal(proposed.refund, what, &proposed.reason, due_at, meta);
            if let Some(proposal) = &mut self.proposal {
                proposal.through = proposed.payment;
            }
        } else if let PaymentEvent::RefundRequested(requested) = event {
            self.apply_request(requested, meta);
        } else if let PaymentEvent::RefundEnded(ended) = event {
            self.apply_refund_end(ended, meta.at());
        } else if let PaymentEvent::ResolutionProposed(proposed) = event {
            let what = Proposed::Resolution(proposed.payment, proposed.captured);
            let due_at = Some(proposed.due_at);
            self.apply_proposal(proposed.resolution, what, &proposed.reason, due_at, meta);
        } else if let PaymentEvent::ProposalOverdue(_) = event
            && let Some(owed) = self.proposal.as_mut().and_then(|one| one.owed.as_mut())
        {
            owed.missed = true;
        } else if let PaymentEvent::RefundRejected(_)
        | PaymentEvent::ResolutionRejected(_)
        | PaymentEvent::EntryRejected(_) = event
        {
            self.proposal = None;
        } else if let PaymentEvent::EntryProposed(proposed) = event {
            self.apply_entry_proposal(proposed, meta);
        } else if let PaymentEvent::RefundCorrected(corrected) = event {
            self.apply_refund_correction(corrected, meta.at());
            self.apply_money(corrected.payment, Vnd::ZERO, true, meta);
        } else if let PaymentEvent::PaymentRefunded(refund) = event {
            self.apply_refund(refund);
            self.correct_receipts(refund.receipts.as_deref());
        }
    }

    pub(super) fn on_resolution(
        &mut self,
        resolved: &DiscrepancyResolved,
        window: Option<Running>,
        meta: &Meta,
    ) {
        self.apply_resolution(resolved);
        self.correct_receipts(resolved.receipts.as_deref());
        let brought = resolved.captured.0.saturating_sub(resolved.counted.0).max(0);
        self.apply_money(resolved.payment, Vnd(brought), true, meta);
        if let Some(fee) = &mut self.fee {
            fee.window = window.or(fee.window);
        }
    }
}
