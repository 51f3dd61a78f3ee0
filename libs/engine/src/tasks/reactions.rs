//! Reacts to events of other services with commands of this service. Events of one dossier are
//! handled in order, those of different dossiers concurrently. An event whose precondition has not
//! arrived is parked, and retried when its dossier has new events and with back-off; it does not
//! block others. Of several replicas the leader reacts and announces its position to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dossier::contract::DossierId;
use dossier::{Follow, State, Subscription};
use events::{Filter, Page, Position};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use super::{
    Follower, Following, Handled, Handler, Progress, Rest, Rows, Saved, Source, Stalled, Work,
    back_off,
};
use crate::limits::{IN_FLIGHT_MAX, PARKED_FOR_MAX, PARKED_MAX};
use crate::view::{Shape, View};
use crate::{Engine, Streams};

mod letters;
mod parked;
mod perform;

pub use letters::{DeadLetter, ReactionsHealth, Retry, dead_letters, try_again};
use parked::{Arrived, Parked, dossier_of};

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
pub type Reactions<S> = Follower<Reacts<S>>;

/// Executes the commands that events cause, and parks the events that must wait.
pub struct Reacts<S: State> {
    engine: Arc<Engine>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    parked: BTreeMap<Position, Parked>,
    before: Option<Box<dyn Before<S>>>,
}

impl<S: State> Reactions<S> {
    /// Continues from the position in the service's view; `name` is its file.
    pub async fn open(
        service: &'static str,
        name: &'static str,
        streams: &Arc<Streams<S>>,
    ) -> Result<(Self, Progress), Stalled> {
        let engine = Arc::clone(streams.engine());
        let shape = Shape { name, version: 2, tables: TABLES };
        let view = Arc::new(View::open(engine.views.as_deref(), shape, &engine.store)?);
        let kinds = S::SUBSCRIPTIONS.iter().map(Subscription::kind);
        let kinds = kinds.chain([letters::TRIED_AGAIN]).map(Into::into).collect();
        let filter = Filter { kinds };
        let following = Following {
            work: Work::Reacts,
            gather: GATHER,
            source: Source::bus(&engine, service, &filter),
            filter,
            ..Following::new(service, &[], Source::Every, Saved::View(Arc::clone(&view)))
        };
        let (streams, parked) = (Arc::clone(streams), BTreeMap::new());
        let mut reacts = Reacts { engine, service, streams, parked, before: None };
        reacts.load_parked(&view).await?;
        let reactions = Self::new(&Arc::clone(&reacts.engine), following, reacts)?;
        let progress = reactions.progress();
        Ok((reactions, progress))
    }

    /// Sets the work to be done before each reaction.
    #[must_use]
    pub fn with(mut self, before: impl Before<S> + 'static) -> Self {
        self.handler.before = Some(Box::new(before));
        self
    }

    /// Access to dead letters and progress.
    #[must_use]
    pub fn health(&self) -> ReactionsHealth {
        ReactionsHealth {
            service: self.handler.service,
            store: Arc::clone(&self.engine.store),
            progress: self.progress(),
        }
    }
}

impl<S: State> Handler for Reacts<S> {
    async fn prepare(&mut self) -> Result<bool, Stalled> {
        // By a wrong clock, events would be parked and then given up a day too early.
        self.engine.time()?;
        if self.parked.len() < PARKED_MAX {
            return Ok(false);
        }
        // Saving gives up what was parked for too long, or there would never be room again.
        self.retry_due(self.engine.clock.now()).await?;
        Ok(true)
    }

    async fn handle(&mut self, after: Position, page: Page) -> Result<Handled, Stalled> {
        if self.parked.len() >= PARKED_MAX {
            return Err(Stalled::Parked(self.parked.len()));
        }
        let (mut dossiers, mut before) = (Batch::new(), after);
        for event in page.events {
            let position = event.position;
            // An operator requests the retry of a dead letter.
            let again = letters::tried_again_by(self.service, &event);
            let arrived = match again {
                Some(given_up) => Arrived::given_up(&self.engine.store, given_up).await?,
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
        let save = self.handle_all(dossiers, self.engine.clock.now()).await;
        Ok(Handled::Done { save })
    }

    async fn rest(&mut self, _at: Position) -> Result<Rest, Stalled> {
        let save = self.retry_due(self.engine.clock.now()).await?;
        let wake_at = self.parked.values().map(|parked| parked.next_at).min();
        Ok(Rest::Until { wake_at, save })
    }

    async fn state(&mut self) -> Result<Rows, Stalled> {
        self.give_up().await?;
        let parked: Vec<(i64, i64, u32)> = self.parked.values().map(Parked::row).collect();
        Ok(Box::new(move |rows| {
            rows.execute("DELETE FROM parked", [])?;
            let mut insert = rows.prepare_cached("INSERT INTO parked VALUES (?1, ?2, ?3)")?;
            parked.iter().try_for_each(|(position, since, tries)| {
                insert.execute(params![position, since, tries]).map(|_| ())
            })
        }))
    }

    /// The position before the first parked event.
    fn settled(&self, at: Position) -> Position {
        self.parked.values().next().map_or(at, |first| first.before)
    }
}

impl<S: State> Reacts<S> {
    async fn load_parked(&mut self, view: &View) -> Result<(), Stalled> {
        let rows: Vec<(i64, i64, u32)> = view.peek(|rows| {
            rows.prepare("SELECT position, since, tries FROM parked")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        for (position, since, tries) in rows {
            let position = Position(u64::try_from(position).unwrap_or(0));
            let Some(event) = self.engine.store.event_at(position).await? else { continue };
            let since = Timestamp::from_second(since).unwrap_or(Timestamp::MIN);
            let dossier = dossier_of(&event);
            drop(event);
            let (next_at, reason) = (Timestamp::MIN, "parked before the restart");
            let before = self.engine.store.read_back(position, 2).await?.pop();
            let before = before.map(|before| before.position).filter(|before| *before < position);
            let before = before.unwrap_or(Position::START);
            let parked = Parked { position, before, dossier, since, tries, next_at, reason };
            self.parked.insert(position, parked);
        }
        Ok(())
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
                        let outcome = this.react(&arrived).await;
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

    /// Records events that have been parked for too long as dead letters.
    async fn give_up(&mut self) -> Result<(), Stalled> {
        let limit = SignedDuration::try_from(PARKED_FOR_MAX).unwrap_or(SignedDuration::MAX);
        // By a clock that was set ahead, everything would have been parked for too long.
        let Ok(now) = self.engine.time() else { return Ok(()) };
        let too_long = |parked: &Parked| now.duration_since(parked.since) > limit;
        let dead: Vec<Parked> = self.parked.values().filter(|p| too_long(p)).cloned().collect();
        for Parked { position, since, reason, .. } in dead {
            let Some(event) = self.engine.store.event_at(position).await? else {
                self.parked.remove(&position);
                continue;
            };
            let letter = DeadLetter {
                service: self.service.to_owned(),
                position: event.position,
                kind: event.kind.to_string(),
                stream: event.stream.to_string(),
                reason: reason.to_owned(),
                given_up_at: None,
            };
            letters::give_up(&self.engine.store, &letter, (event.id, since), now).await?;
            let (service, position, kind) = (self.service, event.position.0, &*event.kind);
            tracing::error!(
                service,
                position,
                kind,
                "reaction gave up on an event; recording a dead letter"
            );
            self.parked.remove(&event.position);
        }
        Ok(())
    }
}
