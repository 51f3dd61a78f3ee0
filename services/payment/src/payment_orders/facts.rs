//! Reversals and disputes of the payment of an order. A fact about the whole payment is recorded
//! for one dossier, with the parts of all; a follower passes it on to the others. What is about a
//! part of the payment is about nobody in particular: a cashier records it for the dossiers
//! concerned.

use dossier::contract::{
    DisputeOutcome, DossierId, OrderMember, PaymentEvent, PaymentId, PaymentOrderId, Vnd,
    WholeOrder,
};
use dossier::payment::take_notice::Said;
use dossier::payment::take_order_fact::{OrderFact, TakeOrderFact};
use dossier::payment::{Dispute, DisputeSaid, Disputed, Payment};
use dossier::payment_orders::take_order_notice::TakeOrderNotice;
use engine::tasks::Stalled;
use engine::{CommandEnvelope, Failure, Streams};
use events::Recorded;
use uuid::Uuid;

use super::{Members, OfOrder, Orders, stalled};
use crate::record::{NotRecorded, Reports};
use crate::standing::standing;

impl Members {
    /// What the dossiers have left of the payment: what they brought less what was taken back or
    /// refunded, or is on its way.
    pub(crate) fn left(&self) -> WholeOrder {
        self.parts(|payment, member| payment.reversible(member.payment))
    }

    /// What the dossiers brought by the payment.
    pub(crate) fn brought(&self) -> WholeOrder {
        self.parts(|payment, member| {
            payment.attempts.get(&member.payment).map_or(Vnd::ZERO, |attempt| attempt.captured)
        })
    }

    fn parts(&self, part: impl Fn(&Payment, &OrderMember) -> Vnd) -> WholeOrder {
        let parts = self.each().map(|(member, payment, _)| {
            let amount = part(payment, member);
            OrderMember { amount, ..member.clone() }
        });
        let members = parts.filter(|member| member.amount > Vnd::ZERO).collect();
        let order = self.order.state.started().map_or(PaymentOrderId(Uuid::nil()), |one| one.order);
        WholeOrder { order, members }
    }

    /// The disputes with this number; without one, all that are open.
    fn disputes(&self, number: Option<&String>) -> Vec<(&OrderMember, &Dispute)> {
        let all = self.each().flat_map(|(member, _, attempt)| {
            attempt.disputes.iter().map(move |dispute| (member, dispute))
        });
        let is_it = |one: &Dispute| match number {
            Some(number) => one.number == *number,
            None => one.outcome.is_none(),
        };
        all.filter(|(_, one)| is_it(one)).collect()
    }
}

/// What becomes of a report about the payment of an order.
enum Found {
    Known,
    NotOurs,
    /// It is recorded for this dossier first, with these parts.
    New(OrderMember, OrderFact, WholeOrder),
}

impl Reports {
    /// Records a report that the payment of an order was taken back or is disputed.
    pub(super) async fn take_fact(
        &self,
        (order, id): (PaymentOrderId, Uuid),
        command: &TakeOrderNotice,
    ) -> Result<OfOrder, NotRecorded> {
        let members = self.members(order).await?;
        let started = members.order.state.started();
        if started.is_none_or(|started| started.provider != command.provider) {
            return Ok(OfOrder::NotOurs);
        }
        let found = match &command.said {
            Said::Reversed(amount, _) => reversed(&members, command, *amount),
            Said::Dispute(said) => disputed(&members, command, said),
            Said::Captured(_) | Said::Failed(_) | Said::Pending | Said::Refund(_) => Found::NotOurs,
        };
        let (first, mut fact, whole) = match found {
            Found::Known => return Ok(OfOrder::Known),
            Found::NotOurs => return Ok(OfOrder::NotOurs),
            Found::New(first, fact, whole) => (first, fact, whole),
        };
        if let OrderFact::Reversed { standing: own, .. } = &mut fact {
            *own = standing(&self.payments, first.dossier).await?;
        }
        let taken = TakeOrderFact {
            payment: first.payment,
            fact,
            provider_event: command.provider_event.clone(),
            source: Some(command.source),
            order: whole,
            reason: None,
            message: command.message.clone(),
        };
        let stream = Streams::<Payment>::of(first.dossier.0);
        let before = self.payments.load(&stream).await?;
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id);
        match self.payments.execute(&envelope.about(Some(first.dossier)), &taken).await {
            Ok(executed) if executed.loaded.version != before.version && !executed.repeated => {
                Ok(OfOrder::Taken)
            }
            Ok(_) => Ok(OfOrder::Known),
            Err(failure) => Err(NotRecorded::Append(format!("{failure:?}"))),
        }
    }
}

/// A report that the payment was taken back: known, or what is left of it, or about a part.
fn reversed(members: &Members, command: &TakeOrderNotice, amount: Vnd) -> Found {
    let (event, number) = (&command.provider_event, command.transaction.as_deref());
    let mut attempts = members.each().map(|(.., attempt)| attempt);
    if attempts.any(|attempt| attempt.knows_reversal(event, number, amount)) {
        return Found::Known;
    }
    let whole = members.left();
    let Some(first) = whole.members.first().filter(|_| whole.sum() == Some(amount)).cloned() else {
        return Found::NotOurs;
    };
    let fact = OrderFact::Reversed {
        amount: first.amount,
        transaction: command.transaction.clone(),
        reversed_at: command.paid_at,
        // It is read for the first dossier.
        standing: dossier::payment::Standing::Unanswered,
    };
    Found::New(first, fact, whole)
}

