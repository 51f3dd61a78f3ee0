//! Carries what a source has recorded onto the bus.

use std::time::Duration;

use dossier::contract::Envelope;
use events::bus::BusError;
use events::bus::nats::{Relay, Relayed};
use events::{Position, Recorded};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Next, Progress, Stalled, Task, Work};
use crate::{Kit, telemetry};

/// For how long events gather: what is published together costs less, and callers wait for what follows from their steps.
const GATHER: Duration = Duration::from_millis(2);

/// The relay of one source, as a task.
#[derive(Debug)]
pub struct RelayTask {
    relay: Relay,
    progress: watch::Sender<Position>,
}

impl RelayTask {
    /// Of one source, and how far it has come.
    #[must_use]
    pub fn new(relay: Relay) -> (Self, Progress) {
        let (progress, reached) = Progress::new();
        (Self { relay, progress }, reached)
    }
}

/// What else is said about an event on the bus: CloudEvents attributes and the trace that it belongs to (CloudEvents 1.0.2,
/// section 3; its extension for distributed tracing).
#[must_use]
pub fn describe(event: &Recorded) -> Vec<(&'static str, String)> {
    let Ok(Envelope { at, dossier, trace, .. }) = serde_json::from_str(&event.meta) else {
        return Vec::new();
    };
    let dossier = dossier.map(|dossier| ("ce-dossier", dossier.to_string()));
    let span = telemetry::relayed(&event.kind, event.position.0, trace.as_deref());
    let trace = span.in_scope(telemetry::current).or(trace).map(|trace| ("traceparent", trace));
    [Some(("ce-time", at.to_string())), dossier, trace].into_iter().flatten().collect()
}

impl Task for RelayTask {
    fn name(&self) -> &'static str {
        self.relay.source()
    }

    fn work(&self) -> Work {
        Work::Relays
    }

    fn gather(&self) -> Duration {
        GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(async {
            match self.relay.step().await {
                Ok(Relayed::More) => Ok(Next::More),
                Ok(Relayed::Idle(done)) => {
                    self.progress.send_replace(done);
                    Ok(Next::Idle { done, wake_at: None })
                }
                // Said once for all relays when it was connected to; it is looked again whether the servers were replaced.
                Err(BusError::TooOld { .. }) => {
                    Ok(Next::Idle { done: Position(u64::MAX), wake_at: None })
                }
                Err(error) => Err(error.into()),
            }
        })
    }

    fn woken<'a>(&'a mut self, _kit: &'a Kit, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(self.relay.wait_past(done))
    }
}
