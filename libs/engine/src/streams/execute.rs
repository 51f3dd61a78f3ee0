//! Decides and appends. The first attempt uses the cached state; if the command is refused on it,
//! the decision is repeated on the stored one.

use std::sync::Arc;
use std::time::Instant;

use dossier::access::{self, Resource};
use dossier::clock::Deadlines;
use dossier::contract::{Actor, EventSet};
use dossier::law::Law;
use dossier::{AnyCommand, Command, Decision, Facts, LawError, State, Step, clock};
use events::{AppendError, Version};
use jiff::Timestamp;

use super::append::unknowable;
use super::loaded::Mark;
use super::{Authority, Begins, CommandEnvelope, Executed, Failure, Loaded, Streams};
use crate::limits::ATTEMPTS_MAX;

/// Why an attempt did not execute the command.
enum Ended<R> {
    /// The append failed.
    NotAppended(AppendError),
    /// It was not decided or not permitted.
    Failed(Failure<R>),
}

impl<R> From<Failure<R>> for Ended<R> {
    fn from(failure: Failure<R>) -> Self {
        Self::Failed(failure)
    }
}

/// Result of the checks and the decision.
pub(super) enum Weighed<E> {
    /// It was applied before; this is the version of the stream after it.
    AppliedBefore(Version),
    /// Actor, time of recording, and events; no events if there is nothing to do.
    Decided(Actor, Timestamp, Vec<E>),
}

impl<S: State> Streams<S> {
    /// Executes a command. The order of the checks is: duplicate, permission, `If-Match`, decision.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if the command is refused on the stored state; others if it could not
    /// be decided or recorded.
    pub async fn execute<C: Command<State = S>>(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &C,
    ) -> Result<Executed<S>, Failure<C::Refusal>> {
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        self.run(envelope, const { &C::STEP }, decide).await
    }

    /// Executes a command that an event caused.
    ///
    /// # Errors
    ///
    /// [`Failure::NotYet`] if another event must arrive first; otherwise those of
    /// [`Streams::execute`].
    pub async fn react(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &AnyCommand<S>,
    ) -> Result<Executed<S>, Failure<LawError>> {
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        self.run(envelope, command.step(), decide).await
    }

