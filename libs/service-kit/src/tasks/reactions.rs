//! Reacts to other services' events with commands of one's own. Events of one dossier are handled one after another,
//! different dossiers side by side. One whose precondition has not arrived is parked and tried again when its dossier
//! moves, and by back-off; it holds up nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dossier::contract::{DossierId, Envelope};
use dossier::{Incoming, Reaction};
use events::{Filter, Position, Recorded};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Next, Progress, Stalled, Task, back_off};
use crate::Kit;
use crate::limits::{IN_FLIGHT_MAX, PAGE_EVENTS, PARKED_FOR_MAX, PARKED_MAX};
use crate::streams::{Authority, Failure, Order, Streams, envelope};
use crate::view::{Shape, View, ViewError};

mod letters;

pub use letters::{DeadLetter, ReactionsHealth};

/// After how many events the position is written down at the latest; what is handled again after a crash is handled to
/// the same end.
const EVENTS_PER_SAVE: u64 = 1_000;

/// For how long events gather: callers wait for what follows from their steps.
const GATHER: Duration = Duration::from_millis(2);

const TABLES: &str = "
CREATE TABLE parked (
  position INTEGER PRIMARY KEY, since INTEGER NOT NULL, tries INTEGER NOT NULL
) STRICT;
CREATE TABLE dead (
  position INTEGER PRIMARY KEY, kind TEXT NOT NULL, stream TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL
) STRICT;";

#[derive(Debug, Clone)]
struct Parked {
    event: Arc<Recorded>,
    dossier: Option<DossierId>,
    since: Timestamp,
    tries: u32,
    next_at: Timestamp,
    reason: &'static str,
}

/// An event with what stands beside it, read once; nothing if that cannot be read.
struct Arrived {
    event: Arc<Recorded>,
    envelope: Option<Envelope>,
}

impl Arrived {
    fn read(event: Arc<Recorded>) -> Self {
        let envelope = envelope(&event).ok();
        Self { event, envelope }
    }

    fn dossier(&self) -> Option<DossierId> {
        self.envelope.as_ref()?.dossier
    }
}

/// Events to be handled, dossier by dossier.
type Batch = BTreeMap<Option<DossierId>, Vec<Arrived>>;

enum Outcome {
    Done,
    NotYet(&'static str),
}

/// The reactions of one service.
pub struct Reactions<R: Reaction> {
    kit: Arc<Kit>,
    service: &'static str,
    streams: Arc<Streams<R::State>>,
    view: Arc<View>,
    filter: Filter,
    position: Position,
    saved: Position,
    parked: BTreeMap<Position, Parked>,
    progress: watch::Sender<Position>,
}

impl<R: Reaction> std::fmt::Debug for Reactions<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reactions").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<R: Reaction> Reactions<R> {
    /// Goes on from where the service's view says; `name` is that of the view's file.
    pub async fn open(
        service: &'static str,
        name: &'static str,
        streams: &Arc<Streams<R::State>>,
    ) -> Result<(Self, Progress), Stalled> {
        let kit = Arc::clone(streams.kit());
        let shape = Shape { name, version: 1, tables: TABLES };
        let view = Arc::new(View::open(kit.views.as_deref(), shape, &kit.store)?);
        let position = view.position()?;
        let (progress, reached) = Progress::new();
        progress.send_replace(position);
        let mut reactions = Self {
            kit,
            service,
            streams: Arc::clone(streams),
            view,
            filter: Filter { kinds: R::LISTENS.iter().map(|kind| (*kind).into()).collect() },
            position,
            saved: position,
            parked: BTreeMap::new(),
            progress,
        };
        reactions.load_parked().await?;
        Ok((reactions, reached))
    }

    /// Looks at what was given up.
    #[must_use]
    pub fn health(&self) -> ReactionsHealth {
        ReactionsHealth { service: self.service, view: Arc::clone(&self.view) }
    }

