//! The deadline keeper: indexes what falls due in the streams of one kind, and enforces it when it
//! is due.
//!
//! The index is derived from the obligations that the states declare, and its file can be deleted
//! at any time. No obligation is lost: an attempt without effect is retried with back-off, at least
//! once a minute, and one that fails does not delay others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dossier::contract::EventSet;
use dossier::{Obligation, State};
use events::bus::Leadership;
use events::{Filter, Position, Recorded, StreamName};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Next, Progress, Stalled, Task, Work, back_off, looked_at};
use crate::limits::{GROUPS_IN_FLIGHT, PAGE_EVENTS};
use crate::streams::Streams;
use crate::view::{View, ViewError};
use crate::{Clock, Kit};

mod enforcement;
mod index;

use enforcement::{Changed, obligations};
use index::{Due, Index};

/// Due obligations that are taken from the index at once.
const SWEEP: usize = 4_096;
/// Streams for which the position of the last read is cached. Must exceed the streams that one
/// sweep changes, or each of them is read from the store again.
const READ_MAX: usize = 4 * SWEEP;

/// Access to the deadline index, independent of the keeper.
#[derive(Debug, Clone)]
pub struct KeeperHealth {
    index: Arc<Mutex<Index>>,
    clock: Clock,
}

impl KeeperHealth {
    /// Number of open obligations.
    #[must_use]
    pub fn open(&self) -> usize {
        lock(&self.index).len()
    }

    /// Ids of streams with open obligations.
    #[must_use]
    pub fn streams(&self) -> BTreeSet<Uuid> {
        lock(&self.index).streams()
    }

    /// Position up to which the index is complete.
    #[must_use]
    pub fn reached(&self) -> Position {
        lock(&self.index).reached
    }

    /// Number of obligations that are due and not enforced yet.
    #[must_use]
    pub fn due(&self) -> usize {
        let behind_now = self.clock.now().checked_add(SignedDuration::from_nanos(1));
        lock(&self.index).count_before(behind_now.unwrap_or(Timestamp::MAX))
    }

    /// Number of obligations that fell due after `after` and not later than `by`, and are not
    /// enforced yet; including those that an outage or a consultation suspends.
    #[must_use]
    pub fn due_between(&self, after: Timestamp, by: Timestamp) -> usize {
        lock(&self.index).count_between(after, by)
    }

    /// Number of obligations that have been due for more than a minute.
    #[must_use]
    pub fn overdue(&self) -> usize {
        let minute_ago = self.clock.now().checked_sub(SignedDuration::from_secs(60));
        lock(&self.index).count_before(minute_ago.unwrap_or(Timestamp::MIN))
    }
}

fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Streams with new events.
type Touched = BTreeMap<Uuid, StreamName>;

/// Indexes and enforces the deadlines of one kind of stream.
pub struct Keeper<S: State> {
    kit: Arc<Kit>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    index: Arc<Mutex<Index>>,
    filter: Filter,
    position: Position,
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

impl<S: State> std::fmt::Debug for Keeper<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<S: State> Keeper<S> {
    /// Opens the index in the file `name`. Nothing is enforced before `after` has reached the
    /// present head.
    pub fn open(
        service: &'static str,
        name: &'static str,
        streams: &Arc<Streams<S>>,
        after: Option<&Progress>,
    ) -> Result<(Self, KeeperHealth), ViewError> {
        let kit = streams.kit();
        let view = View::open(kit.views.as_deref(), index::shape(name), &kit.store)?;
        Self::on(service, view, streams, after, kit.lead(service))
    }

    /// Builds the index from the whole log in memory, for a process that enforces nothing itself.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn counted(kit: &Arc<Kit>) -> Result<KeeperHealth, Stalled> {
        let streams = Arc::new(Streams::<S>::new(Arc::clone(kit)));
        let view = View::open(None, index::shape(S::CATEGORY), &kit.store)?;
        let (mut keeper, health) =
            Self::on(S::CATEGORY, view, &streams, None, Leadership::alone())?;
        while keeper.follow().await? {}
        Ok(health)
    }

