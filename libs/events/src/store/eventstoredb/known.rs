//! The newest ids of active streams: the server does not check whether an id already exists in its
//! stream.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use uuid::Uuid;

use crate::limits::{KNOWN_STREAMS_MAX, READ_EVENTS_MAX};
use crate::{NewEvent, Recorded, StreamName, Version};

#[derive(Debug)]
pub(super) struct Known(Mutex<LruCache<StreamName, Ids>>);

/// Ids of consecutive events, up to a version.
#[derive(Debug)]
struct Ids {
    through: u64,
    ids: VecDeque<Uuid>,
}

impl Ids {
    /// The version of the first.
    fn first(&self) -> u64 {
        self.through + 1 - self.ids.len() as u64
    }
}

impl Default for Known {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KNOWN_STREAMS_MAX)))
    }
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, LruCache<StreamName, Ids>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds consecutive events of a stream.
    pub(super) fn note<E: Borrow<Recorded>>(&self, stream: &StreamName, events: &[E]) {
        let events: Vec<&Recorded> = events.iter().map(Borrow::borrow).collect();
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        let mut known = self.lock();
        let ids =
            known.get_or_insert_mut(stream.clone(), || Ids { through: 0, ids: VecDeque::new() });
        let meets = ids.first() <= first.version.0 && first.version.0 <= ids.through + 1;
        if !meets {
            // There is a gap, or earlier events are unknown.
            ids.ids.clear();
            ids.through = first.version.0 - 1;
        }
        let new = events.iter().filter(|event| event.version.0 > ids.through).map(|event| event.id);
        ids.ids.extend(new.collect::<Vec<_>>());
        ids.through = ids.through.max(last.version.0);
        let beyond = ids.ids.len().saturating_sub(READ_EVENTS_MAX);
        ids.ids.drain(..beyond);
    }

    /// Whether the ids up to a version are known, or as many of the newest as are checked.
    pub(super) fn covers(&self, stream: &StreamName, through: Version) -> bool {
        self.lock().get(stream).is_some_and(|ids| {
            ids.through >= through.0 && (ids.first() <= 1 || ids.ids.len() >= READ_EVENTS_MAX)
        })
    }

    /// The first of the events whose id exists in the stream at this version or before.
    pub(super) fn first_of(
        &self,
        stream: &StreamName,
        through: Version,
        events: &[NewEvent],
    ) -> Option<Uuid> {
        let mut known = self.lock();
        let ids = known.get(stream)?;
        let stands =
            |id: Uuid| (ids.first()..=through.0).zip(&ids.ids).any(|(_, known)| *known == id);
        events.iter().map(|event| event.id).find(|id| stands(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;

    fn stream() -> StreamName {
        StreamName::new("a-1").unwrap()
    }

    fn part(versions: std::ops::RangeInclusive<u64>) -> Vec<Recorded> {
        let event = |version: u64| Recorded {
            position: Position(version),
            stream: stream(),
            version: Version(version),
            id: Uuid::from_u128(u128::from(version)),
            kind: "test".into(),
            data: String::new(),
            meta: String::new(),
        };
        versions.map(event).collect()
    }

    fn stands(known: &Known, id: u128, through: u64) -> bool {
        let (id, kind) = (Uuid::from_u128(id), "test".into());
        let event = NewEvent { id, kind, data: String::new(), meta: String::new() };
        known.first_of(&stream(), Version(through), &[event]).is_some()
    }

    #[test]
    fn parts_that_meet_are_joined_and_others_begin_anew() {
        let known = Known::default();
        assert!(!known.covers(&stream(), Version(1)));
        known.note(&stream(), &part(1..=3));
        known.note(&stream(), &part(3..=5));
        known.note(&stream(), &part(2..=4));
        assert!(known.covers(&stream(), Version(5)) && !known.covers(&stream(), Version(6)));
        assert!(stands(&known, 5, 5) && !stands(&known, 5, 4) && !stands(&known, 6, 5));
        known.note(&stream(), &part(8..=9));
        assert!(!known.covers(&stream(), Version(9)), "what came before is not known");
        assert!(stands(&known, 8, 9) && !stands(&known, 5, 9));
        known.note(&stream(), &part(1..=9));
        assert!(known.covers(&stream(), Version(9)) && stands(&known, 5, 9));
    }

    #[test]
    fn of_a_long_stream_the_newest_are_known() {
        let (known, length) = (Known::default(), READ_EVENTS_MAX as u64 + 10);
        known.note(&stream(), &part(1..=length));
        assert!(known.covers(&stream(), Version(length)));
        assert!(stands(&known, 11, length) && !stands(&known, 10, length));
    }
}
