//! Cache of the newest events, so that followers near the head share one copy and do not read the
//! disk.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use crate::limits::{TAIL_BYTES_MAX, TAIL_EVENTS_MAX};
use crate::{Filter, Page, Position, Recorded, StreamName};
#[cfg(feature = "eventstoredb")]
use crate::{Version, event::fill};

/// Result of looking for a range of a stream.
#[cfg(feature = "eventstoredb")]
#[derive(Debug)]
pub(super) enum Sought {
    Found(Vec<Arc<Recorded>>),
    /// The stream has not reached this version.
    NotThere,
    /// It has, but the range is not contiguous or no longer cached.
    Gone,
}

#[derive(Debug)]
pub(super) struct Tail(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// `events` has every event after this position.
    after: Position,
    events: VecDeque<Arc<Recorded>>,
    /// Newest event of each stream in `events`.
    newest: HashMap<StreamName, Position>,
    bytes: usize,
}

impl Tail {
    /// An empty cache after `head`.
    pub(super) fn new(head: Position) -> Self {
        Self(RwLock::new(Inner { after: head, ..Inner::default() }))
    }

    /// Adds committed events, in order, and drops the oldest beyond the limits.
    pub(super) fn extend(&self, events: Vec<Arc<Recorded>>) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            inner.bytes += size(&event);
            inner.newest.insert(event.stream.clone(), event.position);
            inner.events.push_back(event);
        }
        while inner.events.len() > TAIL_EVENTS_MAX || inner.bytes > TAIL_BYTES_MAX {
            let Some(oldest) = inner.events.pop_front() else { break };
            inner.bytes -= size(&oldest);
            inner.after = oldest.position;
            if inner.newest.get(&oldest.stream) == Some(&oldest.position) {
                inner.newest.remove(&oldest.stream);
            }
        }
    }

    /// The position of the newest event, or the start.
    #[cfg(any(feature = "eventstoredb", feature = "postgres"))]
    pub(super) fn head(&self) -> Position {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        inner.events.back().map_or(inner.after, |event| event.position)
    }

    /// The `count` events of `stream` of which the last one has this version.
    #[cfg(feature = "eventstoredb")]
    pub(super) fn ending_with(&self, stream: &StreamName, last: Version, count: usize) -> Sought {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(newest) = inner.newest.get(stream) else { return Sought::NotThere };
        let mut behind = inner.events.partition_point(|event| event.position <= *newest);
        while let Some(at) = behind.checked_sub(1)
            && let Some(event) = inner.events.get(at)
        {
            if event.stream == *stream && event.version <= last {
                if event.version < last && event.position == *newest {
                    return Sought::NotThere;
                }
                break;
            }
            behind = at;
        }
        let events = behind.checked_sub(count).map(|first| inner.events.range(first..behind));
        let events: Vec<_> = events.into_iter().flatten().cloned().collect();
        let ends = events.last().is_some_and(|event| event.version == last);
        let whole = ends && events.iter().all(|event| event.stream == *stream);
        if whole { Sought::Found(events) } else { Sought::Gone }
    }

    /// Up to `limit` events up to a position, newest first; `None` if the cache does not reach that
    /// position.
    #[cfg(feature = "eventstoredb")]
    pub(super) fn back(&self, through: Position, limit: usize) -> Option<Vec<Recorded>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let behind = inner.events.partition_point(|event| event.position <= through);
        let events = inner.events.range(..behind).rev();
        (behind > 0).then(|| fill(events.map(|event| Recorded::clone(event)), limit))
    }

    /// The newest event of `stream`, if it is cached.
    pub(super) fn last(&self, stream: &StreamName) -> Option<Arc<Recorded>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let newest = inner.newest.get(stream)?;
        let at = inner.events.binary_search_by_key(newest, |event| event.position).ok()?;
        inner.events.get(at).cloned()
    }

    /// Whether `stream` certainly has no event after `since`.
    pub(super) fn is_unchanged(&self, stream: &StreamName, since: Position) -> bool {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        since >= inner.after && inner.newest.get(stream).is_none_or(|newest| *newest <= since)
    }

    /// The page after `after`, if it is cached.
    pub(super) fn page(&self, after: Position, filter: &Filter, limit: usize) -> Option<Page> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if after < inner.after {
            return None;
        }
        let from = inner.events.partition_point(|event| event.position <= after);
        Some(Page::of(after, inner.events.range(from..).take(limit), filter))
    }
}

fn size(event: &Recorded) -> usize {
    event.bytes() + size_of::<Recorded>()
}
