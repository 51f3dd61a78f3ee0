//! Finds out in the log what is owed to partners, and adds it to the outbox: the beginning of a
//! payment, and queries about attempts with unknown outcome. The sandbox answers at once.

use std::sync::Arc;

use dossier::contract::{EventSet, PaymentEvent, PaymentOutcomeUnknown, Source};
use dossier::payment::take_notice::TakeNotice;
use dossier::payment::{Attempt, Payment};
use engine::tasks::{self, Cursors, Follower, Following, Handled, Handler, Stalled};
use engine::{CommandEnvelope, Streams};
use events::{Page, Position, Recorded};
use outbox::{Outbox, Request, StoreError};
use partners::{Capability, Start};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::orders::Order;
use crate::partners::Partners;
use crate::provider::Provider;
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
        let kinds = &["payment.PaymentStarted.v1", "payment.PaymentOutcomeUnknown.v1"];
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
            _ => return Ok(()),
        };
        let Some(attempt) = loaded.state.attempts.get(&payment) else { return Ok(()) };
        let provider = &attempt.started.provider;
        if let (Work::Query { .. }, Some(sandbox)) = (work, Provider::named(provider)) {
            self.ask(event, attempt, sandbox).await;
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
        };
        if !is_open || !is_sent {
            return Ok(());
        }
        let now = self.payments.engine().time()?;
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

    /// A failed query is repeated with the next `PaymentOutcomeUnknown`, until the attempt expires.
    async fn ask(&self, event: &Recorded, attempt: &Attempt, provider: Provider) {
        let command = TakeNotice {
            payment: attempt.started.payment,
            provider: attempt.started.provider.clone(),
            provider_event: format!("query-{}", event.id),
            transaction: None,
            source: Source::Query,
            said: provider.ask(&attempt.started),
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
        self.payments.engine().time()?;
        for event in &page.events {
            self.add(event).await?;
        }
        Ok(Handled::Done { save: true })
    }
}
