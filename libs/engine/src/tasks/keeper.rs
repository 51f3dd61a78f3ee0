//! The deadline keeper: indexes what falls due in the streams of one kind, and enforces it when it
//! is due.
//!
//! The index is derived from the deadlines that the states declare, and its file can be deleted
//! at any time. No deadline is lost: an attempt without effect is retried with back-off, at least
//! once a minute, and one that fails does not delay others.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dossier::clock;
use dossier::contract::EventSet;
use events::bus::Leadership;
use events::{Page, Position, Recorded, StreamName};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    Follower, Following, Handled, Handler, Progress, Rest, Rows, Saved, Source, Stalled, Work,
    back_off,
};
use crate::limits::GROUPS_IN_FLIGHT;
use crate::view::{View, ViewError};
use crate::{Engine, Streams};

mod enforcement;
mod health;
mod index;

use enforcement::{Changed, deadlines};
pub use health::KeeperHealth;
use index::{Due, Index, Open};

/// Due obligations that are taken from the index at once.
const SWEEP: usize = 4_096;
/// Streams for which the position of the last read is cached. Must exceed the streams that one
/// sweep changes, or each of them is read from the store again.
const READ_MAX: NonZeroUsize = NonZeroUsize::new(4 * SWEEP).expect("a sweep is not empty");

fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Streams with new events.
type Touched = BTreeMap<Uuid, StreamName>;

/// Indexes and enforces the deadlines of one kind of stream.
pub type Keeper<S> = Follower<Deadlines<S>>;

/// Indexes the streams that a page changed, and enforces what is due when there are no more events.
pub struct Deadlines<S: clock::Deadlines> {
    engine: Arc<Engine>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    index: Arc<Mutex<Index>>,
    /// Position up to which recently changed streams were read.
    read: LruCache<Uuid, Position>,
    /// Attempts without effect: the event that opened the obligation, the number of tries, and when
    /// to retry.
    deferred: HashMap<(Uuid, Arc<str>), (Uuid, u32, Timestamp)>,
    /// One replica enforces; the others keep their index up to date.
    lead: Leadership,
    leads: bool,
    reactions: Option<Progress>,
    /// Enforcement begins when the reactions have reached the head as of the time when this process
    /// became leader.
    after: Option<(Progress, Position)>,
}

impl<S: clock::Deadlines> Keeper<S> {
    /// Opens the index in the file `name`. Nothing is enforced before `after` has reached the
    /// present head.
    pub fn open(
        service: &'static str,
        name: &'static str,
        streams: &Arc<Streams<S>>,
        after: Option<&Progress>,
    ) -> Result<(Self, KeeperHealth), ViewError> {
        let engine = streams.engine();
        let view =
            View::open(engine.views.as_deref(), index::shape::<S::Kind>(name), &engine.store)?;
        Self::on(service, view, streams, after, engine.lead(service))
    }

    /// Builds the index from the whole log in memory, for a process that enforces nothing itself.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn counted(engine: &Arc<Engine>) -> Result<KeeperHealth, Stalled> {
        let streams = Arc::new(Streams::<S>::new(Arc::clone(engine)));
        let view = View::open(None, index::shape::<S::Kind>(S::CATEGORY), &engine.store)?;
        let (mut keeper, health) =
            Self::on(S::CATEGORY, view, &streams, None, Leadership::alone())?;
        keeper.catch_up().await?;
        Ok(health)
    }

    fn on(
        service: &'static str,
        view: View,
        streams: &Arc<Streams<S>>,
        after: Option<&Progress>,
        lead: Leadership,
    ) -> Result<(Self, KeeperHealth), ViewError> {
        let (engine, view) = (Arc::clone(streams.engine()), Arc::new(view));
        let index = Arc::new(Mutex::new(Index::load(&view)?));
        let following = Following {
            work: Work::Enforces,
            save_after: index::BEHIND_MAX,
            ..Following::new(service, S::Event::KINDS, Source::Every, Saved::View(view))
        };
        let read = LruCache::new(READ_MAX);
        let deadlines = Deadlines {
            engine: Arc::clone(&engine),
            service,
            streams: Arc::clone(streams),
            index: Arc::clone(&index),
            read,
            deferred: HashMap::new(),
            lead,
            leads: false,
            reactions: after.cloned(),
            after: None,
        };
        let clock = engine.clock.clone();
        let keeper = Self::new(&engine, following, deadlines)?;
        let progress = keeper.progress();
        Ok((keeper, KeeperHealth { index, clock, progress }))
    }
}

impl<S: clock::Deadlines> Handler for Deadlines<S> {
    async fn prepare(&mut self) -> Result<bool, Stalled> {
        // A process whose clock is wrong cannot tell what is due; another replica may be able to.
        let clock = self.engine.time();
        self.lead.stand_back(clock.is_err());
        clock?;
        Ok(false)
    }

    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let own = page.events.iter().filter(|event| event.stream.category() == S::CATEGORY);
        let touched = own.filter_map(|event| self.unread(event)).collect();
        self.index(touched).await?;
        Ok(Handled::Done { save: false })
    }

    async fn rest(&mut self, _at: Position) -> Result<Rest, Stalled> {
        let until = |wake_at| Rest::Until { wake_at, save: false };
        let leads = self.lead.now() && !self.engine.guard.is_held();
        if leads && !self.leads {
            let head = self.engine.store.head();
            self.after = self.reactions.clone().map(|progress| (progress, head));
        }
        self.leads = leads;
        if !leads {
            return Ok(until(None));
        }
        if let Some((progress, head)) = &self.after {
            if progress.now() < *head {
                let soon =
                    self.engine.clock.now().checked_add(SignedDuration::from_millis(50)).ok();
                return Ok(until(soon));
            }
            self.after = None;
        }
        let now = self.engine.clock.now();
        let due = lock(&self.index).due(now, SWEEP, |due| !self.is_deferred(due, now));
        if due.is_empty() {
            // Obligations not due at their retry time were met or moved.
            self.deferred.retain(|_, (_, _, until)| *until > now);
            return Ok(until(self.next_due(now)));
        }
        self.enforce(due, now).await;
        Ok(Rest::More)
    }

    async fn state(&mut self) -> Result<Rows, Stalled> {
        let changes = lock(&self.index).changes();
        Ok(Box::new(move |rows| changes.iter().try_for_each(|change| change.write(rows))))
    }

    fn saved(&mut self) {
        lock(&self.index).saved();
    }

    async fn woken(&mut self) {
        self.lead.other_than(self.leads).await;
    }
}

