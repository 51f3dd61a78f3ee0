//! Load, decide, append: the one place where the law meets the store.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use dossier::access::{self, Resource};
use dossier::contract::{Actor, Envelope, EventSet, Meta, Unreadable};
use dossier::{Command, Decision, Facts, LawError, Refuse, State, Step};
use events::{
    AppendError, EventStore, Expected, NewEvent, Position, Recorded, StreamName, Version,
};
use jiff::Timestamp;
use tracing::Instrument;
use uuid::Uuid;

use crate::Kit;
use crate::limits::{ATTEMPTS_MAX, UNKNOWN_MAX};
use crate::tasks::Progress;
use crate::telemetry;

mod hot;
mod order;
mod trial;

use hot::Hot;

pub use order::{Authority, Executed, Failure, Order};

/// All streams of one kind, with the states of the hot ones in memory.
#[derive(Debug)]
pub struct Streams<S: State> {
    kit: Arc<Kit>,
    states: Mutex<Hot<S>>,
    reactions: OnceLock<Progress>,
}

/// A stream's state at a version.
#[derive(Debug, Clone)]
pub struct Loaded<S> {
    /// The state.
    pub state: S,
    /// Where the stream stands; `None` while it is empty.
    pub version: Option<Version>,
    /// The position of its last event.
    pub position: Position,
    last_at: Option<Timestamp>,
    commands: Vec<Mark>,
    /// Of the events that it was made from: about what it takes in memory.
    bytes: usize,
}

impl<S: Default> Default for Loaded<S> {
    fn default() -> Self {
        let (version, last_at) = (None, None);
        Self {
            state: S::default(),
            version,
            position: Position::START,
            last_at,
            commands: Vec::new(),
            bytes: 0,
        }
    }
}

/// A command that the stream has seen.
#[derive(Debug, Clone)]
struct Mark {
    command: Uuid,
    digest: Arc<str>,
    last: Version,
}

impl<S: State> Streams<S> {
    /// The streams of this kind in the kit's store.
    #[must_use]
    pub fn new(kit: Arc<Kit>) -> Self {
        Self { kit, states: Mutex::new(Hot::new()), reactions: OnceLock::new() }
    }

    /// Names the reactions whose effects a caller may want to see.
    pub fn fed_by(&self, reactions: Progress) {
        // The first one stays; a service has one.
        let _ = self.reactions.set(reactions);
    }

    /// The reactions whose effects a caller may want to see, if there are any.
    #[must_use]
    pub fn reactions(&self) -> Option<&Progress> {
        self.reactions.get()
    }

    /// The kit.
    #[must_use]
    pub fn kit(&self) -> &Arc<Kit> {
        &self.kit
    }

    /// The name of the stream with this id.
    pub fn name(id: &str) -> Result<StreamName, events::InvalidStreamName> {
        StreamName::new(&format!("{}-{id}", S::CATEGORY))
    }

    /// The stream as it stands now.
    pub async fn load(&self, stream: &StreamName) -> Result<Arc<Loaded<S>>, Failure<LawError>> {
        if let Some(current) = self.current(stream) {
            return Ok(current);
        }
        let mut loaded = self.remembered(stream).unwrap_or_default();
        loop {
            let events = self.kit.store.read(stream, loaded.version).await?;
            if events.is_empty() {
                return Ok(loaded);
            }
            let complete = EventStore::is_whole(&events);
            let next = Arc::make_mut(&mut loaded);
            for event in &events {
                next.take(event)?;
            }
            if complete {
                self.remember(stream, &loaded);
                return Ok(loaded);
            }
        }
    }

    /// The stream as it stands now, if that is surely what is remembered.
    pub(crate) fn current(&self, stream: &StreamName) -> Option<Arc<Loaded<S>>> {
        self.remembered(stream).filter(|known| self.kit.store.is_unchanged(stream, known.position))
    }

    /// The stream as it stands by all of its `events`, or as it is remembered if that is newer.
    pub(crate) fn take_in(
        &self,
        stream: &StreamName,
        events: &[Recorded],
    ) -> Result<Arc<Loaded<S>>, Unreadable> {
        let newest = events.last().map(|event| event.version);
        if let Some(known) = self.remembered(stream).filter(|known| known.version >= newest) {
            return Ok(known);
        }
        let mut loaded = Loaded::default();
        events.iter().try_for_each(|event| loaded.take(event))?;
        let loaded = Arc::new(loaded);
        self.remember(stream, &loaded);
        Ok(loaded)
    }

