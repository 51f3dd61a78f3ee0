//! Finds out in the log what is owed to partners, and adds it to the outbox: the beginning of a
//! payment, and queries about attempts with unknown outcome. The sandbox answers at once.

use std::sync::Arc;

use dossier::State as _;
use dossier::contract::{
    DisputeEnded, DossierId, EventSet, PaymentEvent, PaymentId, PaymentOrderId,
    PaymentOutcomeUnknown, RefundEnded, RefundOutcome, RefundRequested, Source,
};
use dossier::law::RefundStart;
use dossier::payment::request_owed_refund::RequestOwedRefund;
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{Attempt, Payment, RefundSaid, Returning, WayBack};
use dossier::payment_orders::PaymentOrder;
use dossier::payment_orders::take_order_notice::TakeOrderNotice;
use engine::tasks::{self, Cursors, Follower, Following, Handled, Handler, Stalled};
use engine::{CommandEnvelope, Streams};
use events::{Page, Position, Recorded};
use outbox::{Outbox, Request, StoreError};
use partners::{Capability, Start};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::breakers::Breakers;
use crate::orders::Order;
use crate::partners::{Known, Partners};
use crate::provider::Provider;
use crate::record::Reports;
use crate::sends::{Sends, Way};
use crate::standing::standing;
use crate::work::Work;

mod turns;

/// The code of a refund that was not sent because its partner is switched off.
const SWITCHED_OFF: &str = "not sent: the partner is switched off";

/// Follows events that make something owed to a partner.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) payments: Arc<Streams<Payment>>,
    pub(crate) desk: Arc<Desk>,
    /// Records what is reported about payment orders.
    pub(crate) reports: Reports,
}

/// The way to partners.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) partners: Arc<Partners>,
    pub(crate) outbox: Outbox,
    /// Whether the sandbox providers are offered.
    pub(crate) sandbox: bool,
    pub(crate) sends: Sends,
    pub(crate) breakers: Breakers,
    /// Notified when the outbox has something new to send.
    pub(crate) added: Notify,
    /// Notified when a partner has opened a payment.
    pub(crate) opened: Notify,
}

/// The payment order of an attempt.
fn order_of(state: &Payment, payment: PaymentId) -> Option<PaymentOrderId> {
    let attempt = state.attempts.get(&payment)?;
    attempt.started.order.as_ref().map(|share| share.order)
}

/// Why a provider returns no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReturning {
    /// It is switched off, or its file was removed.
    Off,
    /// It does not offer refunds, or its file turns them off.
    Unable,
}

impl Desk {
    /// Adds a request to the outbox, once.
    pub(crate) async fn add(
        &self,
        partner: &str,
        work: &Work,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let request = Request {
            id: work.id(),
            partner: partner.to_owned(),
            about: work.dossier().to_string(),
            work: serde_json::to_string(work).unwrap_or_default(),
        };
        self.outbox.add(request, now).await?;
        self.added.notify_one();
        Ok(())
    }

    /// Why a provider returns no money, or no part of a transaction, at present; `None` if it does.
    pub(crate) fn why_not_returning(&self, provider: &str, is_part: bool) -> Option<NotReturning> {
        if Provider::offered(provider, self.sandbox).is_some() {
            return None;
        }
        let Some(known) = self.partners.get(provider) else { return Some(NotReturning::Off) };
        let offers = |capability| known.partner.offers(capability).is_ok();
        let is_able = offers(Capability::Refund) && (!is_part || offers(Capability::RefundPart));
        if is_able { None } else { Some(NotReturning::Unable) }
    }

    /// The providers that return money.
    pub(crate) fn returning(&self) -> Returning {
        let offering = |capability| {
            let offers = move |known: &&Known| known.partner.offers(capability).is_ok();
            let partners = self.partners.enabled().filter(offers);
            let partners = partners.map(|known| known.partner.name.clone());
            let sandbox = Provider::NAMES.iter().filter(|_| self.sandbox);
            partners.chain(sandbox.map(|name| (*name).to_owned())).collect()
        };
        let (whole, parts) = (offering(Capability::Refund), offering(Capability::RefundPart));
        Returning { whole, parts }
    }

