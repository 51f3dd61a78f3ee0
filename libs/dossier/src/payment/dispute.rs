//! Disputes: a payer objects to a payment at the provider or the bank, which asks the agency for
//! its evidence by a date. Until a dispute has ended, nothing of its attempt is refunded: the payer
//! could get the money twice.

use jiff::Timestamp;

use super::state::Owed;
use super::take_notice::TakeNotice;
use super::{Attempt, Payment};
use crate::clock::{self, Running};
use crate::contract::{
    DisputeEnded, DisputeOutcome, Meta, PaymentDisputed, PaymentEvent, PaymentId, PaymentOrderId,
    Vnd,
};
use crate::step::{Facts, LawError};

/// A dispute about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The provider's number of it, or the id of the first report about it.
    pub number: String,
    pub amount: Vnd,
    /// The cashier's task to answer it.
    pub owed: Owed,
    pub is_answered: bool,
    /// How it ended; `None` while it is open.
    pub outcome: Option<DisputeOutcome>,
    /// The payment order, if its whole payment is disputed.
    pub order: Option<PaymentOrderId>,
}

/// A provider's report about a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeSaid {
    /// The provider's number of it; if the report has none, the only open one is meant.
    pub number: Option<String>,
    pub what: Disputed,
}

/// What a provider says about a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disputed {
    /// It began: the amount, and when it must be answered, if the report has that.
    Begun(Vnd, Option<Timestamp>),
    Ended(DisputeOutcome),
}

impl Attempt {
    /// Those without an outcome.
    pub fn open_disputes(&self) -> impl Iterator<Item = &Dispute> {
        self.disputes.iter().filter(|dispute| dispute.outcome.is_none())
    }

    /// The amount of the open disputes.
    #[must_use]
    pub fn disputed(&self) -> Vnd {
        let amounts = self.open_disputes().map(|dispute| dispute.amount.0);
        Vnd(amounts.fold(0, i64::saturating_add))
    }
}

impl Payment {
    /// The disputed amount of all attempts.
    #[must_use]
    pub fn disputed(&self) -> Vnd {
        let amounts = self.attempts.values().map(|attempt| attempt.disputed().0);
        Vnd(amounts.fold(0, i64::saturating_add))
    }

    /// The open dispute that must be answered first, with its attempt.
    #[must_use]
    pub fn due_dispute(&self) -> Option<(PaymentId, &Dispute)> {
        let all = self
            .attempts
            .iter()
            .flat_map(|(id, attempt)| attempt.open_disputes().map(move |dispute| (*id, dispute)));
        all.filter(|(_, dispute)| !dispute.is_answered)
            .min_by_key(|(_, dispute)| (dispute.owed.missed, dispute.owed.running.due_at))
    }

    /// The open dispute with this number, and its attempt.
    pub(super) fn open_dispute(&self, number: &str) -> Option<(PaymentId, &Dispute)> {
        self.attempts.iter().find_map(|(id, attempt)| {
            let found = attempt.open_disputes().find(|dispute| dispute.number == number);
            found.map(|dispute| (*id, dispute))
        })
    }

    /// By which a cashier names those without an outcome.
    pub(super) fn open_dispute_numbers(&self) -> impl Iterator<Item = &str> {
        let all = self.attempts.values().flat_map(Attempt::open_disputes);
        all.map(|dispute| &*dispute.number)
    }

    /// A provider's report about a dispute; `None` if it names none of this attempt.
    pub(super) fn take_dispute(
        &self,
        notice: &TakeNotice,
        said: &DisputeSaid,
        facts: &Facts<'_>,
    ) -> Result<Option<Vec<PaymentEvent>>, LawError> {
        let TakeNotice { payment, provider, provider_event, source, message, .. } = notice;
        let Some(attempt) = self.attempts.get(payment) else { return Ok(None) };
        let number = said.number.as_ref();
        match said.what {
            Disputed::Begun(amount, answer_by) => {
                let dispute = number.unwrap_or(provider_event).clone();
                let is_known = attempt.disputes.iter().any(|one| one.number == dispute);
                if is_known || amount <= Vnd::ZERO || attempt.disputes.len() >= DISPUTES_MAX {
                    return Ok(Some(Vec::new()));
                }
                let disputed = PaymentDisputed {
                    payment: *payment,
                    provider: provider.clone(),
                    dispute,
                    amount,
                    answer_by: Self::answer_by(answer_by, facts)?,
                    source: Some(*source),
                    reason: None,
                    message: message.clone(),
                    order: None,
                };
                Ok(Some(vec![disputed.into()]))
            }
            Disputed::Ended(outcome) => {
                let is_it = |one: &&Dispute| number.is_none_or(|name| *name == one.number);
                let mut named = attempt
                    .disputes
                    .iter()
                    .filter(is_it)
                    .filter(|one| number.is_some() || one.outcome.is_none());
                let (Some(one), None) = (named.next(), named.next()) else { return Ok(None) };
                match one.outcome {
                    Some(known) if known == outcome => return Ok(Some(Vec::new())),
                    // It contradicts what is recorded: a cashier looks into it.
                    Some(_) => return Ok(None),
                    None => {}
                }
                let (payment, dispute) = (*payment, one.number.clone());
                let (source, reason, message) = (Some(*source), None, message.clone());
                let ended = DisputeEnded {
                    payment,
                    dispute,
                    outcome,
                    source,
                    reason,
                    message,
                    order: None,
                };
                Ok(Some(vec![ended.into()]))
            }
        }
    }

    /// When a dispute must be answered: by the provider's date; without one, as soon as a
    /// discrepancy is looked into.
    pub(super) fn answer_by(
        stated: Option<Timestamp>,
        facts: &Facts<'_>,
    ) -> Result<Timestamp, LawError> {
        let within = || {
            let look_into = Self::rules(facts)?.look_into;
            Ok(clock::end_of(facts.rule()?, facts.at, look_into))
        };
        stated.map_or_else(within, Ok)
    }

    fn dispute_mut(&mut self, payment: PaymentId, number: &str) -> Option<&mut Dispute> {
        let attempt = self.attempts.get_mut(&payment)?;
        attempt.disputes.iter_mut().find(|one| one.number == number)
    }

    /// Applies events about disputes.
    pub(super) fn on_dispute(&mut self, event: &PaymentEvent, meta: &Meta) {
        if let PaymentEvent::PaymentDisputed(disputed) = event
            && let Some(attempt) = self.attempts.get_mut(&disputed.payment)
        {
            let running = Running::new(disputed.answer_by, meta.at(), meta.id, meta.at());
            attempt.disputes.push(Dispute {
                number: disputed.dispute.clone(),
                amount: disputed.amount,
                owed: Owed { running, missed: false },
                is_answered: false,
                outcome: None,
                order: disputed.order.as_ref().map(|whole| whole.order),
            });
            return;
        }
        if let PaymentEvent::DisputeAnswered(answered) = event
            && let Some(dispute) = self.dispute_mut(answered.payment, &answered.dispute)
        {
            dispute.is_answered = true;
        } else if let PaymentEvent::DisputeEnded(ended) = event
            && let Some(dispute) = self.dispute_mut(ended.payment, &ended.dispute)
        {
            dispute.outcome = Some(ended.outcome);
        } else if let PaymentEvent::DisputeOverdue(overdue) = event
            && let Some(dispute) = self.dispute_mut(overdue.payment, &overdue.dispute)
        {
            dispute.owed.missed = true;
        }
    }
}

/// Disputes of one attempt that are recorded.
pub(super) const DISPUTES_MAX: usize = 100;