    /// The stream at a version that it had, for an answer given once more.
    async fn load_at(
        &self,
        stream: &StreamName,
        at: Version,
    ) -> Result<Loaded<S>, Failure<LawError>> {
        let mut loaded = Loaded::default();
        while loaded.version < Some(at) {
            let events = self.kit.store.read(stream, loaded.version).await?;
            if events.is_empty() {
                break;
            }
            for event in events.iter().filter(|event| event.version <= at) {
                loaded.take(event)?;
            }
        }
        Ok(loaded)
    }

    /// Decides and appends. The order of the checks: applied before, permission, seen version, decision.
    pub async fn execute<R: Refuse>(
        &self,
        order: &Order<'_>,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
    ) -> Result<Executed<S>, Failure<R>> {
        self.attempt(order, |state, facts| decide(state, facts).map_err(Failure::Refused)).await
    }

    /// Executes a command. The order of the checks: applied before, permission, seen version, decision.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if the command is refused by the stream as the store has it; the others if it could not be decided
    /// or recorded.
    pub async fn command<C: Command<State = S>>(
        &self,
        order: &Order<'_>,
        command: &C,
    ) -> Result<Executed<S>, Failure<C::Refusal>> {
        self.attempt(order, |state, facts| match command.decide(state, facts) {
            Ok(decision) => decision.into_events().ok_or(Failure::NotYet),
            Err(refusal) => Err(Failure::Refused(refusal)),
        })
        .await
    }

    /// The same for a reaction, which may have to wait for something else.
    pub async fn react(
        &self,
        order: &Order<'_>,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Decision<S::Event>, LawError>,
    ) -> Result<Executed<S>, Failure<LawError>> {
        self.attempt(order, |state, facts| match decide(state, facts) {
            Ok(decision) => decision.into_events().ok_or(Failure::NotYet),
            Err(error) => Err(Failure::Refused(error)),
        })
        .await
    }

    async fn attempt<R>(
        &self,
        order: &Order<'_>,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
    ) -> Result<Executed<S>, Failure<R>> {
        let mut unsure = false;
        let attempted = self.attempts(order, decide, &mut unsure).await;
        attempted.map_err(|failure| if unsure { unknowable(failure) } else { failure })
    }

    /// `unsure` becomes true once an attempt may have been written that was not acknowledged.
    async fn attempts<R>(
        &self,
        order: &Order<'_>,
        decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, Failure<R>>,
        unsure: &mut bool,
    ) -> Result<Executed<S>, Failure<R>> {
        let mut last = Failure::Contended;
        let began = Instant::now();
        let law = self.kit.law();
        for attempt in 0..ATTEMPTS_MAX {
            let remembered = self.remembered(&order.stream).filter(|_| attempt == 0);
            let loaded = match remembered {
                Some(loaded) => loaded,
                // What begins a stream mostly finds none: the append itself says if there is one after all.
                None if attempt == 0 && order.under.is_some() => Arc::default(),
                None => self.load(&order.stream).await.map_err(carry)?,
            };
            if let Some(mark) = applied_before(order, &loaded)? {
                return self.repeat(order, &loaded, mark).await;
            }
            let actor = permit(order, loaded.state.resource())?;
            if let Some(version) = unseen(order, &loaded) {
                // What is remembered may itself be old: a refusal must rest on the store.
                if attempt == 0 {
                    continue;
                }
                return Err(Failure::Stale(version));
            }
            let now = self.kit.time()?;
            let at = match loaded.last_at {
                Some(last) => self.kit.guard.may_follow(now, last)?,
                None => now,
            };
            let facts = Facts {
                at,
                command: order.command,
                actor: &actor,
                law: &law,
                rule: loaded
                    .state
                    .received_under()
                    .or(order.under)
                    .and_then(|(procedure, agency)| law.rule(procedure, agency, at)),
                elsewhere: order.elsewhere,
            };
            let decided = match decide(&loaded.state, &facts) {
                Ok(decided) => decided,
                Err(refused) if attempt == 0 => {
                    // The same for what is remembered or was taken to be empty: decide on what the store has.
                    if self.load(&order.stream).await.map_err(carry)?.version == loaded.version {
                        return Err(refused);
                    }
                    continue;
                }
                Err(refused) => return Err(refused),
            };
            declared(order.step, &decided);
            if decided.is_empty() {
                return Ok(Executed { loaded, repeated: false });
            }
            match self.append(order, &loaded, &actor, at, decided).await {
                Ok(loaded) => return Ok(Executed { loaded, repeated: false }),
                Err(error) => {
                    let unknown = matches!(error, AppendError::Unavailable(_));
                    last = self.not_appended(&order.stream, error, began)?;
                    *unsure |= unknown;
                }
            }
        }
        Err(last)
    }

