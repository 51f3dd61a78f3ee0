//! Appends and their repetitions: ids are compared at the expected version alone, and bytes never. An append behind which the stream has
//! gone on is the same again if each of its ids is where it would have been written, and is answered with where it is.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::{Log, NewRecord, Record};
use crate::wire::Empty;
use crate::wire::append::Expected;

/// How many of the newest ids are known without looking at their stream: as many as the server's 8 MiB hold, about.
const COMMITTED_MAX: usize = 100_000;

/// The newest ids and where they stand.
#[derive(Debug, Default)]
pub(super) struct Committed {
    places: HashMap<Uuid, (Arc<str>, u64)>,
    order: VecDeque<Uuid>,
}

/// Where a stream stands after an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Nothing of an append of nothing to a stream that does not exist.
    pub(crate) revision: Option<u64>,
    pub(crate) place: Option<u64>,
}

/// Why nothing was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// The stream stands here, and not where it was expected to.
    WrongVersion { current: Option<u64> },
    /// As much is held in memory as may be.
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

    /// Without an expected version: the revision of the last of the ids, if all of them are known in the stream; nothing if
    /// the first one is not, and refused if another one is not.
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

    /// The revision of the last of the ids, if each stands where it would be written.
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
