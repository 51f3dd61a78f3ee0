//! Payment orders: one payment for the fees of several dossiers. The law:
//! `libs/dossier/src/payment_orders/`.
//!
//! The stream of an order and those of its dossiers are appended to one after the other. What is
//! owed to the dossiers follows from the order's events, with ids derived from them: a follower
//! does it again after a crash, and what was done before has no effect.

use std::sync::Arc;

use dossier::contract::{
    DossierId, EventSet, OrderEnd, OrderShare, OrderStarted, PaymentEvent, PaymentId,
    PaymentOrderId, Personal,
};
use dossier::payment::Payment;
use dossier::payment::join_payment_order::{self, JoinPaymentOrder};
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment_orders::PaymentOrder;
use dossier::payment_orders::end_payment_order::EndPaymentOrder;
use dossier::payment_orders::open_payment_order::OpenPaymentOrder;
use dossier::{Command, State as _};
use engine::tasks::{Cursors, Follower, Following, Handled, Handler, Source, Stalled};
use engine::{CommandEnvelope, Failure, Loaded, Streams};
use events::{Page, Position, Recorded};
use uuid::Uuid;

mod facts;
pub(crate) mod http;
mod members;
mod reported;

pub(crate) use members::Members;
pub(crate) use reported::OfOrder;

/// Payment orders, and the payments of their dossiers.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) orders: Arc<Streams<PaymentOrder>>,
    payments: Arc<Streams<Payment>>,
}

impl Orders {
    pub(crate) fn new(payments: &Arc<Streams<Payment>>) -> Self {
        let orders = Arc::new(Streams::new(Arc::clone(payments.engine())));
        Self { orders, payments: Arc::clone(payments) }
    }

    /// Does for the dossiers of an order what follows from it: they join it, leave it, or get their
    /// parts of its money. Returns the order afterwards.
    ///
    /// # Errors
    ///
    /// The store failed, or the clock is wrong; it is done later.
    pub(crate) async fn carry(
        &self,
        order: PaymentOrderId,
    ) -> Result<Arc<Loaded<PaymentOrder>>, Stalled> {
        let stream = Streams::<PaymentOrder>::of(order.0);
        let mut loaded = self.orders.load(&stream).await?;
        let Some(started) = loaded.state.started().cloned() else { return Ok(loaded) };
        if !loaded.state.is_opened() && loaded.state.ended().is_none() {
            self.join_all(&started, loaded.state.attempt().map(|one| one.started_at)).await?;
            loaded = self.orders.load(&stream).await?;
        }
        let state = &loaded.state;
        if state.ended().is_some() {
            for member in &started.members {
                self.leave(&started, (member.dossier, member.payment)).await?;
            }
        }
        if let Some(paid) = state.paid() {
            for member in &started.members {
                let name = format!("share\n{}", paid.word.event);
                let share = TakeNotice {
                    provider_event: paid.word.event.clone(),
                    transaction: paid.word.transaction.clone(),
                    source: paid.source,
                    paid_at: paid.paid_at,
                    ..notice(&started, member.payment, Said::Captured(member.amount))
                };
                self.take(&started, member.dossier, (&name, &share)).await?;
            }
        }
        // A payment has its other names once, in the dossier by which the provider is asked.
        if let Some(leading) = started.members.first() {
            for word in state.confirmed() {
                let name = format!("confirmed\n{}\n{:?}", word.event, word.transaction);
                let confirmed = TakeNotice {
                    provider_event: word.event.clone(),
                    transaction: word.transaction.clone(),
                    ..notice(&started, leading.payment, Said::Captured(leading.amount))
                };
                self.take(&started, leading.dossier, (&name, &confirmed)).await?;
            }
        }
        Ok(loaded)
    }

    /// Has all dossiers join an order and opens it. If one owes something else by now, the order
    /// ends before it could be paid.
    async fn join_all(
        &self,
        started: &OrderStarted,
        ordered_at: Option<jiff::Timestamp>,
    ) -> Result<(), Stalled> {
        for (place, member) in started.members.iter().enumerate() {
            let leads = place == 0;
            let address = started.payer_address.as_ref().and_then(Personal::known);
            let join = JoinPaymentOrder {
                share: OrderShare {
                    order: started.order,
                    total: started.total,
                    ordered_at: ordered_at.unwrap_or(started.expires_at),
                    leads,
                    represented_by: started.represented_by.clone(),
                },
                payment: member.payment,
                provider: dossier::text::Partner(started.provider.clone()),
                amount: member.amount,
                expires_at: started.expires_at,
                return_url: started.return_url.clone(),
                payer_address: address.filter(|_| leads).cloned(),
            };
            let envelope = envelope(started.order, member.dossier, "join");
            match self.payments.execute(&envelope, &join).await {
                Ok(_) => {}
                Err(Failure::Refused(join_payment_order::Refusal::Changed) | Failure::Missing) => {
                    let end = EndPaymentOrder {
                        why: OrderEnd::NotOpened,
                        dossier: Some(member.dossier),
                        code: None,
                    };
                    return self.step(started.order, "end", &end).await;
                }
                Err(failure) => return Err(stalled(failure)),
            }
        }
        self.step(started.order, "open", &OpenPaymentOrder).await
    }

