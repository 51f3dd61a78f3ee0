//! Reacts to events of other services with commands of this service. Events of one dossier are
//! handled in order, those of different dossiers concurrently. An event whose precondition has not
//! arrived is parked, and retried when its dossier has new events and with back-off; it does not
//! block others. Of several replicas the leader reacts and announces its position to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dossier::contract::{DossierId, Envelope};
use dossier::{Follow, Incoming, State, Subscription};
use events::bus::cursor;
use events::{Filter, Position, Recorded};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use tokio::sync::watch;
use tracing::Instrument;
use uuid::Uuid;

use super::{Next, Progress, Stalled, Task, Work, back_off, looked_at};
use crate::Kit;
use crate::limits::{IN_FLIGHT_MAX, PARKED_FOR_MAX, PARKED_MAX};
use crate::streams::{Begins, CommandEnvelope, Failure, Streams};
use crate::telemetry;
use crate::view::{Shape, View};

mod letters;
mod parked;
mod place;

pub use letters::{DeadLetter, ReactionsHealth, dead_letters, try_again};
use parked::{Arrived, Parked, dossier_of};
use place::{Place, Standing};

/// Events after which the position is saved at the latest. Events that are handled again after a
/// crash have no further effect.
const EVENTS_PER_SAVE: u64 = 1_000;

/// How long events are collected; short, because callers wait for the effects of their steps.
const GATHER: Duration = Duration::from_millis(2);

const TABLES: &str = "
CREATE TABLE parked (
  position INTEGER PRIMARY KEY, since INTEGER NOT NULL, tries INTEGER NOT NULL
) STRICT;";

/// Events to handle, by dossier.
type Batch = BTreeMap<Option<DossierId>, Vec<Arrived>>;

/// Work outside the service's own stream, done before a command that an event caused: completes the
/// command, or returns why it must wait.
pub trait Before<S: State>: Send + Sync {
    /// Must be idempotent for the same command, also after a crash.
    fn before<'a>(&'a self, follow: &'a mut Follow<S>) -> BoxFuture<'a, Result<(), &'static str>>;
}

enum Outcome {
    Done,
    NotYet(&'static str),
}

/// Reactions of one service.
pub struct Reactions<S: State> {
    kit: Arc<Kit>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    view: View,
    place: Place,
    position: Position,
    /// Upper bound on the events scanned since the position was saved.
    unsaved: u64,
    parked: BTreeMap<Position, Parked>,
    progress: watch::Sender<Position>,
    before: Option<Box<dyn Before<S>>>,
}

impl<S: State> std::fmt::Debug for Reactions<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reactions").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<S: State> Reactions<S> {
    /// Continues from the position in the service's view; `name` is its file.
    pub async fn open(
        service: &'static str,
        name: &'static str,
        streams: &Arc<Streams<S>>,
    ) -> Result<(Self, Progress), Stalled> {
        let kit = Arc::clone(streams.kit());
        let shape = Shape { name, version: 2, tables: TABLES };
        let view = View::open(kit.views.as_deref(), shape, &kit.store)?;
        let position = view.position()?;
        let (progress, reached) = Progress::new();
        progress.send_replace(position);
        let kinds = S::SUBSCRIPTIONS.iter().map(|subscription| subscription.kind);
        let kinds = kinds.chain([letters::TRIED_AGAIN]).map(Into::into).collect();
        let mut reactions = Self {
            place: Place::new(&kit, service, Filter { kinds }),
            kit,
            service,
            streams: Arc::clone(streams),
            view,
            position,
            unsaved: 0,
            parked: BTreeMap::new(),
            progress,
            before: None,
        };
        reactions.load_parked().await?;
        Ok((reactions, reached))
    }

