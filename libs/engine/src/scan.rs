//! One scan of the log for the followers of a process (ADR 25). A page is read once, with the
//! events that any of them needs, and is handed to each of them while they are near each other.
//!
//! Each follower keeps its own position, saves it with its own rows, and reads pages as it would
//! from the store: the scan only decides where a page comes from. So it cannot skip or repeat an
//! event, and what is in it need not survive.
//!
//! - Pages are a chain without gaps, bounded in bytes. A follower that is ahead waits for those
//!   that still need the oldest page, so that they stay near each other; one reads ahead while
//!   others write.
//! - Nobody waits for a follower that rests, fails, or has not returned from a page for
//!   [`SCAN_WAIT_MAX`]. When it returns and its page is no longer in the chain, it reads the store
//!   itself.
//! - Near the head of the log nobody waits: the newest events are in the store's memory anyway.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events::limits::PAGE_EVENTS_MAX;
use events::{EventStore, Filter, Page, Position, ReadError};
use tokio::sync::Notify;

use crate::limits::{
    SCAN_BYTES_MAX, SCAN_FROM, SCAN_NEAR, SCAN_PAGE_BYTES, SCAN_PAGE_EVENTS, SCAN_RESTS,
    SCAN_WAIT_MAX,
};

/// Limits of the scan; see [`crate::limits`].
#[derive(Debug, Clone, Copy)]
struct Limits {
    from: u64,
    page_bytes: usize,
    page_events: usize,
    bytes: usize,
    near: u64,
    wait: Duration,
    rests: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            from: SCAN_FROM,
            page_bytes: SCAN_PAGE_BYTES,
            page_events: SCAN_PAGE_EVENTS,
            bytes: SCAN_BYTES_MAX,
            near: SCAN_NEAR,
            wait: SCAN_WAIT_MAX,
            rests: SCAN_RESTS,
        }
    }
}

/// The pages that followers share.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    limits: Limits,
    chain: Mutex<Chain>,
    /// Notified when a follower moved, or a page was read.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Chain {
    limits: Limits,
    members: BTreeMap<u64, Seat>,
    /// Without gaps: each page begins where the one before it ends.
    pages: VecDeque<Shared>,
    /// The position after which a member reads a page.
    reading: Option<Position>,
    last_id: u64,
    /// Pages that were read, and pages that were handed out.
    read: u64,
    shared: u64,
    /// How often a member asked what to do.
    turns: u64,
}

/// A follower in the scan.
#[derive(Debug)]
struct Seat {
    filter: Filter,
    /// It has everything up to here.
    at: Position,
    doing: Doing,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    /// It has not begun.
    Nothing,
    Works {
        since: Instant,
    },
    Rests {
        since: Instant,
    },
}

impl Seat {
    /// Whether the others wait for it.
    fn is_awaited(&self, limits: Limits, now: Instant) -> bool {
        match self.doing {
            Doing::Nothing => false,
            Doing::Works { since } => now.saturating_duration_since(since) < limits.wait,
            Doing::Rests { since } => now.saturating_duration_since(since) < limits.rests,
        }
    }
}

/// A page of the chain.
#[derive(Debug)]
struct Shared {
    after: Position,
    page: Page,
    bytes: usize,
    /// What it was read for.
    filter: Filter,
}

/// What a follower does for its next page.
enum Turn {
    Take(Page),
    /// Read a page of the chain, for all.
    Read(Filter),
    /// Read the store itself: it is too far from the others.
    Alone,
    Wait,
}

impl Scan {
    /// Takes part in the scan, from a position.
    pub(crate) fn join(self: &Arc<Self>, filter: Filter, at: Position) -> Member {
        let mut chain = self.lock();
        chain.last_id += 1;
        let id = chain.last_id;
        chain.members.insert(id, Seat { filter: filter.clone(), at, doing: Doing::Nothing });
        Member { scan: Arc::clone(self), id, filter }
    }

    /// A scan with these limits.
    #[cfg(test)]
    fn with(limits: Limits) -> Arc<Self> {
        let chain = Mutex::new(Chain { limits, ..Chain::default() });
        Arc::new(Self { limits, chain, changed: Notify::new() })
    }

