//! The deadline keeper: knows what falls due in the streams of one kind, and enforces it when it does.
//!
//! The index is a view over the obligations that the states declare; it can be deleted at any time. Nothing that is kept in
//! memory can hide an obligation: what was tried without effect is tried again, later and later but at least every
//! minute, and one that fails never holds up another.

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

/// How many due obligations are taken from the index at once.
const SWEEP: usize = 4_096;
/// For how many streams it is remembered up to where they were read: more than a sweep changes, or every change would be
/// read once more from the store.
const READ_MAX: usize = 4 * SWEEP;

/// Looks at the index independently of the keeper.
#[derive(Debug, Clone)]
pub struct KeeperHealth {
    index: Arc<Mutex<Index>>,
    clock: Clock,
}

impl KeeperHealth {
    /// How many obligations are open.
    #[must_use]
    pub fn open(&self) -> usize {
        lock(&self.index).len()
    }

    /// The ids of the streams in which something is open.
    #[must_use]
    pub fn streams(&self) -> BTreeSet<Uuid> {
        lock(&self.index).streams()
    }

    /// Up to where the log was read.
    #[must_use]
    pub fn reached(&self) -> Position {
        lock(&self.index).reached
    }

    /// How many are due now, or have been for long, and are not enforced yet.
    #[must_use]
    pub fn due(&self) -> usize {
        let behind_now = self.clock.now().checked_add(SignedDuration::from_nanos(1));
        lock(&self.index).count_before(behind_now.unwrap_or(Timestamp::MAX))
    }

    /// How many fell due after one instant and by another, and are not enforced yet. Those that an outage or a consultation
    /// holds are among them.
    #[must_use]
    pub fn due_between(&self, after: Timestamp, by: Timestamp) -> usize {
        lock(&self.index).count_between(after, by)
    }

    /// How many have been overdue for more than a minute.
    #[must_use]
    pub fn overdue(&self) -> usize {
        let minute_ago = self.clock.now().checked_sub(SignedDuration::from_secs(60));
        lock(&self.index).count_before(minute_ago.unwrap_or(Timestamp::MIN))
    }
}

fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The streams in which something happened.
type Touched = BTreeMap<Uuid, StreamName>;

/// Keeps the deadlines of one kind of stream.
pub struct Keeper<S: State> {
    kit: Arc<Kit>,
    service: &'static str,
    streams: Arc<Streams<S>>,
    index: Arc<Mutex<Index>>,
    filter: Filter,
    position: Position,
    /// Up to where streams were read that were touched lately.
    read: LruCache<Uuid, Position>,
    /// What had no effect, and when to try it again.
    deferred: HashMap<(Uuid, Arc<str>), (Uuid, u32, Timestamp)>,
    /// One replica enforces; the others keep their index ready.
    lead: Leadership,
    leads: bool,
    reactions: Option<Progress>,
    /// The service's reactions must first have come to the head that was seen when this process began to lead.
    after: Option<(Progress, Position)>,
}

impl<S: State> std::fmt::Debug for Keeper<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<S: State> Keeper<S> {
    /// Opens the index, whose file is `name`. Nothing is enforced before `after` has come to the present head.
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

    /// What falls due in the streams of this kind, counted from the whole log for one who enforces none of it, because another
    /// process does.
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
        // A machine whose clock was set does not know any more what is due; another replica's may be right.
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
            // What was to be tried again by now and is not due any more was met, or moved.
            self.deferred.retain(|_, (_, _, until)| *until > now);
            return Ok(Next::Idle { done: self.position, wake_at: self.next_due(now) });
        }
        self.enforce(due, now).await;
        Ok(Next::More)
    }

    /// Takes the next page of the log into the index; whether there was one.
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

    /// The stream of an event, unless it was read beyond it: far behind the head, one reading sees all that follows.
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
            // As many of them as may be in memory at a time.
            let read = self.kit.store.read_together(&names[done..]).await?;
            done += read.len().max(1);
            for (events, (id, stream)) in read.iter().zip(&mut unread) {
                match self.streams.take_in(&stream, events) {
                    Ok(loaded) => {
                        self.read.put(id, loaded.position);
                        open.push((id, obligations(&loaded.state)));
                    }
                    // One that cannot be read must not hold up all others.
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

    /// What comes next is read, and what came before is being written, while a group is decided on.
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
                // On a task of its own, so that groups use all cores; one that breaks off is tried again.
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

    /// Takes note of a stream that was changed here, before the log is followed to there.
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
