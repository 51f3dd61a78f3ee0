//! Queries providers about attempts with unknown outcome, and records the answers as notices.

use std::sync::Arc;

use dossier::contract::{EventSet, PaymentEvent, Source};
use dossier::payment::Payment;
use dossier::payment::take_notice::TakeNotice;
use engine::tasks::{Cursors, Follower, Following, Handled, Handler, Stalled};
use engine::{CommandEnvelope, Streams, tasks};
use events::{Page, Position, Recorded};
use uuid::Uuid;

use crate::provider::Provider;

/// Follows `PaymentOutcomeUnknown` events.
#[derive(Debug)]
pub(crate) struct Queries(Arc<Streams<Payment>>);

impl Queries {
    pub(crate) fn follow(
        payments: &Arc<Streams<Payment>>,
        cursors: &Arc<Cursors>,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (payments.engine(), "payment-queries");
        let kinds = &["payment.PaymentOutcomeUnknown.v1"];
        let source = tasks::Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, kinds, source, cursors.of(engine, name)?);
        Ok(Follower::new(engine, following, Self(Arc::clone(payments)))?)
    }

    /// A failed query is repeated with the next `PaymentOutcomeUnknown`, until the attempt expires.
    async fn ask(&self, event: &Recorded) {
        let Ok(PaymentEvent::PaymentOutcomeUnknown(unknown)) =
            PaymentEvent::decode(&event.kind, &event.data)
        else {
            return;
        };
        let Ok(loaded) = self.0.load(&event.stream).await else { return };
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
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id)
            .about(event.stream.id().parse().ok())
            .caused_by(event.id);
        if let Err(error) = self.0.execute(&envelope, &command).await {
            tracing::warn!(stream = %event.stream, ?error, "a provider's answer could not be recorded");
        }
    }
}

impl Handler for Queries {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        self.0.engine().time()?;
        for event in &page.events {
            self.ask(event).await;
        }
        Ok(Handled::Done { save: true })
    }
}