    /// Pages that were read into the chain, and pages that were handed out of it.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (u64, u64) {
        let chain = self.lock();
        (chain.read, chain.shared)
    }

    fn lock(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a follower in the scan; it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Member {
    scan: Arc<Scan>,
    id: u64,
    filter: Filter,
}

impl Member {
    /// The events after `after` that pass the follower's filter: up to `limit` scanned ones if they
    /// are not shared, up to a page of the chain if they are.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(crate) async fn page(
        &self,
        store: &EventStore,
        after: Position,
        limit: usize,
    ) -> Result<Page, ReadError> {
        if store.head().0.saturating_sub(after.0) < self.scan.limits.from {
            self.moved(after, Doing::Works { since: Instant::now() });
            return store.read_all(after, &self.filter, limit).await;
        }
        loop {
            let changed = self.scan.changed.notified();
            tokio::pin!(changed);
            // From here on no notification is missed.
            changed.as_mut().enable();
            match self.turn(after) {
                Turn::Take(page) => return Ok(page),
                Turn::Read(filter) => return self.read(store, after, filter).await,
                Turn::Alone => return store.read_all(after, &self.filter, limit).await,
                // After this time, one of those that were waited for no longer counts.
                Turn::Wait => drop(tokio::time::timeout(self.scan.limits.rests, changed).await),
            }
        }
    }

    /// The follower has handled what it was given, or failed to: it is at `at`.
    pub(crate) fn rests(&self, at: Position) {
        self.moved(at, Doing::Rests { since: Instant::now() });
    }

    fn moved(&self, at: Position, doing: Doing) {
        let mut chain = self.scan.lock();
        chain.move_to(self.id, at, doing);
        chain.forget(Instant::now());
        drop(chain);
        self.scan.changed.notify_waiters();
    }

    fn turn(&self, after: Position) -> Turn {
        let now = Instant::now();
        let mut chain = self.scan.lock();
        chain.move_to(self.id, after, Doing::Works { since: now });
        let turn = chain.turn(self.id, &self.filter, after, now);
        chain.turns += 1;
        drop(chain);
        // Those that wait must not wake each other, or they would never stop.
        if !matches!(turn, Turn::Wait) {
            self.scan.changed.notify_waiters();
        }
        turn
    }

    /// Reads the page after the end of the chain, for all.
    async fn read(
        &self,
        store: &EventStore,
        after: Position,
        filter: Filter,
    ) -> Result<Page, ReadError> {
        let (reading, limits) = (Reading(&self.scan), self.scan.limits);
        let at_once = limits.page_events.min(PAGE_EVENTS_MAX);
        let (mut page, mut bytes) = (Page { events: Vec::new(), through: after }, 0);
        loop {
            let next = store.read_all(page.through, &filter, at_once).await?;
            let is_end = next.through <= page.through || next.through >= store.head();
            page.through = page.through.max(next.through);
            bytes += next.events.iter().map(|event| event.bytes()).sum::<usize>();
            page.events.extend(next.events);
            if is_end || bytes >= limits.page_bytes || page.events.len() >= limits.page_events {
                break;
            }
        }
        let read = Shared { after, page, bytes, filter };
        let taken = read.taken(&self.filter, after);
        let mut chain = self.scan.lock();
        chain.move_to(self.id, after, Doing::Works { since: Instant::now() });
        chain.read += 1;
        chain.pages.push_back(read);
        drop(chain);
        drop(reading);
        Ok(taken)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut chain = self.scan.lock();
        chain.members.remove(&self.id);
        chain.forget(Instant::now());
        drop(chain);
        self.scan.changed.notify_waiters();
    }
}

/// A page is being read. Dropped also if the read fails or is cancelled.
struct Reading<'a>(&'a Scan);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().reading = None;
        self.0.changed.notify_waiters();
    }
}

impl Chain {
    fn move_to(&mut self, id: u64, at: Position, doing: Doing) {
        if let Some(seat) = self.members.get_mut(&id) {
            (seat.at, seat.doing) = (at, doing);
        }
    }

