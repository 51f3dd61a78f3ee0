//! Appends and their repetition. Ids are compared at the expected version only, and content never.
//! An append at a version that the stream has passed counts as a repetition if each of its ids is
//! where it would be written; it is answered with the original place.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::{Log, NewRecord, Record};
use crate::wire::Empty;
use crate::wire::append::Expected;

/// Newest ids that are known without reading their stream: about as many as fit into the server's 8
/// MiB.
const COMMITTED_MAX: usize = 100_000;

/// The newest ids and their places.
#[derive(Debug, Default)]
pub(super) struct Committed {
    places: HashMap<Uuid, (Arc<str>, u64)>,
    order: VecDeque<Uuid>,
}

/// Stream and place after an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// `None` for an append without events to a stream that does not exist.
    pub(crate) revision: Option<u64>,
    pub(crate) place: Option<u64>,
}

/// Why an append failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// The stream has this version, not the expected one.
    WrongVersion { current: Option<u64> },
    /// The memory limit is reached.
    Full,
}

impl Log {
    pub(crate) fn append(
        &mut self,
        stream: &str,
        expected: Expected,
        proposed: Vec<NewRecord>,
    ) -> Result<Written, Unwritten> {
        let current = self.streams.get(stream).and_then(|records| records.last());
        let current = current.map(|record| record.revision);
        let wrong = Unwritten::WrongVersion { current };
        let next = current.map_or(0, |revision| revision + 1);
        let again = match expected {
            Expected::StreamExists(Empty {}) if current.is_none() => return Err(wrong),
            Expected::Any(Empty {}) | Expected::StreamExists(Empty {}) => {
                self.known(stream, &proposed, wrong)?
            }
            Expected::NoStream(Empty {}) if next > 0 => {
                Some(self.stands(stream, 0, &proposed).ok_or(wrong)?)
            }
            Expected::Revision(revision) if revision.saturating_add(1) < next => {
                Some(self.stands(stream, revision + 1, &proposed).ok_or(wrong)?)
            }
            Expected::Revision(revision) if revision.checked_add(1) != Some(next) => {
                return Err(wrong);
            }
            Expected::NoStream(Empty {}) | Expected::Revision(_) => None,
        };
        if let Some(revision) = again {
            let place = self.at(stream, revision).map(|record| record.place);
            return Ok(Written { revision: Some(revision), place });
        }
        if self.held > self.held_max {
            return Err(Unwritten::Full);
        }
        let (mut written, nothing) =
            (Written { revision: current, place: None }, proposed.is_empty());
        for proposed in proposed {
            let record = self.record(stream, proposed);
            written = Written { revision: Some(record.revision), place: Some(record.place) };
        }
        if !nothing && self.neighbours {
            self.others();
        }
        Ok(written)
    }

    /// Without an expected version: the revision of the last id if all ids exist in the stream;
    /// `None` if the first one does not; an error if another one does not.
    fn known(
        &self,
        stream: &str,
        proposed: &[NewRecord],
        wrong: Unwritten,
    ) -> Result<Option<u64>, Unwritten> {
        let mut last = None;
        for (place, proposed) in proposed.iter().enumerate() {
            match self.committed.places.get(&proposed.id) {
                Some((known, revision)) if **known == *stream => last = Some(*revision),
                _ if place == 0 => return Ok(None),
                _ => return Err(wrong),
            }
        }
        Ok(last)
    }

    /// The revision of the last id, if each is where it would be written.
    fn stands(&self, stream: &str, base: u64, proposed: &[NewRecord]) -> Option<u64> {
        let mut last = None;
        for (proposed, revision) in proposed.iter().zip(base..) {
            if self.at(stream, revision)?.id != proposed.id {
                return None;
            }
            last = Some(revision);
        }
        last
    }

    fn at(&self, stream: &str, revision: u64) -> Option<&Arc<Record>> {
        let records = self.streams.get(stream)?;
        let found = records.binary_search_by_key(&revision, |record| record.revision);
        records.get(found.ok()?)
    }
}

impl Committed {
    pub(super) fn note(&mut self, id: Uuid, stream: Arc<str>, revision: u64) {
        if self.places.insert(id, (stream, revision)).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > COMMITTED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
    }
}
