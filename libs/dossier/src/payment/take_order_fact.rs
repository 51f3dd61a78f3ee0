//! A fact about the whole payment of a payment order is recorded for one of its dossiers, by the
//! rules that hold for an attempt: a partner reports it of the order, or it was recorded for
//! another of its dossiers and is passed on.

use jiff::Timestamp;

use super::{Payment, Standing};
use crate::contract::{
    DisputeAnswered, DisputeEnded, DisputeOutcome, PaymentDisputed, PaymentEvent, PaymentId,
    PaymentReversed, Personal, RefundEffect, Source, Vnd, WholeOrder,
};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// What is the matter with the payment of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderFact {
    /// This part of it was taken back.
    Reversed {
        amount: Vnd,
        /// The provider's number of the reversal.
        transaction: Option<String>,
        reversed_at: Option<Timestamp>,
        /// Progress of the dossier at intake.
        standing: Standing,
    },
    /// The payer disputes this part of it.
    Disputed { dispute: String, amount: Vnd, answer_by: Option<Timestamp> },
    /// A dispute about it was answered.
    Answered { dispute: String, reason: Personal<String> },
    /// A dispute about it has ended.
    Ended { dispute: String, outcome: DisputeOutcome },
}

/// Records a fact about the payment of an order for one dossier.
#[derive(Debug, Clone)]
pub struct TakeOrderFact {
    /// The attempt of the dossier in the order.
    pub payment: PaymentId,
    pub fact: OrderFact,
    /// The provider's id of the report, or that of the dossier where it was recorded first.
    pub provider_event: String,
    /// The channel of a report; `None` if persons recorded it.
    pub source: Option<Source>,
    /// The parts of all dossiers, where it is recorded first.
    pub order: WholeOrder,
    /// How a cashier knows it.
    pub reason: Option<Personal<String>>,
    /// The message as it was sent.
    pub message: Option<Personal<String>>,
}

impl Command for TakeOrderFact {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "take_order_fact",
        basis: "97/2015/QH13 Điều 14; 118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &[
            "payment.PaymentReversed.v1",
            "payment.DiscrepancyFound.v1",
            "payment.DebtArisen.v1",
            "payment.FeeOwedAgain.v1",
            "payment.FeeSettled.v1",
            "payment.RefundOwed.v1",
            "payment.PaymentDisputed.v1",
            "payment.DisputeAnswered.v1",
            "payment.DisputeEnded.v1",
        ],
        refusals: &[],
    };

    /// Nothing, if it is known, or the dossier has no such attempt or open dispute.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let events = match &self.fact {
            OrderFact::Reversed { amount, transaction, reversed_at, standing } => {
                let of = (*amount, transaction.clone(), *reversed_at);
                match self.reversed(payment, of) {
                    Some(reversed) => payment.reversed_once(reversed, *standing, facts)?,
                    None => Vec::new(),
                }
            }
            OrderFact::Disputed { dispute, amount, answer_by } => {
                self.disputed(payment, (dispute, *amount, *answer_by), facts)?
            }
            OrderFact::Answered { dispute, reason } => {
                let open = payment.open_dispute(dispute).filter(|(_, one)| !one.is_answered);
                let answered = open.map(|(payment, _)| DisputeAnswered {
                    payment,
                    dispute: dispute.clone(),
                    reason: reason.clone(),
                    order: self.leads(),
                });
                answered.map(Into::into).into_iter().collect()
            }
            OrderFact::Ended { dispute, outcome } => {
                let ended = payment.open_dispute(dispute).map(|(payment, _)| DisputeEnded {
                    payment,
                    dispute: dispute.clone(),
                    outcome: *outcome,
                    source: self.source,
                    reason: self.reason.clone(),
                    message: self.message.clone(),
                    order: self.leads(),
                });
                ended.map(Into::into).into_iter().collect()
            }
        };
        Ok(if events.is_empty() { Decision::Nothing } else { events.into() })
    }
}

impl TakeOrderFact {
    /// The order, where the fact is recorded first.
    fn leads(&self) -> Option<crate::contract::PaymentOrderId> {
        (!self.order.members.is_empty()).then_some(self.order.order)
    }

    fn reversed(
        &self,
        payment: &Payment,
        (amount, transaction, reversed_at): (Vnd, Option<String>, Option<Timestamp>),
    ) -> Option<PaymentReversed> {
        let attempt = payment.attempts.get(&self.payment)?;
        Some(PaymentReversed {
            payment: self.payment,
            provider: attempt.started.provider.clone(),
            provider_event: self.provider_event.clone(),
            amount,
            transaction,
            source: self.source,
            reversed_at,
            effect: RefundEffect::None,
            receipts: Vec::new(),
            entry: None,
            reason: self.reason.clone(),
            proposed_by: None,
            message: self.message.clone(),
            order: Some(self.order.clone()),
        })
    }

    fn disputed(
        &self,
        payment: &Payment,
        (dispute, amount, answer_by): (&String, Vnd, Option<Timestamp>),
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let Some(attempt) = payment.attempts.get(&self.payment) else { return Ok(Vec::new()) };
        let is_known = attempt.disputes.iter().any(|one| one.number == *dispute);
        if is_known || amount <= Vnd::ZERO || attempt.disputes.len() >= super::dispute::DISPUTES_MAX
        {
            return Ok(Vec::new());
        }
        let disputed = PaymentDisputed {
            payment: self.payment,
            provider: attempt.started.provider.clone(),
            dispute: dispute.clone(),
            amount,
            answer_by: Payment::answer_by(answer_by, facts)?,
            source: self.source,
            reason: self.reason.clone(),
            message: self.message.clone(),
            order: Some(self.order.clone()),
        };
        Ok(vec![disputed.into()])
    }
}

#[cfg(test)]
mod tests;