    /// Frees a dossier whose attempt was begun after its order had ended: whoever ended it could
    /// not see this attempt, and whoever began it may have failed before it saw the end.
    async fn free_if_late(
        &self,
        share: &OrderShare,
        part: (DossierId, PaymentId),
    ) -> Result<(), Stalled> {
        let loaded = self.orders.load(&Streams::<PaymentOrder>::of(share.order.0)).await?;
        match loaded.state.started() {
            Some(started) if loaded.state.ended().is_some() => self.leave(started, part).await,
            _ => Ok(()),
        }
    }

    /// Frees a dossier: its attempt has failed. A capture that comes all the same still counts.
    async fn leave(
        &self,
        started: &OrderStarted,
        (dossier, payment): (DossierId, PaymentId),
    ) -> Result<(), Stalled> {
        let loaded = self.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
        let attempt = loaded.state.attempts.get(&payment);
        // Of an order that was not opened, some have not joined.
        if attempt.is_none_or(|attempt| attempt.has_failed() || attempt.is_complete()) {
            return Ok(());
        }
        let left = notice(started, payment, Said::Failed("order-ended".to_owned()));
        let left = TakeNotice { provider_event: format!("order-ended-{}", started.order), ..left };
        self.take(started, dossier, ("leave", &left)).await
    }

    /// Records what the order's provider said about the part of a dossier.
    async fn take(
        &self,
        started: &OrderStarted,
        dossier: DossierId,
        (name, command): (&str, &TakeNotice),
    ) -> Result<(), Stalled> {
        let order = started.order;
        let envelope = envelope(order, dossier, name);
        match self.payments.execute(&envelope, command).await {
            Ok(_) => Ok(()),
            // It stays open as a difference of the books.
            Err(failure @ (Failure::Refused(_) | Failure::Missing)) => {
                tracing::error!(%order, %dossier, ?failure, "part of a payment order could not be recorded");
                self.payments.engine().metrics.defect(crate::NAME);
                Ok(())
            }
            Err(failure) => Err(stalled(failure)),
        }
    }

    /// Executes a step of the service itself on an order.
    async fn step<C: Command<State = PaymentOrder>>(
        &self,
        order: PaymentOrderId,
        name: &str,
        command: &C,
    ) -> Result<(), Stalled>
    where
        C::Refusal: std::fmt::Debug,
    {
        let stream = Streams::<PaymentOrder>::of(order.0);
        let id = Uuid::new_v5(&order.0, name.as_bytes());
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id);
        self.orders.execute(&envelope, command).await.map(drop).map_err(stalled)
    }
}

/// A command on a dossier of an order: the same whenever it is repeated.
fn envelope(order: PaymentOrderId, dossier: DossierId, name: &str) -> CommandEnvelope<'static> {
    let id = Uuid::new_v5(&order.0, format!("{name}\n{dossier}").as_bytes());
    CommandEnvelope::by_service(crate::NAME, Streams::<Payment>::of(dossier.0), id)
        .about(Some(dossier))
}

/// A report about the part of a dossier.
fn notice(started: &OrderStarted, payment: PaymentId, said: Said) -> TakeNotice {
    TakeNotice {
        payment,
        provider: started.provider.clone(),
        provider_event: String::new(),
        transaction: None,
        source: dossier::contract::Source::Notice,
        said,
        paid_at: None,
        message: None,
    }
}

fn stalled<R: std::fmt::Debug>(failure: Failure<R>) -> Stalled {
    match failure {
        Failure::Append(error) => error.into(),
        Failure::Read(error) => error.into(),
        Failure::Clock(error) => error.into(),
        failure => Stalled::Defect(format!("{failure:?}")),
    }
}

/// Follows the events of orders from which something follows for their dossiers, and the attempts
/// that are begun in them.
#[derive(Debug)]
pub(crate) struct Follows {
    orders: Arc<Orders>,
}

impl Follows {
    pub(crate) fn follow(
        orders: &Arc<Orders>,
        cursors: &Arc<Cursors>,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (Arc::clone(orders.orders.engine()), "payment-orders");
        let kinds = &[
            "payment.OrderStarted.v1",
            "payment.OrderEnded.v1",
            "payment.OrderPaid.v1",
            "payment.OrderConfirmed.v1",
            "payment.PaymentStarted.v1",
            "payment.PaymentReversed.v1",
            "payment.PaymentDisputed.v1",
            "payment.DisputeAnswered.v1",
            "payment.DisputeEnded.v1",
        ];
        let source = Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, kinds, source, cursors.of(&engine, name)?);
        Ok(Follower::new(&engine, following, Self { orders: Arc::clone(orders) })?)
    }
}

impl Handler for Follows {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        self.orders.orders.engine().time()?;
        for event in &page.events {
            self.follow_up(event).await?;
        }
        Ok(Handled::Done { save: true })
    }
}

impl Follows {
    async fn follow_up(&self, event: &Recorded) -> Result<(), Stalled> {
        if event.stream.category() == PaymentOrder::CATEGORY {
            if let Ok(order) = event.stream.id().parse() {
                self.orders.carry(order).await?;
            }
            return Ok(());
        }
        match PaymentEvent::decode(&event.kind, &event.data) {
            Ok(PaymentEvent::PaymentStarted(started)) => {
                if let (Some(share), Ok(dossier)) = (&started.order, event.stream.id().parse()) {
                    self.orders.free_if_late(share, (dossier, started.payment)).await?;
                }
                Ok(())
            }
            Ok(other) => self.orders.pass_on(event, other).await,
            Err(_) => Ok(()),
        }
    }
}
