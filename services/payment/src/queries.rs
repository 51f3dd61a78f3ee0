//! Queries providers about attempts with unknown outcome, and records the answers as notices.

use std::sync::Arc;

use dossier::contract::{EventSet, PaymentEvent, Source};
use dossier::payment::Payment;
use dossier::payment::take_notice::TakeNotice;
use events::{Filter, Position, Recorded};
use service_kit::tasks::{BoxFuture, Next, Stalled, Task};
use service_kit::view::{Shape, View};
use service_kit::{CommandEnvelope, Kit, Streams};
use uuid::Uuid;

use crate::provider::Provider;

const SHAPE: Shape = Shape { name: "payment-queries", version: 1, tables: "" };
const PAGE: usize = 256;

/// The task that follows `PaymentOutcomeUnknown` events.
#[derive(Debug)]
pub(crate) struct Queries {
    kit: Arc<Kit>,
    payments: Arc<Streams<Payment>>,
    view: View,
    filter: Filter,
    position: Position,
}

impl Queries {
    pub(crate) fn open(payments: &Arc<Streams<Payment>>) -> Result<Self, Stalled> {
        let kit = Arc::clone(payments.kit());
        let view = View::open(kit.views.as_deref(), SHAPE, &kit.store)?;
        let position = view.position()?;
        let filter = Filter { kinds: vec!["payment.PaymentOutcomeUnknown.v1".into()] };
        Ok(Self { kit, payments: Arc::clone(payments), view, filter, position })
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        let page = self.kit.store.read_all(self.position, &self.filter, PAGE).await?;
        if page.through == self.position {
            return Ok(Next::Idle { done: self.position, wake_at: None });
        }
        self.kit.time()?;
        for event in &page.events {
            self.ask(event).await;
        }
        if !page.events.is_empty() {
            self.view.write(page.through, |_| Ok(()))?;
        }
        self.position = page.through;
        Ok(Next::More)
    }

    /// A failed query is repeated with the next `PaymentOutcomeUnknown`, until the attempt expires.
    async fn ask(&self, event: &Recorded) {
        let Ok(PaymentEvent::PaymentOutcomeUnknown(unknown)) =
            PaymentEvent::decode(&event.kind, &event.data)
        else {
            return;
        };
        let Ok(loaded) = self.payments.load(&event.stream).await else { return };
        let Some(attempt) = loaded.state.attempts.get(&unknown.payment) else { return };
        let Some(provider) = Provider::named(&attempt.started.provider) else { return };
        let command = TakeNotice {
            payment: unknown.payment,
            provider: attempt.started.provider.clone(),
            provider_event: format!("query-{}", event.id),
            transaction: None,
            source: Source::Query,
            said: provider.ask(&attempt.started).await,
        };
        let (stream, id) = (event.stream.clone(), Uuid::new_v5(&event.id, b"query"));
        let envelope = CommandEnvelope::by_service("payment", stream, id)
            .about(event.stream.id().parse().ok())
            .caused_by(event.id);
        if let Err(error) = self.payments.execute(&envelope, &command).await {
            tracing::warn!(stream = %event.stream, ?error, "a provider's answer could not be recorded");
        }
    }
}

impl Task for Queries {
    fn name(&self) -> &'static str {
        "payment-queries"
    }

    fn gather(&self) -> std::time::Duration {
        service_kit::tasks::GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }
}