impl<S: clock::Deadlines> Deadlines<S> {
    /// The stream of an event, unless it was read beyond the event already: after a long lag, one
    /// read covers many events.
    fn unread(&self, event: &Recorded) -> Option<(Uuid, StreamName)> {
        let Ok(id) = event.stream.id().parse() else {
            tracing::error!(stream = %event.stream, "deadlines of a stream without an id cannot be enforced");
            return None;
        };
        let read = self.read.peek(&id).is_some_and(|read| *read >= event.position);
        (!read).then(|| (id, event.stream.clone()))
    }

    async fn index(&mut self, touched: Touched) -> Result<(), Stalled> {
        // A stream counts as read once it is indexed: a read may fail in between.
        let mut open: Vec<(Uuid, Position, Vec<Open>)> = Vec::with_capacity(touched.len());
        let mut unread: Vec<(Uuid, StreamName)> = Vec::new();
        for (id, stream) in touched {
            match self.streams.current(&stream) {
                Some(loaded) => open.push((id, loaded.position, deadlines(&loaded.state))),
                None => unread.push((id, stream)),
            }
        }
        let names: Vec<StreamName> = unread.iter().map(|(_, stream)| stream.clone()).collect();
        let mut unread = unread.into_iter();
        let mut done = 0;
        while done < names.len() {
            // As many streams as may be in memory at a time.
            let read = self.engine.store.read_together(&names[done..]).await?;
            done += read.len().max(1);
            for (events, (id, stream)) in read.iter().zip(&mut unread) {
                match self.streams.take_in(&stream, events) {
                    Ok(loaded) => open.push((id, loaded.position, deadlines(&loaded.state))),
                    // A corrupt stream must not block the others.
                    Err(error) => {
                        tracing::error!(%stream, %error, "deadlines of a stream cannot be enforced");
                        self.engine.metrics.defect(Work::Enforces.name());
                    }
                }
            }
        }
        let mut index = lock(&self.index);
        for (stream, position, deadlines) in &open {
            index.replace(*stream, deadlines);
            self.read.put(*stream, *position);
        }
        Ok(())
    }

    fn is_deferred(&self, due: &Due, now: Timestamp) -> bool {
        let deferred = self.deferred.get(&(due.stream, due.kind.clone()));
        deferred.is_some_and(|(opened_by, _, until)| *opened_by == due.opened_by && *until > now)
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let next = lock(&self.index).next_after(now);
        let retry = self.deferred.values().map(|(_, _, until)| *until).min();
        [next, retry].into_iter().flatten().min()
    }

    /// Enforces in a pipeline: the next group is read and earlier ones are written while one is
    /// decided.
    async fn enforce(&mut self, due: Vec<Due>, now: Timestamp) {
        let this = &*self;
        let begin = (Arc::clone(&this.engine), due.clone());
        let groups = futures_util::stream::unfold(begin, |(engine, mut left)| async move {
            if left.is_empty() {
                return None;
            }
            let group = enforcement::read::<S>(&engine, &left).await;
            left.drain(..group.due.len());
            Some((group, (engine, left)))
        });
        let enforced: Vec<Vec<Option<Changed>>> = groups
            .map(|group| async move {
                let due = group.due.len();
                // Groups run on tasks of their own, to use all cores. After a panic they are
                // retried.
                let enforcing =
                    enforcement::enforce(Arc::clone(&this.streams), this.service, group);
                let mut task = JoinSet::new();
                task.spawn(enforcing);
                let enforced = task.join_next().await.and_then(Result::ok);
                enforced.unwrap_or_else(|| (0..due).map(|_| None).collect())
            })
            .buffered(GROUPS_IN_FLIGHT)
            .collect()
            .await;
        for (due, changed) in due.into_iter().zip(enforced.into_iter().flatten()) {
            if let Some(changed) = &changed {
                self.note(due.stream, changed);
            }
            let key = (due.stream, due.kind);
            if changed.is_some() {
                self.deferred.remove(&key);
                continue;
            }
            let tries = self.deferred.get(&key).map_or(0, |(_, tries, _)| tries.saturating_add(1));
            let until = now.checked_add(back_off(tries)).unwrap_or(Timestamp::MAX);
            self.deferred.insert(key, (due.opened_by, tries, until));
        }
        self.deferred.retain(|_, (_, _, until)| *until > now);
    }

    /// Indexes a stream that this process has changed, before the event is followed.
    fn note(&mut self, id: Uuid, changed: &Changed) {
        if self.read.peek(&id).is_none_or(|read| *read < changed.position) {
            lock(&self.index).replace(id, &changed.deadlines);
            self.read.put(id, changed.position);
        }
    }
}
