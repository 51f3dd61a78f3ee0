//! Checks what several dossiers of a payment order share: what went back of one payment, and facts
//! about the whole of it, which every dossier must have.

use std::collections::BTreeMap;

use dossier::contract::{
    EventSet, Meta, PaymentEvent, PaymentId, PaymentOrderEvent, PaymentOrderId, RefundOutcome,
    WholeOrder,
};
use dossier::payment::Payment;
use dossier::payment_orders::PaymentOrder;
use events::Recorded;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::finding::{Finding, Findings};

/// Time after which a fact about a whole order is recorded for all its dossiers, as their parts
/// are.
const SHARED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What the dossiers of orders share, of the events checked so far.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The sums of the orders, and what is left of them: what was paid, less what goes back through
    /// the provider. In đồng.
    left: BTreeMap<PaymentOrderId, (i64, i64)>,
    /// The refunds of orders: the order, the amount, and whether it was refused.
    begun: BTreeMap<Uuid, (PaymentOrderId, i64, bool)>,
    /// Facts that a dossier does not have yet, by the name of the fact.
    waiting: BTreeMap<(PaymentId, String), Waiting>,
    newest: Timestamp,
}

/// Where and when a fact was recorded first.
#[derive(Debug, Clone)]
struct Waiting {
    stream: String,
    position: u64,
    at: Timestamp,
}

/// The name of a fact about an attempt: of a report, or of a dispute.
#[derive(Deserialize)]
struct Named {
    payment: PaymentId,
    #[serde(alias = "dispute")]
    provider_event: String,
}

impl Shared {
    /// Checks an event of a payment or a payment order.
    pub(super) fn look(&mut self, event: &Recorded, meta: &Meta, found: &mut Findings) {
        self.newest = self.newest.max(meta.at());
        if event.stream.category() == <PaymentOrder as dossier::State>::CATEGORY {
            self.of_order(event, found);
        } else if event.stream.category() == <Payment as dossier::State>::CATEGORY {
            self.of_payment(event, meta);
        }
    }

    fn of_order(&mut self, event: &Recorded, found: &mut Findings) {
        match PaymentOrderEvent::decode(&event.kind, &event.data) {
            Ok(PaymentOrderEvent::OrderStarted(started)) => {
                self.left.insert(started.order, (started.total.0, 0));
            }
            Ok(PaymentOrderEvent::OrderPaid(paid)) => {
                self.left.insert(paid.order, (paid.amount.0, paid.amount.0));
            }
            Ok(PaymentOrderEvent::OrderRefundBegun(begun)) => {
                let (sum, left) = self.left.entry(begun.order).or_default();
                // Other money was matched with a dossier by hand.
                if begun.captured.0 != *sum {
                    return;
                }
                *left = left.saturating_sub(begun.amount.0);
                if *left < 0 {
                    found.of(event, "order", "more goes back of a payment order than was captured");
                }
                self.begun.insert(begun.refund, (begun.order, begun.amount.0, false));
            }
            _ => {}
        }
    }

    fn of_payment(&mut self, event: &Recorded, meta: &Meta) {
        if !self.waiting.is_empty()
            && let Ok(Named { payment, provider_event }) = serde_json::from_str(&event.data)
        {
            self.waiting.remove(&(payment, provider_event));
        }
        match PaymentEvent::decode(&event.kind, &event.data) {
            Ok(PaymentEvent::RefundEnded(ended)) => self.ended(ended.refund, ended.outcome),
            Ok(PaymentEvent::RefundCorrected(ended)) => self.ended(ended.refund, ended.outcome),
            Ok(PaymentEvent::PaymentReversed(reversed)) => {
                let of = (reversed.payment, reversed.provider_event);
                self.wait(event, meta, (of, reversed.order));
            }
            Ok(PaymentEvent::PaymentDisputed(disputed)) => {
                let of = (disputed.payment, disputed.dispute);
                self.wait(event, meta, (of, disputed.order));
            }
            _ => {}
        }
    }

    /// What was refused is still there.
    fn ended(&mut self, refund: Uuid, outcome: RefundOutcome) {
        let is_refused = outcome == RefundOutcome::Refused;
        let Some((order, amount, was_refused)) = self.begun.get_mut(&refund) else { return };
        let (_, left) = self.left.entry(*order).or_default();
        match (*was_refused, is_refused) {
            (false, true) => *left = left.saturating_add(*amount),
            (true, false) => *left = left.saturating_sub(*amount),
            _ => {}
        }
        *was_refused = is_refused;
    }

    fn wait(
        &mut self,
        event: &Recorded,
        meta: &Meta,
        ((own, name), whole): ((PaymentId, String), Option<WholeOrder>),
    ) {
        let members = whole.map(|whole| whole.members).unwrap_or_default();
        for member in members.into_iter().filter(|member| member.payment != own) {
            let (stream, position, at) = (event.stream.to_string(), event.position.0, meta.at());
            let waiting = Waiting { stream, position, at };
            self.waiting.insert((member.payment, name.clone()), waiting);
        }
    }

    /// Adds what is missing at the end of the log.
    pub(super) fn done(&self, found: &mut Findings) {
        for ((payment, name), Waiting { stream, position, at }) in &self.waiting {
            let what = format!("the attempt {payment} lacks the fact `{name}` about its order");
            let finding =
                Finding { kind: "order", stream: stream.clone(), position: *position, what };
            let is_late = self.newest.duration_since(*at) > SHARED_WITHIN;
            if is_late { found.add(finding) } else { found.add_note(finding) }
        }
    }
}