    /// Enforces the deadline of this kind, if it is due by the newest state.
    /// See [`clock::enforce`].
    ///
    /// # Errors
    ///
    /// Those of [`Streams::execute`].
    pub(crate) async fn enforce(
        &self,
        envelope: &CommandEnvelope<'_>,
        kind: &S::Kind,
    ) -> Result<Executed<S>, Failure<LawError>>
    where
        S: Deadlines,
    {
        let decide = |state: &S, facts: &Facts<'_>| {
            clock::enforce(state, kind, facts).map_err(Failure::Refused)
        };
        self.run(envelope, S::when_due(kind).step(), decide).await
    }

    async fn run<R>(
        &self,
        envelope: &CommandEnvelope<'_>,
        step: &Step,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
    ) -> Result<Executed<S>, Failure<R>> {
        let mut unsure = false;
        let ran = self.phases((envelope, step), decide, &mut unsure).await;
        ran.map_err(|failure| if unsure { unknowable(failure) } else { failure })
    }

    /// Decides on the cached state, then on the stored one, and again after each conflict up to the
    /// limit. `unsure` becomes true after an append that failed but may have been written.
    async fn phases<R>(
        &self,
        (envelope, step): (&CommandEnvelope<'_>, &Step),
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
        unsure: &mut bool,
    ) -> Result<Executed<S>, Failure<R>> {
        let (began, law) = (Instant::now(), self.engine.law());
        let mut last = Failure::Contended;
        let mut attempts = 0..ATTEMPTS_MAX;
        if let Some(held) = self.held(envelope) {
            attempts.next();
            match self.attempt((envelope, step), Arc::clone(&held), &law, &decide).await {
                Ok(executed) => return Ok(executed),
                Err(Ended::NotAppended(error)) => {
                    *unsure |= error.may_be_written();
                    last = self.not_appended(&envelope.stream, error, began)?;
                }
                Err(Ended::Failed(failure)) => {
                    let is_final = !failure.rests_on_state()
                        || self.load(&envelope.stream).await?.version == held.version;
                    if is_final {
                        return Err(failure);
                    }
                }
            }
        }
        for _ in attempts {
            let stored = self.load(&envelope.stream).await?;
            match self.attempt((envelope, step), stored, &law, &decide).await {
                Ok(executed) => return Ok(executed),
                Err(Ended::NotAppended(error)) => {
                    *unsure |= error.may_be_written();
                    last = self.not_appended(&envelope.stream, error, began)?;
                }
                Err(Ended::Failed(failure)) => return Err(failure),
            }
        }
        Err(last)
    }

    /// The cached state, or the empty one if the command probably begins the stream.
    fn held(&self, envelope: &CommandEnvelope<'_>) -> Option<Arc<Loaded<S>>> {
        let remembered = self.remembered(&envelope.stream);
        remembered.or_else(|| envelope.begins.is_new().then(Arc::default))
    }

    /// Decides on one state of the stream and appends the events at its end.
    async fn attempt<R>(
        &self,
        (envelope, step): (&CommandEnvelope<'_>, &Step),
        loaded: Arc<Loaded<S>>,
        law: &Law,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
    ) -> Result<Executed<S>, Ended<R>> {
        let (actor, at, events) = match self.weigh(envelope, &loaded, law, decide)? {
            Weighed::AppliedBefore(last) => {
                return Ok(self.repeat(envelope, &loaded, last).await?);
            }
            Weighed::Decided(actor, at, events) => (actor, at, events),
        };
        declared(step, &events);
        if events.is_empty() {
            return Ok(Executed { loaded, repeated: false });
        }
        match self.append(envelope, &loaded, &actor, at, events).await {
            Ok(loaded) => Ok(Executed { loaded, repeated: false }),
            Err(error) => Err(Ended::NotAppended(error)),
        }
    }

    /// Runs the checks and the decision, in their order.
    pub(super) fn weigh<R>(
        &self,
        envelope: &CommandEnvelope<'_>,
        loaded: &Loaded<S>,
        law: &Law,
        decide: impl FnOnce(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
    ) -> Result<Weighed<S::Event>, Failure<R>> {
        if let Some(mark) = applied_before(envelope, loaded)? {
            return Ok(Weighed::AppliedBefore(mark.last));
        }
        let mut actor = permit(envelope, loaded.state.resource())?;
        if let Some(version) = unseen(envelope, loaded) {
            return Err(Failure::Stale(version));
        }
        let now = self.engine.time()?;
        let at = match loaded.last_at {
            Some(last) => self.engine.guard.may_follow(now, last)?,
            None => now,
        };
        actor.deputy_for = loaded.state.deputised(&actor, law, at);
        let under = loaded.state.received_under().or(envelope.begins.law());
        let facts = Facts {
            at,
            command: envelope.command,
            actor: &actor,
            law,
            rule: under.and_then(|(procedure, agency)| law.rule(procedure, agency, at)),
            elsewhere: envelope.elsewhere,
        };
        let events = decide(&loaded.state, &facts)?;
        let events = loaded.state.with_papers(events, &facts);
        Ok(Weighed::Decided(actor, at, events))
    }

    async fn repeat<R>(
        &self,
        envelope: &CommandEnvelope<'_>,
        loaded: &Arc<Loaded<S>>,
        last: Version,
    ) -> Result<Executed<S>, Failure<R>> {
        // The service itself does not use the answer.
        let itself = matches!(envelope.authority, Authority::Service(_));
        let loaded = if itself || loaded.version == Some(last) {
            Arc::clone(loaded)
        } else {
            Arc::new(self.load_at(&envelope.stream, last).await?)
        };
        Ok(Executed { loaded, repeated: true })
    }
}

/// The events of a decision; a decision that must wait is a failure.
pub(super) fn settled<E, R>(decided: Result<Decision<E>, R>) -> Result<Vec<E>, Failure<R>> {
    match decided {
        Ok(decision) => decision.into_events().ok_or(Failure::NotYet),
        Err(refusal) => Err(Failure::Refused(refusal)),
    }
}

/// Panics in debug builds if a step leads to an event that [`Step::events`] does not list.
fn declared<E: EventSet>(step: &Step, decided: &[E]) {
    for event in decided {
        debug_assert!(
            step.events.contains(&event.kind()),
            "{} leads to {}, which it does not declare",
            step.name,
            event.kind()
        );
    }
}

/// The mark of this command, if the stream has it, with the same request and an authority that may
/// see the result.
fn applied_before<'a, S: State, R>(
    envelope: &CommandEnvelope<'_>,
    loaded: &'a Loaded<S>,
) -> Result<Option<&'a Mark>, Failure<R>> {
    let mut marks = loaded.commands.iter();
    let Some(mark) = marks.find(|mark| mark.command == envelope.command) else { return Ok(None) };
    if *mark.digest != *envelope.digest {
        return Err(Failure::KeyReused);
    }
    permit(envelope, loaded.state.resource())?;
    Ok(Some(mark))
}

/// The present version, if the caller had to know it and does not.
fn unseen<S>(envelope: &CommandEnvelope<'_>, loaded: &Loaded<S>) -> Option<Version> {
    let (seen, version) = (envelope.seen?, loaded.version?);
    (!seen.includes(version)).then_some(version)
}

fn permit<R>(
    envelope: &CommandEnvelope<'_>,
    resource: Option<Resource>,
) -> Result<Actor, Failure<R>> {
    if resource.is_none() && matches!(envelope.begins, Begins::Existing) {
        return Err(Failure::Missing);
    }
    match envelope.authority {
        Authority::Service(name) => Ok(Actor::system(name)),
        Authority::Caller(caller, mays) => {
            access::decide(caller, mays, resource.as_ref()).map_err(Failure::Denied)
        }
    }
}