    /// What an append came to that was not acknowledged, if it is worth trying again; an error if it is not.
    fn not_appended<R>(
        &self,
        stream: &StreamName,
        error: AppendError,
        began: Instant,
    ) -> Result<Failure<R>, Failure<R>> {
        match error {
            // The same command at the same time elsewhere shows as an id that stands in the log already.
            AppendError::Conflict { .. } | AppendError::IdReused(_) => {
                self.forget(stream);
                Ok(Failure::Contended)
            }
            // Whether it was written is unknown: the next attempt finds the command in the stream, or not.
            AppendError::Unavailable(reason) => {
                self.forget(stream);
                let failed = Failure::Unavailable(reason);
                // The store itself has waited as long as a failover takes.
                if began.elapsed() > UNKNOWN_MAX { Err(failed) } else { Ok(failed) }
            }
            AppendError::Unwritable(why) => {
                self.forget(stream);
                Err(Failure::Unwritable(why))
            }
            AppendError::Busy(wait) => Err(Failure::Busy(wait)),
            AppendError::TooLarge(what) => Err(Failure::TooLarge(what)),
            error @ AppendError::StreamName(_) => Err(Failure::Unavailable(error.to_string())),
        }
    }

    async fn repeat<R>(
        &self,
        order: &Order<'_>,
        loaded: &Arc<Loaded<S>>,
        mark: &Mark,
    ) -> Result<Executed<S>, Failure<R>> {
        // The service itself does not look at the answer.
        let itself = matches!(order.authority, Authority::Service(_));
        let loaded = if itself || loaded.version == Some(mark.last) {
            Arc::clone(loaded)
        } else {
            Arc::new(self.load_at(&order.stream, mark.last).await.map_err(carry)?)
        };
        Ok(Executed { loaded, repeated: true })
    }

    async fn append(
        &self,
        order: &Order<'_>,
        loaded: &Arc<Loaded<S>>,
        actor: &Actor,
        at: Timestamp,
        decided: Vec<S::Event>,
    ) -> Result<Arc<Loaded<S>>, AppendError> {
        let envelope = Envelope {
            at,
            actor: actor.clone(),
            command: order.command,
            digest: order.digest.to_owned(),
            cause: order.cause,
            dossier: order.dossier.or_else(|| loaded.state.about()),
            trace: order.trace.clone(),
        };
        let meta = serde_json::to_string(&envelope).unwrap_or_default();
        let events: Vec<NewEvent> = decided
            .iter()
            .enumerate()
            .map(|(index, event)| NewEvent {
                id: NewEvent::id_of(&order.stream, order.command, index),
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
        let appending = self.kit.store.append(&order.stream, expected, events).instrument(span);
        let appended = appending.await?;
        self.kit.metrics.appended(begun.elapsed());
        self.kit.guard.appended(at, appended.position);
        let mut next = Loaded::clone(loaded);
        let first = appended.version.0.saturating_sub(decided.len() as u64);
        let mut meta = Meta { id: Uuid::nil(), version: first, envelope };
        for ((event, id), version) in decided.iter().zip(ids).zip(first.saturating_add(1)..) {
            (meta.id, meta.version) = (id, version);
            next.evolve(event, &meta, Version(version));
        }
        next.position = appended.position;
        next.bytes += bytes;
        let next = Arc::new(next);
        self.remember(&order.stream, &next);
        Ok(next)
    }

    fn remembered(&self, stream: &StreamName) -> Option<Arc<Loaded<S>>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(stream)
    }

    fn remember(&self, stream: &StreamName, loaded: &Arc<Loaded<S>>) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).put(stream, loaded);
    }

    fn forget(&self, stream: &StreamName) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).forget(stream);
    }
}

