//! Reacts to other services' events with commands of one's own. Events of one dossier are handled
//! one after another, different dossiers side by side. One whose precondition has not arrived is
//! parked and tried again when its dossier moves, and by back-off; it holds up nothing else. Of
//! several replicas the one that leads reacts; the others hear from it how far it has come.

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

/// After how many events the position is written down at the latest; what is handled again after a
/// crash is handled to the same end.
const EVENTS_PER_SAVE: u64 = 1_000;

/// For how long events gather: callers wait for what follows from their steps.
const GATHER: Duration = Duration::from_millis(2);

const TABLES: &str = "
CREATE TABLE parked (
  position INTEGER PRIMARY KEY, since INTEGER NOT NULL, tries INTEGER NOT NULL
) STRICT;";

/// Events to be handled, dossier by dossier.
type Batch = BTreeMap<Option<DossierId>, Vec<Arrived>>;

/// What a service does outside its own stream before it executes a command that follows from an
/// event: it completes the command, or says why that must wait.
pub trait Before<S: State>: Send + Sync {
    /// Does it; the same for the same command again, whatever was killed in between.
    fn before<'a>(&'a self, follow: &'a mut Follow<S>) -> BoxFuture<'a, Result<(), &'static str>>;
}

enum Outcome {
    Done,
    NotYet(&'static str),
}

/// The reactions of one service.
pub struct Reactions<S: State> {
    kit: Arc<Kit>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    view: View,
    place: Place,
    position: Position,
    /// How many events were looked at since the position was written down, at the most.
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
    /// Goes on from where the service's view says; `name` is that of the view's file.
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

    /// Does something before each reaction.
    #[must_use]
    pub fn with(mut self, before: impl Before<S> + 'static) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    /// Looks at what was given up.
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
            // Whoever led before has written down how far that surely was.
            Standing::TakesOver if self.kit.bus.is_shared() => {
                let surely = cursor(&self.kit.store, self.service).await;
                let surely = surely.inspect_err(|_| self.place.leave())?;
                self.position = self.position.max(surely);
            }
            Standing::TakesOver | Standing::Leads => {}
        }
        // Nothing is parked, and given up a day later, because the clock is wrong.
        self.kit.time()?;
        if self.parked.len() >= PARKED_MAX {
            self.retry_due(self.kit.clock.now()).await?;
            // What has waited too long is given up here too, or nothing would ever make room.
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
            // One that was given up is tried again because an operator says so.
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
        // What is parked for a dossier that moves is tried again, in its old place.
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

    /// Up to which position nothing is left to do.
    fn surely(&self) -> Position {
        self.parked.values().next().map_or(self.position, |first| first.before)
    }

    /// Tries again what is parked and due; says whether anything changed.
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

    /// Handles events, dossier by dossier; says whether what is parked changed.
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

    /// Parks an event, or what is parked already once more.
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

    /// Executes the commands that follow from an event.
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

    /// Writes down the position and what is parked.
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

    /// Records what has waited too long as given up.
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