    async fn load_parked(&mut self) -> Result<(), Stalled> {
        let rows: Vec<(i64, i64, u32)> = self.view.peek(|rows| {
            rows.prepare("SELECT position, since, tries FROM parked")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        for (position, since, tries) in rows {
            let position = Position(u64::try_from(position).unwrap_or(0));
            let before = Position(position.0.saturating_sub(1));
            let page = self.kit.store.read_all(before, &Filter::default(), 1).await?;
            let Some(event) = page.events.into_iter().find(|event| event.position == position)
            else {
                continue;
            };
            let since = Timestamp::from_second(since).unwrap_or(Timestamp::MIN);
            let dossier = envelope(&event).ok().and_then(|envelope| envelope.dossier);
            let (next_at, reason) = (Timestamp::MIN, "parked before the restart");
            self.parked.insert(position, Parked { event, dossier, since, tries, next_at, reason });
        }
        Ok(())
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        if self.parked.len() >= PARKED_MAX {
            self.retry_due(self.kit.clock.now()).await?;
            // What has waited too long is given up here too, or nothing would ever make room.
            self.save_if_behind(0)?;
            if self.parked.len() >= PARKED_MAX {
                return Err(Stalled::Parked(self.parked.len()));
            }
        }
        let page = self.kit.store.read_all(self.position, &self.filter, PAGE_EVENTS).await?;
        let now = self.kit.clock.now();
        if page.through == self.position {
            let retried = self.retry_due(now).await?;
            self.save_if_behind(if retried { 0 } else { EVENTS_PER_SAVE })?;
            let wake_at = self.parked.values().map(|parked| parked.next_at).min();
            return Ok(Next::Idle { done: self.position, wake_at });
        }
        let mut dossiers = Batch::new();
        for arrived in page.events.into_iter().map(Arrived::read) {
            dossiers.entry(arrived.dossier()).or_default().push(arrived);
        }
        // What is parked for a dossier that moves is tried again, in its old place.
        let moved: BTreeSet<DossierId> = dossiers.keys().flatten().copied().collect();
        for parked in self.parked.values().rev() {
            if let Some(dossier) = parked.dossier.filter(|dossier| moved.contains(dossier)) {
                let arrived = Arrived::read(Arc::clone(&parked.event));
                dossiers.entry(Some(dossier)).or_default().insert(0, arrived);
            }
        }
        let changed = self.handle_all(dossiers, now).await;
        self.position = page.through;
        self.save_if_behind(if changed { 0 } else { EVENTS_PER_SAVE })?;
        self.progress.send_replace(self.position);
        Ok(Next::More)
    }

    /// Tries again what is parked and due; says whether anything changed.
    async fn retry_due(&mut self, now: Timestamp) -> Result<bool, Stalled> {
        let mut dossiers = Batch::new();
        for parked in self.parked.values().filter(|parked| parked.next_at <= now) {
            let arrived = Arrived::read(Arc::clone(&parked.event));
            dossiers.entry(parked.dossier).or_default().push(arrived);
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
        let handled: Vec<(Option<DossierId>, Arc<Recorded>, Outcome)> =
            futures_util::stream::iter(dossiers)
                .map(|(dossier, events)| async move {
                    let mut outcomes = Vec::with_capacity(events.len());
                    for arrived in events {
                        let outcome = this.handle(&arrived).await;
                        outcomes.push((dossier, arrived.event, outcome));
                    }
                    futures_util::stream::iter(outcomes)
                })
                .buffer_unordered(IN_FLIGHT_MAX)
                .flatten()
                .collect()
                .await;
        let mut changed = false;
        for (dossier, event, outcome) in handled {
            match outcome {
                Outcome::Done => changed |= self.parked.remove(&event.position).is_some(),
                Outcome::NotYet(reason) => {
                    self.park(dossier, event, now, reason);
                    changed = true;
                }
            }
        }
        changed
    }

    fn park(
        &mut self,
        dossier: Option<DossierId>,
        event: Arc<Recorded>,
        now: Timestamp,
        reason: &'static str,
    ) {
        let fresh = Parked { event, dossier, since: now, tries: 0, next_at: now, reason };
        let parked = self.parked.entry(fresh.event.position).or_insert(fresh);
        parked.tries = parked.tries.saturating_add(1);
        parked.reason = reason;
        parked.next_at = now.checked_add(back_off(parked.tries)).unwrap_or(Timestamp::MAX);
    }

    async fn handle(&self, Arrived { event, envelope }: &Arrived) -> Outcome {
        let Some(envelope) = envelope else { return Outcome::NotYet("unreadable metadata") };
        let incoming = Incoming { id: event.id, kind: &event.kind, data: &event.data, envelope };
        let reactions = match R::react(&incoming) {
            Ok(reactions) => reactions,
            Err(error) => {
                tracing::error!(service = self.service, %error, "an event cannot be read");
                return Outcome::NotYet("unreadable event");
            }
        };
        for (ordinal, reaction) in reactions.into_iter().enumerate() {
            let id = reaction.dossier().to_string();
            let Ok(stream) = Streams::<R::State>::name(&id) else { continue };
            let name = format!("{}/{ordinal}/{stream}", reaction.name());
            let order = Order {
                command: Uuid::new_v5(&event.id, name.as_bytes()),
                stream,
                digest: "",
                authority: Authority::Service(self.service),
                seen: None,
                existing: false,
                under: reaction.received_under(),
                dossier: Some(reaction.dossier()),
                cause: Some(event.id),
                trace: envelope.trace.clone(),
                elsewhere: &[],
            };
            match self.streams.react(&order, |state, facts| reaction.decide(state, facts)).await {
                Ok(_) => {}
                Err(Failure::NotYet) => return Outcome::NotYet("something must come first"),
                Err(error) => {
                    tracing::warn!(
                        service = self.service,
                        reaction = reaction.name(),
                        ?error,
                        "a reaction failed"
                    );
                    return Outcome::NotYet("failed");
                }
            }
        }
        Outcome::Done
    }

    /// Writes down the position and what is parked, if it is at least `events` behind.
    fn save_if_behind(&mut self, events: u64) -> Result<(), ViewError> {
        let behind = self.position.0.saturating_sub(self.saved.0);
        if behind < events || (events > 0 && behind == 0) {
            return Ok(());
        }
        let limit = SignedDuration::try_from(PARKED_FOR_MAX).unwrap_or(SignedDuration::MAX);
        let now = self.kit.clock.now();
        let given_up = |parked: &Parked| now.duration_since(parked.since) > limit;
        let (dead, alive): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.parked).into_iter().partition(|(_, parked)| given_up(parked));
        self.view.write(self.position, |rows| {
            rows.execute("DELETE FROM parked", [])?;
            for (position, parked) in &alive {
                rows.prepare_cached("INSERT INTO parked VALUES (?1, ?2, ?3)")?.execute(params![
                    position.0.cast_signed(),
                    parked.since.as_second(),
                    parked.tries
                ])?;
            }
            for (position, parked) in &dead {
                tracing::error!(
                    service = self.service,
                    position = position.0,
                    kind = &*parked.event.kind,
                    "an event is given up"
                );
                rows.prepare_cached("INSERT OR REPLACE INTO dead VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![
                        position.0.cast_signed(),
                        &*parked.event.kind,
                        parked.event.stream.as_str(),
                        parked.since.as_second(),
                        parked.reason
                    ])?;
            }
            Ok(())
        })?;
        self.parked = alive.into_iter().collect();
        self.saved = self.position;
        Ok(())
    }
}

impl<R: Reaction> Task for Reactions<R> {
    fn name(&self) -> &'static str {
        self.service
    }

    fn gather(&self) -> Duration {
        GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }
}