impl<S: State> Loaded<S> {
    fn take(&mut self, recorded: &Recorded) -> Result<(), Unreadable> {
        let event = S::Event::decode(&recorded.kind, &recorded.data)?;
        let envelope = envelope(recorded)?;
        let meta = Meta { id: recorded.id, version: recorded.version.0, envelope };
        self.evolve(&event, &meta, recorded.version);
        self.position = recorded.position;
        self.bytes += recorded.bytes();
        Ok(())
    }

    fn evolve(&mut self, event: &S::Event, meta: &Meta, version: Version) {
        self.state.evolve(event, meta);
        self.version = Some(version);
        self.last_at = Some(meta.at());
        match self.commands.last_mut() {
            Some(mark) if mark.command == meta.envelope.command => mark.last = version,
            Some(_) | None => self.commands.push(Mark {
                command: meta.envelope.command,
                digest: meta.envelope.digest.as_str().into(),
                last: version,
            }),
        }
    }
}

/// A whole stream, read once and not remembered.
pub fn fold<S: State>(recorded: &[Recorded]) -> Result<S, Unreadable> {
    let mut loaded = Loaded::<S>::default();
    recorded.iter().try_for_each(|event| loaded.take(event))?;
    Ok(loaded.state)
}

/// When an event was recorded; nothing for one that carries no envelope, such as a number that was taken.
#[must_use]
pub fn recorded_at(recorded: &Recorded) -> Option<Timestamp> {
    envelope(recorded).ok().map(|envelope| envelope.at)
}

/// What stands beside an event.
pub(crate) fn envelope(recorded: &Recorded) -> Result<Envelope, Unreadable> {
    serde_json::from_str(&recorded.meta)
        .map_err(|source| Unreadable::Payload { kind: recorded.kind.to_string(), source })
}

/// What a step can lead to is documented by [`Step::events`]: in debug builds, and so in every test, nothing else comes of it.
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

/// The mark of this command, if the stream has seen it: of the same request, and of one that may see what came of it.
fn applied_before<'a, S: State, R>(
    order: &Order<'_>,
    loaded: &'a Loaded<S>,
) -> Result<Option<&'a Mark>, Failure<R>> {
    let mut marks = loaded.commands.iter();
    let Some(mark) = marks.find(|mark| mark.command == order.command) else { return Ok(None) };
    if *mark.digest != *order.digest {
        return Err(Failure::KeyReused);
    }
    permit(order, loaded.state.resource())?;
    Ok(Some(mark))
}

/// Where the stream stands, if the caller has not seen that and would have to.
fn unseen<S>(order: &Order<'_>, loaded: &Loaded<S>) -> Option<Version> {
    let (seen, version) = (order.seen?, loaded.version?);
    (!seen.includes(version)).then_some(version)
}

fn permit<R>(order: &Order<'_>, resource: Option<Resource>) -> Result<Actor, Failure<R>> {
    if resource.is_none() && order.existing {
        return Err(Failure::Missing);
    }
    match order.authority {
        Authority::Service(name) => Ok(Actor::system(name)),
        Authority::Caller(caller, mays) => {
            access::decide(caller, mays, resource.as_ref()).map_err(Failure::Denied)
        }
    }
}

/// What is said where an earlier attempt may have been written, now or a little later: nothing that claims it was not. The same
/// request again finds out.
fn unknowable<R>(failure: Failure<R>) -> Failure<R> {
    let reason = match failure {
        Failure::Busy(_) => "the store is busy".to_owned(),
        Failure::Contended => "the stream moved on".to_owned(),
        Failure::Refused(_) => "what was decided before may have been recorded".to_owned(),
        Failure::Unwritable(why) => why.to_string(),
        Failure::Clock(wrong) => wrong.to_string(),
        other => return other,
    };
    Failure::Unavailable(reason)
}

/// A failure to load is never a refusal.
fn carry<R>(failure: Failure<LawError>) -> Failure<R> {
    match failure {
        Failure::Unavailable(reason) => Failure::Unavailable(reason),
        Failure::Busy(wait) => Failure::Busy(wait),
        Failure::Unwritable(why) => Failure::Unwritable(why),
        Failure::Clock(wrong) => Failure::Clock(wrong),
        Failure::Unreadable(reason) => Failure::Unreadable(reason),
        other => Failure::Unavailable(format!("{other:?}")),
    }
}
