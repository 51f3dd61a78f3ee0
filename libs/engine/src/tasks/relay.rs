//! Publishes the events of a source to the bus.

use std::time::Duration;

use dossier::contract::Envelope;
use events::bus::BusError;
use events::bus::nats::{Relay, Relayed};
use events::{Position, Recorded};
use futures_util::future::BoxFuture;
use platform::telemetry;
use tokio::sync::watch;

use super::{Next, Progress, Stalled, Task, Work};
use crate::Engine;

/// How long events are collected: publishing them together is cheaper, but callers wait for the
/// effects of their steps.
const GATHER: Duration = Duration::from_millis(2);

/// Runs the relay of one source.
#[derive(Debug)]
pub struct RelayTask {
    relay: Relay,
    progress: watch::Sender<Position>,
}

impl RelayTask {
    /// The task and its progress.
    #[must_use]
    pub fn new(relay: Relay) -> (Self, Progress) {
        let (progress, reached) = Progress::new();
        (Self { relay, progress }, reached)
    }
}

/// Attributes of an event's message: those of CloudEvents 1.0.2, section 3, and of its extension
/// for distributed tracing.
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
                // The connection logs it once for all relays. The relay is tried again after the
                // longest sleep of a task, in case the servers were replaced.
                Err(BusError::TooOld { .. }) => {
                    Ok(Next::Idle { done: Position(u64::MAX), wake_at: None })
                }
                Err(error) => Err(error.into()),
            }
        })
    }

    fn woken<'a>(&'a mut self, _kit: &'a Engine, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(self.relay.wait_past(done))
    }
}