fn disputed(members: &Members, command: &TakeOrderNotice, said: &DisputeSaid) -> Found {
    match said.what {
        Disputed::Begun(amount, answer_by) => {
            let dispute = said.number.as_ref().unwrap_or(&command.provider_event).clone();
            if !members.disputes(Some(&dispute)).is_empty() {
                return Found::Known;
            }
            let whole = members.brought();
            let is_whole = whole.sum() == Some(amount);
            let Some(first) = whole.members.first().filter(|_| is_whole).cloned() else {
                return Found::NotOurs;
            };
            let amount = first.amount;
            Found::New(first, OrderFact::Disputed { dispute, amount, answer_by }, whole)
        }
        Disputed::Ended(outcome) => ended(members, said, outcome),
    }
}

/// The end of a dispute that is known for the dossiers: of the one that is named, or the only open
/// one.
fn ended(members: &Members, said: &DisputeSaid, outcome: DisputeOutcome) -> Found {
    let all = members.disputes(said.number.as_ref());
    let Some((_, named)) = all.first() else { return Found::NotOurs };
    // Another outcome contradicts what is recorded: a cashier looks into it.
    let is_one = all.iter().all(|(_, one)| one.number == named.number);
    if !is_one || all.iter().any(|(_, one)| one.outcome.is_some_and(|known| known != outcome)) {
        return Found::NotOurs;
    }
    let mut open = all.iter().filter(|(_, one)| one.outcome.is_none());
    let Some((member, dispute)) = open.next() else { return Found::Known };
    let dispute = dispute.number.clone();
    let fact = OrderFact::Ended { dispute, outcome };
    Found::New((*member).clone(), fact, members.brought())
}

impl Orders {
    /// Passes a fact about the whole payment of an order on to its other dossiers.
    pub(super) async fn pass_on(
        &self,
        event: &Recorded,
        decoded: PaymentEvent,
    ) -> Result<(), Stalled> {
        let (name, whole, own, fact) = match decoded {
            PaymentEvent::PaymentReversed(reversed) => {
                let Some(whole) = reversed.order else { return Ok(()) };
                let fact = OrderFact::Reversed {
                    amount: reversed.amount,
                    transaction: reversed.transaction,
                    reversed_at: reversed.reversed_at,
                    standing: dossier::payment::Standing::Unanswered,
                };
                let of = (reversed.source, reversed.reason);
                (reversed.provider_event, whole, reversed.payment, (fact, of))
            }
            PaymentEvent::PaymentDisputed(disputed) => {
                let Some(whole) = disputed.order else { return Ok(()) };
                let (dispute, amount) = (disputed.dispute.clone(), disputed.amount);
                let answer_by = Some(disputed.answer_by);
                let fact = OrderFact::Disputed { dispute, amount, answer_by };
                let of = (disputed.source, disputed.reason);
                (disputed.dispute, whole, disputed.payment, (fact, of))
            }
            PaymentEvent::DisputeAnswered(answered) => {
                let Some(whole) = self.whole(answered.order).await? else { return Ok(()) };
                let (dispute, reason) = (answered.dispute.clone(), answered.reason);
                let fact = OrderFact::Answered { dispute, reason };
                (answered.dispute, whole, answered.payment, (fact, (None, None)))
            }
            PaymentEvent::DisputeEnded(ended) => {
                let Some(whole) = self.whole(ended.order).await? else { return Ok(()) };
                let (dispute, outcome) = (ended.dispute.clone(), ended.outcome);
                let fact = OrderFact::Ended { dispute, outcome };
                (ended.dispute, whole, ended.payment, (fact, (ended.source, ended.reason)))
            }
            _ => return Ok(()),
        };
        let (fact, (source, reason)) = fact;
        for member in whole.members.iter().filter(|member| member.payment != own) {
            let command = TakeOrderFact {
                payment: member.payment,
                fact: self.of_member(&fact, member).await?,
                provider_event: name.clone(),
                source,
                order: whole.passed_on(),
                reason: reason.clone(),
                message: None,
            };
            self.tell(event, (member.dossier, member.payment), &command).await?;
        }
        Ok(())
    }

    /// The dossiers of an order, with what they brought.
    async fn whole(&self, order: Option<PaymentOrderId>) -> Result<Option<WholeOrder>, Stalled> {
        let Some(order) = order else { return Ok(None) };
        let members = Members::load(&self.orders, &self.payments, order).await?;
        Ok(Some(members.brought()))
    }

    /// The fact with the part of a dossier.
    async fn of_member(
        &self,
        fact: &OrderFact,
        member: &OrderMember,
    ) -> Result<OrderFact, Stalled> {
        let mut fact = fact.clone();
        match &mut fact {
            OrderFact::Reversed { amount, standing: own, .. } => {
                *amount = member.amount;
                *own = standing(&self.payments, member.dossier).await?;
            }
            OrderFact::Disputed { amount, .. } => *amount = member.amount,
            OrderFact::Answered { .. } | OrderFact::Ended { .. } => {}
        }
        Ok(fact)
    }

    async fn tell(
        &self,
        event: &Recorded,
        (dossier, payment): (DossierId, PaymentId),
        command: &TakeOrderFact,
    ) -> Result<(), Stalled> {
        let stream = Streams::<Payment>::of(dossier.0);
        let id = Uuid::new_v5(&event.id, payment.0.as_bytes());
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id)
            .about(Some(dossier))
            .caused_by(event.id);
        match self.payments.execute(&envelope, command).await {
            Ok(_) => Ok(()),
            Err(failure @ (Failure::Refused(_) | Failure::Missing)) => {
                let order = command.order.order;
                tracing::error!(%order, %dossier, ?failure, "fact about a payment order could not be recorded for a dossier");
                self.payments.engine().metrics.defect(crate::NAME);
                Ok(())
            }
            Err(failure) => Err(stalled(failure)),
        }
    }
}