    /// Sets the work to be done before each reaction.
    #[must_use]
    pub fn with(mut self, before: impl Before<S> + 'static) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    /// Access to dead letters and progress.
    #[must_use]
    pub fn health(&self) -> ReactionsHealth {
        ReactionsHealth {
            service: self.service,
            store: Arc::clone(&self.kit.store),
            progress: Progress(self.progress.subscribe()),
        }
    }

    async fn load_parked(&mut self) -> Result<(), Stalled> {
        let rows: Vec<(i64, i64, u32)> = self.view.peek(|rows| {
            rows.prepare("SELECT position, since, tries FROM parked")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        for (position, since, tries) in rows {
            let position = Position(u64::try_from(position).unwrap_or(0));
            let Some(event) = self.kit.store.event_at(position).await? else { continue };
            let since = Timestamp::from_second(since).unwrap_or(Timestamp::MIN);
            let dossier = dossier_of(&event);
            drop(event);
            let (next_at, reason) = (Timestamp::MIN, "parked before the restart");
            let before = self.kit.store.read_back(position, 2).await?.pop();
            let before = before.map(|before| before.position).filter(|before| *before < position);
            let before = before.unwrap_or(Position::START);
            let parked = Parked { position, before, dossier, since, tries, next_at, reason };
            self.parked.insert(position, parked);
        }
        Ok(())
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        match self.place.settle() {
            Standing::By(heard) => {
                self.reach(heard);
                return Ok(Next::Idle { done: Position(u64::MAX), wake_at: None });
            }
            // The previous leader has saved the position up to which everything was handled.
            Standing::TakesOver if self.kit.bus.is_shared() => {
                let surely = cursor(&self.kit.store, self.service).await;
                let surely = surely.inspect_err(|_| self.place.leave())?;
                self.position = self.position.max(surely);
            }
            Standing::TakesOver | Standing::Leads => {}
        }
        // By a wrong clock, events would be parked and then given up a day too early.
        self.kit.time()?;
        if self.parked.len() >= PARKED_MAX {
            self.retry_due(self.kit.clock.now()).await?;
            // Events parked for too long are given up here too, or there would never be room again.
            self.save().await?;
            if self.parked.len() >= PARKED_MAX {
                return Err(Stalled::Parked(self.parked.len()));
            }
        }
        let page = self.place.page(self.position).await?;
        self.kit.guard.followed(page.events.last().map(|newest| &**newest));
        let now = self.kit.clock.now();
        if page.through == self.position {
            if self.retry_due(now).await? {
                self.save().await?;
            }
            self.place.reached(self.position, self.surely(), 0).await;
            let wake_at = self.parked.values().map(|parked| parked.next_at).min();
            return Ok(Next::Idle { done: self.position, wake_at });
        }
        let mut dossiers = Batch::new();
        let events = page.events.len();
        let mut before = self.position;
        for event in page.events {
            let position = event.position;
            // An operator requests the retry of a dead letter.
            let again = letters::tried_again_by(self.service, &event);
            let arrived = match again {
                Some(given_up) => Arrived::given_up(&self.kit.store, given_up).await?,
                None if &*event.kind == letters::TRIED_AGAIN => None,
                None => Some(Arrived::new(event, before)),
            };
            before = position;
            if let Some(arrived) = arrived {
                dossiers.entry(arrived.dossier).or_default().push(arrived);
            }
        }
        // Parked events of a dossier with new events are retried, in their original order.
        let moved: BTreeSet<DossierId> = dossiers.keys().flatten().copied().collect();
        for parked in self.parked.values().rev() {
            if let Some(dossier) = parked.dossier.filter(|dossier| moved.contains(dossier)) {
                dossiers.entry(Some(dossier)).or_default().insert(0, Arrived::again(parked));
            }
        }
        let changed = self.handle_all(dossiers, now).await;
        self.unsaved += looked_at(self.position, page.through);
        self.position = page.through;
        if changed || self.unsaved >= EVENTS_PER_SAVE {
            self.save().await?;
        }
        self.reach(self.position);
        self.place.reached(self.position, self.surely(), events).await;
        Ok(Next::More)
    }

    fn reach(&self, position: Position) {
        self.progress.send_if_modified(|now| {
            let further = position > *now;
            *now = position.max(*now);
            further
        });
    }

    /// Position up to which everything was handled and nothing is parked.
    fn surely(&self) -> Position {
        self.parked.values().next().map_or(self.position, |first| first.before)
    }

    /// Retries parked events that are due; true if anything changed.
    async fn retry_due(&mut self, now: Timestamp) -> Result<bool, Stalled> {
        let mut dossiers = Batch::new();
        for parked in self.parked.values().filter(|parked| parked.next_at <= now) {
            dossiers.entry(parked.dossier).or_default().push(Arrived::again(parked));
        }
        if dossiers.is_empty() {
            return Ok(false);
        }
        self.handle_all(dossiers, now).await;
        Ok(true)
    }

    /// Handles events, by dossier; true if the set of parked events changed.
    async fn handle_all(&mut self, dossiers: Batch, now: Timestamp) -> bool {
        let this = &*self;
        let handled: Vec<(Position, Position, Option<DossierId>, Outcome)> =
            futures_util::stream::iter(dossiers)
                .map(|(dossier, events)| async move {
                    let mut outcomes = Vec::with_capacity(events.len());
                    for arrived in events {
                        let outcome = this.handle(&arrived).await;
                        outcomes.push((arrived.position, arrived.before, dossier, outcome));
                    }
                    futures_util::stream::iter(outcomes)
                })
                .buffer_unordered(IN_FLIGHT_MAX)
                .flatten()
                .collect()
                .await;
        let mut changed = false;
        for (position, before, dossier, outcome) in handled {
            match outcome {
                Outcome::Done => changed |= self.parked.remove(&position).is_some(),
                Outcome::NotYet(reason) => {
                    let (since, tries, next_at) = (now, 0, now);
                    let fresh = Parked { position, before, dossier, since, tries, next_at, reason };
                    self.park(fresh, now);
                    changed = true;
                }
            }
        }
        changed
    }

    /// Parks an event, or updates one that is parked already.
    fn park(&mut self, fresh: Parked, now: Timestamp) {
        let reason = fresh.reason;
        let parked = self.parked.entry(fresh.position).or_insert(fresh);
        parked.tries = parked.tries.saturating_add(1);
        parked.reason = reason;
        parked.next_at = now.checked_add(back_off(parked.tries)).unwrap_or(Timestamp::MAX);
    }

    async fn handle(&self, arrived: &Arrived) -> Outcome {
        let (event, envelope) = match arrived.read(&self.kit.store).await {
            Ok(Some(read)) => read,
            Ok(None) => return Outcome::NotYet("the event is not in the log"),
            Err(_) => return Outcome::NotYet("the event cannot be read now"),
        };
        let Some(envelope) = &envelope else { return Outcome::NotYet("unreadable metadata") };
        let incoming = Incoming { id: event.id, kind: &event.kind, data: &event.data, envelope };
        let follows = match Subscription::<S>::react(&incoming) {
            Ok(follows) => follows,
            Err(error) => {
                tracing::error!(service = self.service, %error, "an event cannot be read");
                return Outcome::NotYet("unreadable event");
            }
        };
        if follows.is_empty() {
            return Outcome::Done;
        }
        let (kind, trace) = (&*event.kind, envelope.trace.as_deref());
        let span = telemetry::reaction(self.service, kind, event.position.0, trace);
        self.perform(&event, envelope, follows).instrument(span).await
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
            let Ok(stream) = Streams::<S>::name(&follow.dossier.to_string()) else { continue };
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
                    tracing::warn!(service, reaction, ?error, "a reaction failed");
                    return Outcome::NotYet("failed");
                }
            }
        }
        Outcome::Done
    }

