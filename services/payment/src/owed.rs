//! Finds out in the log what is owed to partners, and adds it to the outbox: the beginning of a
//! payment, and queries about attempts with unknown outcome. The sandbox answers at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::{
    EventSet, PaymentEvent, PaymentOutcomeUnknown, RefundOutcome, RefundRequested, Source,
};
use dossier::payment::request_owed_refund::RequestOwedRefund;
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{Attempt, Payment, RefundSaid};
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
use crate::sends::Sends;
use crate::work::Work;

/// Follows events that make something owed to a partner.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) payments: Arc<Streams<Payment>>,
    pub(crate) desk: Arc<Desk>,
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

    /// Names of the providers that return money.
    pub(crate) fn returning(&self) -> BTreeSet<String> {
        let returns = |known: &&Known| known.partner.offers(Capability::Refund).is_ok();
        let partners = self.partners.enabled().filter(returns);
        let partners = partners.map(|known| known.partner.name.clone());
        let sandbox = Provider::NAMES.iter().filter(|_| self.sandbox);
        partners.chain(sandbox.map(|name| (*name).to_owned())).collect()
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
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (payments.engine(), "payment-queries");
        let kinds = &[
            "payment.PaymentStarted.v1",
            "payment.PaymentOutcomeUnknown.v1",
            "payment.RefundRequested.v1",
            "payment.RefundOwed.v1",
        ];
        let source = tasks::Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, kinds, source, cursors.of(engine, name)?);
        let owed = Self { payments: Arc::clone(payments), desk: Arc::clone(desk) };
        Ok(Follower::new(engine, following, owed)?)
    }

    async fn add(&self, event: &Recorded) -> Result<(), Stalled> {
        let Ok(decoded) = PaymentEvent::decode(&event.kind, &event.data) else { return Ok(()) };
        let Ok(dossier) = event.stream.id().parse() else { return Ok(()) };
        let loaded = self.payments.load(&event.stream).await?;
        let (payment, work) = match decoded {
            PaymentEvent::PaymentStarted(started) => {
                (started.payment, Work::Pay { dossier, payment: started.payment })
            }
            PaymentEvent::PaymentOutcomeUnknown(unknown) => {
                let PaymentOutcomeUnknown { payment, queries: number, .. } = unknown;
                (payment, Work::Query { dossier, payment, number })
            }
            PaymentEvent::RefundRequested(RefundRequested { refund, payment, .. }) => {
                (payment, Work::Refund { dossier, payment, refund })
            }
            PaymentEvent::RefundOwed(_) => return self.begin_refunds(event).await,
            _ => return Ok(()),
        };
        let Some(attempt) = loaded.state.attempts.get(&payment) else { return Ok(()) };
        let provider = &attempt.started.provider;
        if let Some(sandbox) = Provider::named(provider) {
            match work {
                Work::Query { .. } => self.ask(event, attempt, sandbox).await,
                Work::Refund { refund, .. } => {
                    self.give_back(event, (attempt, refund), sandbox).await;
                }
                Work::Pay { .. } => {}
            }
            return Ok(());
        }
        // The outcome may be recorded already: the outbox forgets, the log does not.
        let is_open = work.open(&loaded.state).is_some();
        let is_sent = match work {
            Work::Pay { .. } => self.desk.calls(&loaded.state, attempt),
            Work::Query { .. } => {
                let known = self.desk.partners.get(provider);
                known.is_some_and(|known| known.partner.offers(Capability::Query).is_ok())
            }
            // It is given up there if the partner does not return money any more.
            Work::Refund { .. } => self.desk.partners.get(provider).is_some(),
        };
        if !is_open || !is_sent {
            return Ok(());
        }
        let now = self.payments.engine().time()?;
        if let Work::Refund { refund, .. } = work {
            let known = self.desk.outbox.get(&work.id()).await;
            if known.map_err(|error| Stalled::Outside(error.to_string()))?.is_none() {
                self.desk.sends.added(refund, event.position);
            }
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

    /// Requests refunds of what is owed back, where the payment rules say so.
    async fn begin_refunds(&self, event: &Recorded) -> Result<(), Stalled> {
        let able = self.desk.returning();
        let id = Uuid::new_v5(&event.id, b"refund");
        let envelope = CommandEnvelope::by_service(crate::NAME, event.stream.clone(), id)
            .about(event.stream.id().parse().ok())
            .caused_by(event.id);
        match self.payments.execute(&envelope, &RequestOwedRefund { able }).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_retryable() => Err(Stalled::Outside(format!("{failure:?}"))),
            // A cashier sees in the list that it is owed.
            Err(error) => {
                tracing::error!(stream = %event.stream, ?error, "refund could not be requested");
                self.payments.engine().metrics.defect("task");
                Ok(())
            }
        }
    }

    /// The sandbox returns money at once, or tells the outcome by a notice.
    async fn give_back(
        &self,
        event: &Recorded,
        (attempt, refund): (&Attempt, Uuid),
        provider: Provider,
    ) {
        let Some(outcome) = provider.give_back() else { return };
        let code = if outcome == RefundOutcome::Refunded { "refunded" } else { "declined" };
        let said =
            RefundSaid { refund: Some(refund), outcome, amount: None, code: code.to_owned() };
        self.tell(event, attempt, Said::Refund(said)).await;
    }

    /// A failed query is repeated with the next `PaymentOutcomeUnknown`, until the attempt expires.
    async fn ask(&self, event: &Recorded, attempt: &Attempt, provider: Provider) {
        self.tell(event, attempt, provider.ask(&attempt.started)).await;
    }

    /// Records what the sandbox says.
    async fn tell(&self, event: &Recorded, attempt: &Attempt, said: Said) {
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
        let (stream, id) = (event.stream.clone(), Uuid::new_v5(&event.id, b"query"));
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id)
            .about(event.stream.id().parse().ok())
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