    /// Whether a partner is called to begin this attempt.
    pub(crate) fn calls(&self, state: &Payment, attempt: &Attempt) -> bool {
        let known = self.partners.get(&attempt.started.provider);
        let order = Order::of(&self.partners, state, attempt, (None, false));
        let start = known.zip(order).map(|(known, order)| order.start(known));
        matches!(start, Some(Ok(Start::Call(_))))
    }
}

impl Owed {
    pub(crate) fn follow(
        payments: &Arc<Streams<Payment>>,
        cursors: &Arc<Cursors>,
        desk: &Arc<Desk>,
        reports: Reports,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (payments.engine(), "payment-queries");
        let kinds = &[
            "payment.PaymentStarted.v1",
            "payment.OrderOpened.v1",
            "payment.PaymentOutcomeUnknown.v1",
            "payment.RefundRequested.v1",
            "payment.RefundEnded.v1",
            "payment.DisputeEnded.v1",
            "payment.RefundOwed.v1",
        ];
        let source = tasks::Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, kinds, source, cursors.of(engine, name)?);
        let owed = Self { payments: Arc::clone(payments), desk: Arc::clone(desk), reports };
        Ok(Follower::new(engine, following, owed)?)
    }

    async fn add(&self, event: &Recorded) -> Result<(), Stalled> {
        if event.stream.category() == PaymentOrder::CATEGORY {
            return self.begin_order(event).await;
        }
        let Ok(decoded) = PaymentEvent::decode(&event.kind, &event.data) else { return Ok(()) };
        let Ok(dossier) = event.stream.id().parse() else { return Ok(()) };
        let loaded = self.payments.load(&event.stream).await?;
        let (payment, work) = match decoded {
            // The provider of a payment order is called once all its dossiers have joined.
            PaymentEvent::PaymentStarted(started) if started.order.is_some() => return Ok(()),
            PaymentEvent::PaymentStarted(started) => {
                (started.payment, Work::Pay { dossier, payment: started.payment })
            }
            PaymentEvent::PaymentOutcomeUnknown(unknown) => {
                let PaymentOutcomeUnknown { payment, queries: number, .. } = unknown;
                (payment, Work::Query { dossier, payment, number })
            }
            PaymentEvent::RefundRequested(RefundRequested { refund, payment, .. }) => {
                match order_of(&loaded.state, payment) {
                    Some(order) => return self.refund_of_order(event, order, Some(refund)).await,
                    None => (payment, Work::Refund { dossier, payment, refund }),
                }
            }
            // The next one of the order can begin, or one whose payment was disputed.
            PaymentEvent::RefundEnded(RefundEnded { payment, .. })
            | PaymentEvent::DisputeEnded(DisputeEnded { payment, .. }) => {
                return match order_of(&loaded.state, payment) {
                    Some(order) => self.refund_of_order(event, order, None).await,
                    None => Ok(()),
                };
            }
            PaymentEvent::RefundOwed(_) => return self.begin_refunds(event).await,
            _ => return Ok(()),
        };
        let Some(attempt) = loaded.state.attempts.get(&payment) else { return Ok(()) };
        self.pass_on(event, (&loaded.state, attempt), (work, Some(event.position))).await
    }

    /// Passes a request on to the sandbox, or to the outbox; a refund that is new there was first
    /// requested, or begun by its payment order, at this position.
    async fn pass_on(
        &self,
        event: &Recorded,
        (state, attempt): (&Payment, &Attempt),
        (work, new_at): (Work, Option<Position>),
    ) -> Result<(), Stalled> {
        if let Some(sandbox) = Provider::named(&attempt.started.provider) {
            match work {
                Work::Query { .. } => self.ask(event, attempt, sandbox).await,
                Work::Refund { refund, dossier, .. } => {
                    self.give_back(event, (attempt, refund), (sandbox, dossier)).await?;
                }
                Work::Pay { .. } => {}
            }
            return Ok(());
        }
        self.send(event, (state, attempt), (work, new_at)).await
    }

    /// Begins an opened payment order at its provider, by its leading attempt.
    async fn begin_order(&self, event: &Recorded) -> Result<(), Stalled> {
        let order = self.reports.orders.load(&event.stream).await?;
        let members = order.state.started().map_or(&[][..], |started| &started.members);
        let Some(leading) = members.first() else { return Ok(()) };
        let (dossier, payment) = (leading.dossier, leading.payment);
        let loaded = self.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
        let Some(attempt) = loaded.state.attempts.get(&payment) else { return Ok(()) };
        if Provider::named(&attempt.started.provider).is_some() {
            return Ok(());
        }
        let work = (Work::Pay { dossier, payment }, None);
        self.send(event, (&loaded.state, attempt), work).await
    }

    /// Adds a request to the outbox, if it has a purpose.
    async fn send(
        &self,
        event: &Recorded,
        (state, attempt): (&Payment, &Attempt),
        (work, new_at): (Work, Option<Position>),
    ) -> Result<(), Stalled> {
        let provider = &attempt.started.provider;
        // The outcome may be recorded already: the outbox forgets, the log does not.
        let is_open = work.open(state).is_some();
        let is_sent = match work {
            Work::Pay { .. } => self.desk.calls(state, attempt),
            Work::Query { .. } => {
                let known = self.desk.partners.get(provider);
                known.is_some_and(|known| known.partner.offers(Capability::Query).is_ok())
            }
            Work::Refund { refund, .. } if self.desk.partners.get(provider).is_none() => {
                if is_open {
                    self.switched_off(event, (attempt, refund), (work, new_at)).await?;
                }
                false
            }
            // It is given up there if the partner does not return money any more.
            Work::Refund { .. } => true,
        };
        if !is_open || !is_sent {
            return Ok(());
        }
        let now = self.payments.engine().time()?;
        if let Work::Refund { refund, .. } = work {
            self.note_new(refund, (work, new_at)).await?;
        }
        match self.desk.add(provider, &work, now).await {
            Ok(()) => Ok(()),
            Err(StoreError::Full(full)) => {
                let partner = &**provider;
                tracing::error!(partner, %full, stream = %event.stream, "outbox full; the request is not sent");
                self.payments.engine().metrics.defect("task");
                Ok(())
            }
            Err(error) => Err(Stalled::Outside(error.to_string())),
        }
    }

    /// Notes since when a refund is in the outbox that is not there yet.
    async fn note_new(
        &self,
        refund: Uuid,
        (work, new_at): (Work, Option<Position>),
    ) -> Result<(), Stalled> {
        let Some(new_at) = new_at else { return Ok(()) };
        let known = self.desk.outbox.get(&work.id()).await;
        if known.map_err(|error| Stalled::Outside(error.to_string()))?.is_none() {
            self.desk.sends.added(refund, new_at);
        }
        Ok(())
    }

    /// Requests refunds of what is owed back, where the payment rules say so.
    async fn begin_refunds(&self, event: &Recorded) -> Result<(), Stalled> {
        let able = self.desk.returning();
        let id = Uuid::new_v5(&event.id, b"refund");
        let envelope = CommandEnvelope::by_service(crate::NAME, event.stream.clone(), id)
            .about(event.stream.id().parse().ok())
            .caused_by(event.id);
        match self.payments.execute(&envelope, &RequestOwedRefund { able }).await {
            Ok(executed) => {
                self.tell_passed_over(event, &executed.loaded.state);
                Ok(())
            }
            Err(failure) if failure.is_retryable() => Err(Stalled::Outside(format!("{failure:?}"))),
            // A cashier sees in the list that it is owed.
            Err(error) => {
                tracing::error!(stream = %event.stream, ?error, "refund could not be requested");
                self.payments.engine().metrics.defect("task");
                Ok(())
            }
        }
    }

    /// Logs that money should go back by itself and its provider does not return it. The list of
    /// repayments shows it, with the reason.
    fn tell_passed_over(&self, event: &Recorded, state: &Payment) {
        let engine = self.payments.engine();
        let (law, now) = (engine.law(), engine.clock.now());
        let Some(rules) = law.payments(now).filter(|_| state.owed_back().0 > 0) else { return };
        for WayBack { provider: partner, is_part, .. } in state.ways_back() {
            let is_automatic = rules.refund_start(partner) == RefundStart::Automatic;
            let why = self.desk.why_not_returning(partner, is_part);
            if let Some(why) = why.filter(|_| is_automatic) {
                let stream = &event.stream;
                tracing::warn!(partner, %stream, ?why, "a partner does not return money that is owed back; a cashier has to return it");
            }
        }
    }

    /// A refund was requested of a partner that has been switched off since. If it was certainly
    /// not sent, the money is owed back again; else it stays on its way until a cashier has asked
    /// the partner.
    async fn switched_off(
        &self,
        event: &Recorded,
        (attempt, refund): (&Attempt, Uuid),
        (work, new_at): (Work, Option<Position>),
    ) -> Result<(), Stalled> {
        self.note_new(refund, (work, new_at)).await?;
        let is_unsent = self.desk.sends.way(refund) == Way::First;
        self.desk.sends.forget(refund);
        let partner = &*attempt.started.provider;
        tracing::warn!(partner, %refund, is_unsent, "refund of a partner that is switched off; a cashier has to return the money");
        if is_unsent {
            self.not_sent(event, (attempt, refund), (work.dossier(), SWITCHED_OFF)).await?;
        }
        Ok(())
    }

    /// Records that a refund was not sent and will not be.
    async fn not_sent(
        &self,
        event: &Recorded,
        (attempt, refund): (&Attempt, Uuid),
        (dossier, code): (DossierId, &str),
    ) -> Result<(), Stalled> {
        let (outcome, code) = (RefundOutcome::Refused, code.to_owned());
        let standing = standing(&self.payments, dossier).await?;
        let refund = Some(refund);
        let said = RefundSaid { refund, outcome, amount: None, code, standing };
        self.tell(event, dossier, attempt, Said::Refund(said)).await;
        Ok(())
    }

    /// The sandbox returns money at once, or tells the outcome by a notice.
    async fn give_back(
        &self,
        event: &Recorded,
        (attempt, refund): (&Attempt, Uuid),
        (provider, dossier): (Provider, DossierId),
    ) -> Result<(), Stalled> {
        let Some(outcome) = provider.give_back() else { return Ok(()) };
        let code = if outcome == RefundOutcome::Refunded { "refunded" } else { "declined" };
        let (refund, code) = (Some(refund), code.to_owned());
        let standing = standing(&self.payments, dossier).await?;
        let said = RefundSaid { refund, outcome, amount: None, code, standing };
        self.tell(event, dossier, attempt, Said::Refund(said)).await;
        Ok(())
    }

    /// A failed query is repeated with the next `PaymentOutcomeUnknown`, until the attempt expires.
    async fn ask(&self, event: &Recorded, attempt: &Attempt, provider: Provider) {
        if let Some(share) = &attempt.started.order {
            let command = TakeOrderNotice {
                provider: attempt.started.provider.clone(),
                provider_event: format!("query-{}", event.id),
                transaction: None,
                source: Source::Query,
                said: provider.ask(&attempt.started),
                paid_at: None,
                message: None,
            };
            let id = Uuid::new_v5(&event.id, b"query");
            if let Err(error) = self.reports.take_for_order((share.order, id), &command).await {
                tracing::warn!(stream = %event.stream, %error, "a provider's answer could not be recorded");
            }
            return;
        }
        if let Ok(dossier) = event.stream.id().parse() {
            self.tell(event, dossier, attempt, provider.ask(&attempt.started)).await;
        }
    }

    /// Records what the sandbox says, or what is known without a question.
    async fn tell(&self, event: &Recorded, dossier: DossierId, attempt: &Attempt, said: Said) {
        let command = TakeNotice {
            payment: attempt.started.payment,
            provider: attempt.started.provider.clone(),
            provider_event: format!("query-{}", event.id),
            transaction: None,
            source: Source::Query,
            said,
            paid_at: None,
            message: None,
        };
        let (stream, id) = (Streams::<Payment>::of(dossier.0), Uuid::new_v5(&event.id, b"query"));
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id)
            .about(Some(dossier))
            .caused_by(event.id);
        if let Err(error) = self.payments.execute(&envelope, &command).await {
            tracing::warn!(stream = %event.stream, ?error, "a provider's answer could not be recorded");
        }
    }
}

impl Handler for Owed {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let now = self.payments.engine().time()?;
        let head = self.payments.engine().store.head();
        self.desk.sends.renew(head.max(page.through), now);
        for event in &page.events {
            self.add(event).await?;
        }
        Ok(Handled::Done { save: true })
    }
}