    /// Saves the position and the parked events.
    async fn save(&mut self) -> Result<(), Stalled> {
        self.give_up().await?;
        self.view.write(self.position, |rows| {
            rows.execute("DELETE FROM parked", [])?;
            for (position, parked) in &self.parked {
                rows.prepare_cached("INSERT INTO parked VALUES (?1, ?2, ?3)")?.execute(params![
                    position.0.cast_signed(),
                    parked.since.as_second(),
                    parked.tries
                ])?;
            }
            Ok(())
        })?;
        self.unsaved = 0;
        Ok(())
    }

    /// Records events that have been parked for too long as dead letters.
    async fn give_up(&mut self) -> Result<(), Stalled> {
        let limit = SignedDuration::try_from(PARKED_FOR_MAX).unwrap_or(SignedDuration::MAX);
        let now = self.kit.clock.now();
        let too_long = |parked: &Parked| now.duration_since(parked.since) > limit;
        let dead: Vec<Parked> = self.parked.values().filter(|p| too_long(p)).cloned().collect();
        for Parked { position, since, reason, .. } in dead {
            let Some(event) = self.kit.store.event_at(position).await? else {
                self.parked.remove(&position);
                continue;
            };
            let letter = DeadLetter {
                service: self.service.to_owned(),
                position: event.position,
                kind: event.kind.to_string(),
                stream: event.stream.to_string(),
                reason: reason.to_owned(),
            };
            letters::give_up(&self.kit.store, &letter, (event.id, since), now).await?;
            let (service, position, kind) = (self.service, event.position.0, &*event.kind);
            tracing::error!(service, position, kind, "an event is given up");
            self.parked.remove(&event.position);
        }
        Ok(())
    }
}

impl<S: State> Task for Reactions<S> {
    fn name(&self) -> &'static str {
        self.service
    }

    fn work(&self) -> Work {
        Work::Reacts
    }

    fn gather(&self) -> Duration {
        GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }

    fn woken<'a>(&'a mut self, _kit: &'a Kit, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(self.place.woken(done))
    }
}
