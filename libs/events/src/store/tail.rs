//! The newest events in memory, so that followers at the head share one copy and leave the disk alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use crate::limits::{TAIL_BYTES_MAX, TAIL_EVENTS_MAX};
use crate::{Filter, Page, Position, Recorded, StreamName};

#[derive(Debug)]
pub(super) struct Tail(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Every event behind this position stands in `events`.
    after: Position,
    events: VecDeque<Arc<Recorded>>,
    /// The newest event of each stream in `events`.
    newest: HashMap<StreamName, Position>,
    bytes: usize,
}

impl Tail {
    /// A tail that begins behind `head`.
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

    /// The position of the newest event, or behind which there is none yet.
    #[cfg(any(feature = "eventstoredb", feature = "postgres"))]
    pub(super) fn head(&self) -> Position {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        inner.events.back().map_or(inner.after, |event| event.position)
    }

    /// The newest `count` events of `stream`, if they stand one behind the other.
    #[cfg(feature = "eventstoredb")]
    pub(super) fn newest(&self, stream: &StreamName, count: usize) -> Option<Vec<Arc<Recorded>>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let newest = inner.newest.get(stream)?;
        let behind = inner.events.partition_point(|event| event.position <= *newest);
        let first = behind.checked_sub(count)?;
        let events: Vec<_> = inner.events.range(first..behind).cloned().collect();
        events.iter().all(|event| event.stream == *stream).then_some(events)
    }

    /// The newest event of `stream`, if the tail reaches back to it.
    pub(super) fn last(&self, stream: &StreamName) -> Option<Arc<Recorded>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let newest = inner.newest.get(stream)?;
        let at = inner.events.binary_search_by_key(newest, |event| event.position).ok()?;
        inner.events.get(at).cloned()
    }

    /// Whether `stream` surely has no event behind `since`.
    pub(super) fn is_unchanged(&self, stream: &StreamName, since: Position) -> bool {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        since >= inner.after && inner.newest.get(stream).is_none_or(|newest| *newest <= since)
    }

    /// The page behind `after`, if the tail reaches back that far.
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