    /// The ends of the chain; `None` if it is empty.
    fn ends(&self) -> Option<(Position, Position)> {
        Some((self.pages.front()?.after, self.pages.back()?.page.through))
    }

    /// Drops the pages that nobody needs who is near.
    fn forget(&mut self, now: Instant) {
        let limits = self.limits;
        while let Some(first) = self.pages.front() {
            let (start, through) = (first.after, first.page.through);
            let is_near = |at: Position| at.0.saturating_add(limits.near) >= start.0;
            let needs = |seat: &Seat| seat.at < through && is_near(seat.at);
            if self.members.values().any(|seat| seat.is_awaited(limits, now) && needs(seat)) {
                return;
            }
            self.pages.pop_front();
        }
    }

    fn turn(&mut self, id: u64, filter: &Filter, after: Position, now: Instant) -> Turn {
        let Some((start, end)) = self.ends() else { return self.begin(id, after) };
        if after < start {
            return Turn::Alone;
        }
        if after < end {
            let page = self.pages.iter().find(|one| after < one.page.through);
            let Some(page) = page.filter(|one| covers(&one.filter, filter)) else {
                return Turn::Alone;
            };
            let taken = page.taken(filter, after);
            self.shared += 1;
            self.forget(now);
            return Turn::Take(taken);
        }
        self.forget(now);
        if self.pages.is_empty() {
            return self.begin(id, after);
        }
        if self.reading.is_some() {
            return self.begin(id, after);
        }
        if after > end {
            // They come here, unless that takes too long.
            let limits = self.limits;
            let mut others = self.members.iter().filter(|(other, _)| **other != id);
            let comes = others.any(|(_, seat)| seat.is_awaited(limits, now) && seat.at <= end);
            let is_far = after.0 - end.0 > limits.near;
            return if comes && !is_far { Turn::Wait } else { Turn::Alone };
        }
        if self.pages.iter().map(|one| one.bytes).sum::<usize>() >= self.limits.bytes {
            return Turn::Wait;
        }
        self.begin(id, after)
    }

    /// The page after `after` is to be read, unless another member reads one: one that is far from
    /// that page does not wait for it.
    fn begin(&mut self, id: u64, after: Position) -> Turn {
        match self.reading {
            Some(from) if self.are_near(from, after) => Turn::Wait,
            Some(_) => Turn::Alone,
            None => {
                self.reading = Some(after);
                Turn::Read(self.filter(id, after))
            }
        }
    }

    fn are_near(&self, one: Position, other: Position) -> bool {
        one.0.abs_diff(other.0) <= self.limits.near
    }

    /// What the member needs, and those that are near it.
    fn filter(&self, id: u64, after: Position) -> Filter {
        let mut kinds: Vec<Arc<str>> = Vec::new();
        let is_near = |(of, seat): &(&u64, &Seat)| **of == id || self.are_near(seat.at, after);
        for (_, seat) in self.members.iter().filter(is_near) {
            if seat.filter.kinds.is_empty() {
                return Filter::default();
            }
            kinds.extend(seat.filter.kinds.iter().cloned());
        }
        kinds.sort_unstable();
        // After a prefix come those that it is a prefix of.
        kinds.dedup_by(|next, kept| next.starts_with(&**kept));
        Filter { kinds }
    }
}

impl Shared {
    fn taken(&self, filter: &Filter, after: Position) -> Page {
        let events = self.page.events.iter();
        let is_theirs =
            |event: &&Arc<events::Recorded>| event.position > after && filter.passes(&event.kind);
        Page { events: events.filter(is_theirs).cloned().collect(), through: self.page.through }
    }
}

/// Whether every event that passes `of` passes `all`.
fn covers(all: &Filter, of: &Filter) -> bool {
    let is_covered = |kind: &Arc<str>| all.kinds.iter().any(|one| kind.starts_with(&**one));
    all.kinds.is_empty() || (!of.kinds.is_empty() && of.kinds.iter().all(is_covered))
}

#[cfg(test)]
mod tests;
