//! Executes the commands that an event causes.

use dossier::contract::Envelope;
use dossier::{Follow, Incoming, LawError, State, Subscription};
use events::{ReadError, Recorded};
use platform::telemetry;
use tracing::Instrument;
use uuid::Uuid;

use super::parked::Arrived;
use super::{Outcome, Reacts};
use crate::pulse::Work;
use crate::{Begins, CommandEnvelope, Failure, Streams};

impl<S: State> Reacts<S> {
    /// Reacts to an event.
    pub(super) async fn react(&self, arrived: &Arrived) -> Outcome {
        let (event, envelope) = match arrived.read(&self.engine.store).await {
            Ok(Some(read)) => read,
            Ok(None) => return Outcome::NotYet("the event is not in the log"),
            Err(error) => return self.failed(&Failure::Read(error)),
        };
        let envelope = &match envelope {
            Ok(envelope) => envelope,
            Err(error) => return self.failed(&Failure::Read(error)),
        };
        let incoming = Incoming { id: event.id, kind: &event.kind, data: &event.data, envelope };
        let follows = match Subscription::<S>::react(&incoming) {
            Ok(follows) => follows,
            Err(error) => return self.failed(&Failure::Read(ReadError::corrupt(&event, error))),
        };
        if follows.is_empty() {
            return Outcome::Done;
        }
        let (kind, trace) = (&*event.kind, envelope.trace.as_deref());
        let span = telemetry::reaction(self.service, kind, event.position.0, trace);
        self.perform(&event, envelope, follows).instrument(span).await
    }

    /// The outcome of a failure. One that no retry mends is counted at every try; the event is
    /// given up after a day, like any other.
    fn failed(&self, failure: &Failure<LawError>) -> Outcome {
        let error: Option<&dyn std::error::Error> = match failure {
            Failure::Read(error) if failure.is_defect() => Some(error),
            Failure::Append(error) if failure.is_defect() => Some(error),
            Failure::Unwritable(error) if failure.is_defect() => Some(error),
            _ => None,
        };
        if let Some(error) = error {
            tracing::error!(service = self.service, %error, "reaction failed for a reason that retrying does not remove");
            self.engine.metrics.defect(Work::Reacts.name());
        }
        Outcome::NotYet(reason(failure))
    }

    /// Executes the commands that an event causes.
    async fn perform(
        &self,
        event: &Recorded,
        recorded: &Envelope,
        follows: Vec<Follow<S>>,
    ) -> Outcome {
        let trace = telemetry::current().or_else(|| recorded.trace.clone());
        for (ordinal, mut follow) in follows.into_iter().enumerate() {
            if let Some(before) = &self.before
                && let Err(reason) = before.before(&mut follow).await
            {
                return Outcome::NotYet(reason);
            }
            let stream = Streams::<S>::of(follow.dossier.0);
            let step = follow.command.step();
            let name = format!("{}/{ordinal}/{stream}", step.name);
            let command = Uuid::new_v5(&event.id, name.as_bytes());
            let begins = follow
                .received_under()
                .map_or(Begins::Either, |(procedure, agency)| Begins::New(procedure, agency));
            let envelope = CommandEnvelope::by_service(self.service, stream, command)
                .begins(begins)
                .about(Some(follow.dossier))
                .caused_by(event.id)
                .traced(trace.clone());
            match self.streams.react(&envelope, &follow.command).await {
                Ok(_) => {}
                Err(Failure::NotYet) => return Outcome::NotYet("something must come first"),
                Err(error) => {
                    let (service, reaction) = (self.service, step.name);
                    tracing::warn!(service, reaction, ?error, "reaction failed; retrying");
                    return self.failed(&error);
                }
            }
        }
        Outcome::Done
    }
}

/// Why a reaction did not succeed, as operators read it in a dead letter.
const fn reason(failure: &Failure<LawError>) -> &'static str {
    match failure {
        Failure::NotYet => "something must come first",
        Failure::Read(ReadError::Corrupt { .. }) => "a recorded event is corrupt",
        Failure::Read(ReadError::Refused(_) | ReadError::NoSuchPosition(_)) => {
            "the event store refuses the read"
        }
        Failure::Read(ReadError::Unreachable(_)) => "the event store cannot be reached",
        Failure::Append(_) | Failure::Unwritable(_) => "the event store does not take the events",
        Failure::Busy(_) => "the event store is busy",
        Failure::Contended => "concurrent steps of the dossier",
        Failure::Clock(_) => "the clock is wrong",
        Failure::TooLarge(_) => "the events exceed the limit of one append",
        Failure::Refused(_) => "the law refuses the step",
        Failure::Denied(_) | Failure::Missing | Failure::Stale(_) | Failure::KeyReused => "failed",
    }
}