    fn on(
        service: &'static str,
        view: View,
        streams: &Arc<Streams<S>>,
        after: Option<&Progress>,
        lead: Leadership,
    ) -> Result<(Self, KeeperHealth), ViewError> {
        let kit = Arc::clone(streams.kit());
        let index = Index::load(Arc::new(view))?;
        let position = index.written();
        let index = Arc::new(Mutex::new(index));
        let health = KeeperHealth { index: Arc::clone(&index), clock: kit.clock.clone() };
        let filter = Filter { kinds: S::Event::KINDS.iter().map(|kind| (*kind).into()).collect() };
        let read = LruCache::new(NonZeroUsize::new(READ_MAX).unwrap_or(NonZeroUsize::MIN));
        let keeper = Self {
            kit,
            service,
            streams: Arc::clone(streams),
            index,
            filter,
            position,
            read,
            deferred: HashMap::new(),
            lead,
            leads: false,
            reactions: after.cloned(),
            after: None,
        };
        Ok((keeper, health))
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        // A process whose clock is wrong cannot tell what is due; another replica may be able to.
        let clock = self.kit.time();
        self.lead.stand_back(clock.is_err());
        clock?;
        if self.follow().await? {
            return Ok(Next::More);
        }
        let leads = self.lead.now() && !self.kit.guard.is_held();
        if leads && !self.leads {
            let head = self.kit.store.head();
            self.after = self.reactions.clone().map(|progress| (progress, head));
        }
        self.leads = leads;
        if !leads {
            return Ok(Next::Idle { done: self.position, wake_at: None });
        }
        if let Some((progress, head)) = &self.after {
            if progress.now() < *head {
                let soon = self.kit.clock.now().checked_add(SignedDuration::from_millis(50)).ok();
                return Ok(Next::Idle { done: self.position, wake_at: soon });
            }
            self.after = None;
        }
        let now = self.kit.clock.now();
        let due = lock(&self.index).due(now, SWEEP, |due| !self.is_deferred(due, now));
        if due.is_empty() {
            // Obligations not due at their retry time were met or moved.
            self.deferred.retain(|_, (_, _, until)| *until > now);
            return Ok(Next::Idle { done: self.position, wake_at: self.next_due(now) });
        }
        self.enforce(due, now).await;
        Ok(Next::More)
    }

    /// Indexes the next page of the log; false if there was none.
    async fn follow(&mut self) -> Result<bool, Stalled> {
        let page = self.kit.store.read_all(self.position, &self.filter, PAGE_EVENTS).await?;
        if page.through <= self.position {
            return Ok(false);
        }
        self.kit.guard.followed(page.events.last().map(|newest| &**newest));
        let own = page.events.iter().filter(|event| event.stream.category() == S::CATEGORY);
        let touched = own.filter_map(|event| self.unread(event)).collect();
        self.index(touched, page.through).await?;
        Ok(true)
    }

    /// The stream of an event, unless it was read beyond the event already: after a long lag, one
    /// read covers many events.
    fn unread(&self, event: &Recorded) -> Option<(Uuid, StreamName)> {
        let Ok(id) = event.stream.id().parse() else {
            tracing::error!(stream = %event.stream, "nothing of a stream without an id can be enforced");
            return None;
        };
        let read = self.read.peek(&id).is_some_and(|read| *read >= event.position);
        (!read).then(|| (id, event.stream.clone()))
    }

    async fn index(&mut self, touched: Touched, through: Position) -> Result<(), Stalled> {
        let mut open: Vec<(Uuid, Vec<Obligation>)> = Vec::with_capacity(touched.len());
        let mut unread: Vec<(Uuid, StreamName)> = Vec::new();
        for (id, stream) in touched {
            match self.streams.current(&stream) {
                Some(loaded) => {
                    self.read.put(id, loaded.position);
                    open.push((id, obligations(&loaded.state)));
                }
                None => unread.push((id, stream)),
            }
        }
        let names: Vec<StreamName> = unread.iter().map(|(_, stream)| stream.clone()).collect();
        let mut unread = unread.into_iter();
        let mut done = 0;
        while done < names.len() {
            // As many streams as may be in memory at a time.
            let read = self.kit.store.read_together(&names[done..]).await?;
            done += read.len().max(1);
            for (events, (id, stream)) in read.iter().zip(&mut unread) {
                match self.streams.take_in(&stream, events) {
                    Ok(loaded) => {
                        self.read.put(id, loaded.position);
                        open.push((id, obligations(&loaded.state)));
                    }
                    // A corrupt stream must not block the others.
                    Err(error) => {
                        tracing::error!(%stream, %error, "nothing of a stream can be enforced");
                    }
                }
            }
        }
        let mut index = lock(&self.index);
        for (stream, obligations) in &open {
            index.replace(*stream, obligations);
        }
        index.read(looked_at(self.position, through));
        index.write_if_behind(through)?;
        (index.reached, self.position) = (through, through);
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
        let begin = (Arc::clone(&this.kit), due.clone());
        let groups = futures_util::stream::unfold(begin, |(kit, mut left)| async move {
            if left.is_empty() {
                return None;
            }
            let group = enforcement::read::<S>(&kit, &left).await;
            left.drain(..group.due.len());
            Some((group, (kit, left)))
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
            lock(&self.index).replace(id, &changed.obligations);
            self.read.put(id, changed.position);
        }
    }
}

impl<S: State> Task for Keeper<S> {
    fn name(&self) -> &'static str {
        self.service
    }

    fn work(&self) -> Work {
        Work::Enforces
    }

    fn gather(&self) -> Duration {
        super::GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }

    fn woken<'a>(&'a mut self, kit: &'a Kit, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            tokio::select! {
                () = kit.store.wait_past(done) => {}
                () = self.lead.other_than(self.leads) => {}
            }
        })
    }
}
