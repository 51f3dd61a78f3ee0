//! Appends decided events.

use std::sync::Arc;
use std::time::Instant;

use dossier::State;
use dossier::contract::{Actor, Envelope, EventSet, Meta};
use events::{AppendError, Cause, Expected, NewEvent, StreamName, Version};
use jiff::Timestamp;
use platform::telemetry;
use tracing::Instrument;
use uuid::Uuid;

use super::{CommandEnvelope, Failure, Loaded, Streams};
use crate::limits::UNKNOWN_MAX;

impl<S: State> Streams<S> {
    pub(super) async fn append(
        &self,
        envelope: &CommandEnvelope<'_>,
        loaded: &Arc<Loaded<S>>,
        actor: &Actor,
        at: Timestamp,
        decided: Vec<S::Event>,
    ) -> Result<Arc<Loaded<S>>, AppendError> {
        let recorded = Envelope {
            at,
            actor: actor.clone(),
            command: envelope.command,
            digest: envelope.digest.to_owned(),
            cause: envelope.cause,
            dossier: envelope.dossier.or_else(|| loaded.state.about()),
            trace: envelope.trace.clone(),
        };
        let meta = recorded.encode();
        let events: Vec<NewEvent> = decided
            .iter()
            .enumerate()
            .map(|(index, event)| NewEvent {
                id: NewEvent::id_of(&envelope.stream, envelope.command, index),
                kind: event.kind().into(),
                data: event.encode(),
                meta: meta.clone(),
            })
            .collect();
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let bytes: usize = events.iter().map(|event| event.data.len() + event.meta.len()).sum();
        let expected = Expected::from(loaded.version);
        let begun = Instant::now();
        let span = telemetry::part("append to", S::CATEGORY);
        let appending =
            self.engine.store.append(&envelope.stream, expected, events).instrument(span);
        let appended = appending.await?;
        self.engine.metrics.appended(begun.elapsed());
        self.engine.guard.appended(at, appended.position);
        let mut next = Loaded::clone(loaded);
        let first = appended.version.0.saturating_sub(decided.len() as u64);
        let mut meta = Meta { id: Uuid::nil(), version: first, envelope: recorded };
        for ((event, id), version) in decided.iter().zip(ids).zip(first.saturating_add(1)..) {
            (meta.id, meta.version) = (id, version);
            next.evolve(event, &meta, Version(version));
        }
        next.position = appended.position;
        next.bytes += bytes;
        let next = Arc::new(next);
        self.remember(&envelope.stream, &next);
        Ok(next)
    }

    /// Handles a failed append: a failure that may be retried, or an error.
    pub(super) fn not_appended<R>(
        &self,
        stream: &StreamName,
        error: AppendError,
        began: Instant,
    ) -> Result<Failure<R>, Failure<R>> {
        match error {
            // A concurrent execution of the same command, by another process, shows as a reused id.
            AppendError::Conflict { .. } | AppendError::IdReused(_) => {
                self.forget(stream);
                Ok(Failure::Contended)
            }
            // Whether the events were written is unknown; the next attempt finds out by reading the
            // stream.
            error @ AppendError::Unreachable(_) => {
                self.forget(stream);
                let failed = Failure::Append(error);
                // The store has already waited as long as a failover takes.
                if began.elapsed() > UNKNOWN_MAX { Err(failed) } else { Ok(failed) }
            }
            AppendError::Unwritable(why) => {
                self.forget(stream);
                Err(Failure::Unwritable(why))
            }
            AppendError::Busy(wait) => Err(Failure::Busy(wait)),
            AppendError::TooLarge(what) => Err(Failure::TooLarge(what)),
            AppendError::Read(error) => Err(Failure::Read(error)),
            error @ (AppendError::StreamName(_) | AppendError::Refused(_)) => {
                self.forget(stream);
                Err(Failure::Append(error))
            }
        }
    }
}

/// The failure to report if an earlier attempt may have been written, now or shortly after: it must
/// not claim that nothing was. A retry of the request finds out.
pub(super) fn unknowable<R>(failure: Failure<R>) -> Failure<R> {
    let reason = match failure {
        Failure::Busy(_) => "the store is busy".to_owned(),
        Failure::Contended => "the stream moved on".to_owned(),
        Failure::Refused(_) => "what was decided before may have been recorded".to_owned(),
        Failure::Unwritable(why) => why.to_string(),
        Failure::Clock(wrong) => wrong.to_string(),
        other => return other,
    };
    Failure::Append(AppendError::Unreachable(Cause::new(reason)))
}
