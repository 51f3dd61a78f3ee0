//! What officers wrote about payments: the reasons of further fees, refunds, resolutions and
//! rejections. It is
//! kept for readers; no step depends on it.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::contract::{Meta, PaymentEvent, PaymentId, Personal, Vnd};

/// Entries of each kind that are kept; of more, the newest.
const KEPT_MAX: usize = 100;

/// The officers' texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons {
    /// Refunds, oldest first.
    pub refunds: Arc<Vec<Refund>>,
    /// Resolved discrepancies, oldest first.
    pub resolutions: Arc<Vec<Resolution>>,
    /// Rejected proposals, oldest first.
    pub rejections: Arc<Vec<Rejection>>,
    /// Further fees, oldest first: the code of the line, and the reason.
    pub further: Arc<Vec<(String, Personal<String>)>>,
}

/// Money that was refunded.
#[derive(Debug, Clone, PartialEq)]
pub struct Refund {
    pub at: Timestamp,
    pub id: Uuid,
    pub amount: Vnd,
    pub reason: Personal<String>,
}

/// A discrepancy that was resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    pub at: Timestamp,
    pub payment: PaymentId,
    /// The total that the attempt brought.
    pub captured: Vnd,
    /// The total that was counted before.
    pub counted: Vnd,
    pub reason: Personal<String>,
}

/// A proposal that was rejected or withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    pub at: Timestamp,
    pub proposal: Uuid,
    pub reason: Personal<String>,
}

fn keep<T: Clone>(kept: &mut Arc<Vec<T>>, new: T) {
    let kept = Arc::make_mut(kept);
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push(new);
}

impl Reasons {
    /// The reason for the further fee of a line; `None` for other lines, and after its erasure.
    #[must_use]
    pub fn of_line(&self, rule: &str) -> Option<&String> {
        let found = self.further.iter().find(|(charged, _)| charged == rule);
        found.and_then(|(_, reason)| reason.known())
    }

    /// Applies an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no text of an officer")]
    pub(super) fn evolve(&mut self, event: &PaymentEvent, meta: &Meta) {
        let at = meta.at();
        let (proposal, reason) = match event {
            PaymentEvent::PaymentRefunded(refunded) => {
                let (id, amount, reason) =
                    (refunded.refund, refunded.amount, refunded.reason.clone());
                return keep(&mut self.refunds, Refund { at, id, amount, reason });
            }
            PaymentEvent::DiscrepancyResolved(resolved) => {
                let resolution = Resolution {
                    at,
                    payment: resolved.payment,
                    captured: resolved.captured,
                    counted: resolved.counted,
                    reason: resolved.reason.clone(),
                };
                return keep(&mut self.resolutions, resolution);
            }
            PaymentEvent::FurtherFeeCharged(charged) => {
                let further = (charged.line.rule.clone(), charged.reason.clone());
                return keep(&mut self.further, further);
            }
            PaymentEvent::RefundRejected(rejected) => (rejected.refund, &rejected.reason),
            PaymentEvent::ResolutionRejected(rejected) => (rejected.resolution, &rejected.reason),
            PaymentEvent::EntryRejected(rejected) => (rejected.entry, &rejected.reason),
            // Nothing went back; if it did, the refund follows.
            PaymentEvent::RefundCorrected(corrected) => {
                let refunds = Arc::make_mut(&mut self.refunds);
                return refunds.retain(|refund| refund.id != corrected.refund);
            }
            _ => return,
        };
        keep(&mut self.rejections, Rejection { at, proposal, reason: reason.clone() });
    }
}
