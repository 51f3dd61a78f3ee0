//! Decide and append: first on what is held of the stream in memory; if that refuses, on what the
//! store has.

use std::sync::Arc;
use std::time::Instant;

use dossier::access::{self, Resource};
use dossier::contract::{Actor, EventSet};
use dossier::law::Law;
use dossier::{AnyCommand, Command, Decision, Facts, LawError, State, Step, clock};
use events::{AppendError, Version};
use jiff::Timestamp;

use super::append::unknowable;
use super::loaded::Mark;
use super::{Authority, Begins, CommandEnvelope, Executed, Failure, Loaded, Streams};
use crate::limits::ATTEMPTS_MAX;

/// What an attempt ended with that executed nothing.
enum Ended<R> {
    /// The store did not acknowledge the append.
    NotAppended(AppendError),
    /// It was not appended.
    Failed(Failure<R>),
}

impl<R> From<Failure<R>> for Ended<R> {
    fn from(failure: Failure<R>) -> Self {
        Self::Failed(failure)
    }
}

/// What a command comes to on a state of the stream.
pub(super) enum Weighed<E> {
    /// It was applied before; the stream stood at this version then.
    AppliedBefore(Version),
    /// Who acts, when it is recorded, and the events; none if there is nothing to do.
    Decided(Actor, Timestamp, Vec<E>),
}

impl<S: State> Streams<S> {
    /// Executes a command. The order of the checks: applied before, permission, seen version,
    /// decision.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if the command is refused by the stream as the store has it; the others
    /// if it could not be decided or recorded.
    pub async fn execute<C: Command<State = S>>(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &C,
    ) -> Result<Executed<S>, Failure<C::Refusal>> {
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        self.run(envelope, const { &C::STEP }, decide).await
    }

    /// Executes a command that follows from an event.
    ///
    /// # Errors
    ///
    /// [`Failure::NotYet`] if another event must arrive first; those of [`Streams::execute`].
    pub async fn react(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &AnyCommand<S>,
    ) -> Result<Executed<S>, Failure<LawError>> {
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        self.run(envelope, command.step(), decide).await
    }

    /// Enforces an obligation of a `kind` that `step` enforces, if it is really due. See
    /// [`clock::enforce`].
    ///
    /// # Errors
    ///
    /// Those of [`Streams::execute`].
    pub(crate) async fn enforce(
        &self,
        envelope: &CommandEnvelope<'_>,
        (kind, step): (&str, &Step),
    ) -> Result<Executed<S>, Failure<LawError>> {
        let decide = |state: &S, facts: &Facts<'_>| {
            clock::enforce(state, kind, facts).map_err(Failure::Refused)
        };
        self.run(envelope, step, decide).await
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

    /// Decides on what is held, then on what is stored, as often as the stream moves on meanwhile
    /// and the limit allows. `unsure` becomes true once an attempt may have been written that was
    /// not acknowledged.
    async fn phases<R>(
        &self,
        (envelope, step): (&CommandEnvelope<'_>, &Step),
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
        unsure: &mut bool,
    ) -> Result<Executed<S>, Failure<R>> {
        let (began, law) = (Instant::now(), self.kit.law());
        let mut last = Failure::Contended;
        let mut attempts = 0..ATTEMPTS_MAX;
        if let Some(held) = self.held(envelope) {
            attempts.next();
            match self.attempt((envelope, step), Arc::clone(&held), &law, &decide).await {
                Ok(executed) => return Ok(executed),
                Err(Ended::NotAppended(error)) => {
                    *unsure |= matches!(error, AppendError::Unavailable(_));
                    last = self.not_appended(&envelope.stream, error, began)?;
                }
                Err(Ended::Failed(failure)) => {
                    let is_final = !failure.rests_on_state()
                        || self.load(&envelope.stream).await.map_err(carry)?.version
                            == held.version;
                    if is_final {
                        return Err(failure);
                    }
                }
            }
        }
        for _ in attempts {
            let stored = self.load(&envelope.stream).await.map_err(carry)?;
            match self.attempt((envelope, step), stored, &law, &decide).await {
                Ok(executed) => return Ok(executed),
                Err(Ended::NotAppended(error)) => {
                    *unsure |= matches!(error, AppendError::Unavailable(_));
                    last = self.not_appended(&envelope.stream, error, began)?;
                }
                Err(Ended::Failed(failure)) => return Err(failure),
            }
        }
        Err(last)
    }

    /// What is held of the stream without asking the store: what is remembered, or nothing where
    /// the command most likely begins it.
    fn held(&self, envelope: &CommandEnvelope<'_>) -> Option<Arc<Loaded<S>>> {
        let remembered = self.remembered(&envelope.stream);
        remembered.or_else(|| envelope.begins.is_new().then(Arc::default))
    }

    /// Decides on one state of the stream, and appends what was decided behind it.
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

    /// The checks and the decision, in their order.
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
        let actor = permit(envelope, loaded.state.resource())?;
        if let Some(version) = unseen(envelope, loaded) {
            return Err(Failure::Stale(version));
        }
        let now = self.kit.time()?;
        let at = match loaded.last_at {
            Some(last) => self.kit.guard.may_follow(now, last)?,
            None => now,
        };
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
        Ok(Weighed::Decided(actor, at, events))
    }

    async fn repeat<R>(
        &self,
        envelope: &CommandEnvelope<'_>,
        loaded: &Arc<Loaded<S>>,
        last: Version,
    ) -> Result<Executed<S>, Failure<R>> {
        // The service itself does not look at the answer.
        let itself = matches!(envelope.authority, Authority::Service(_));
        let loaded = if itself || loaded.version == Some(last) {
            Arc::clone(loaded)
        } else {
            Arc::new(self.load_at(&envelope.stream, last).await.map_err(carry)?)
        };
        Ok(Executed { loaded, repeated: true })
    }
}

/// A decision as events; that it must wait is a failure of the attempt.
pub(super) fn settled<E, R>(decided: Result<Decision<E>, R>) -> Result<Vec<E>, Failure<R>> {
    match decided {
        Ok(decision) => decision.into_events().ok_or(Failure::NotYet),
        Err(refusal) => Err(Failure::Refused(refusal)),
    }
}

/// What a step can lead to is documented by [`Step::events`]: in debug builds, and so in every
/// test, nothing else comes of it.
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

/// The mark of this command, if the stream has seen it: of the same request, and of one that may
/// see what came of it.
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

/// Where the stream stands, if the caller has not seen that and would have to.
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

/// A failure to load is never a refusal.
pub(super) fn carry<R>(failure: Failure<LawError>) -> Failure<R> {
    match failure {
        Failure::Unavailable(reason) => Failure::Unavailable(reason),
        Failure::Busy(wait) => Failure::Busy(wait),
        Failure::Unwritable(why) => Failure::Unwritable(why),
        Failure::Clock(wrong) => Failure::Clock(wrong),
        Failure::Unreadable(reason) => Failure::Unreadable(reason),
        other => Failure::Unavailable(format!("{other:?}")),
    }
}
