//! What the server does with what it is told. Each rule is the server's own, read in its public source (`IndexWriter`,
//! `AllReader`, `TFChunkReader`) and seen on servers of releases 24.2 and 24.10:
//!
//! - the place of an event is that of its record in the log's file: the next one is further by as many bytes as the record
//!   has, the records of others lie between, and no record is split over two chunks;
//! - ids are compared at the expected version alone, and bytes never: an append behind which the stream has gone on is the
//!   same again if each of its ids stands where it would have, and is answered with where it stands.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prost::bytes::Bytes;
use uuid::Uuid;

use crate::wire::Empty;
use crate::wire::append::Expected;

pub(crate) mod metadata;
pub(crate) mod prefix;
pub(crate) mod reading;

use metadata::Metadata;

/// Bytes of a chunk, as the server has them unless told otherwise.
pub(crate) const CHUNK_BYTES: u64 = 256 << 20;
/// Where the first event stands: behind the record of the epoch.
const EPOCH_BYTES: u64 = 166;
/// How many of the newest ids are known without looking at their stream: as many as the server's 8 MiB hold, about.
const COMMITTED_MAX: usize = 100_000;
/// What a record in memory has beside its bytes, about.
const RECORD_OVERHEAD: usize = 300;

/// An event as it is proposed.
#[derive(Debug, Clone)]
pub(crate) struct NewRecord {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) json: bool,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) place: u64,
    pub(crate) length: u64,
    pub(crate) stream: Arc<str>,
    pub(crate) revision: u64,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) json: bool,
    /// Ticks of 100 ns since the beginning of 1970.
    pub(crate) created: u64,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

#[derive(Debug)]
pub(crate) struct Log {
    /// In the order of their places. Between them are those of records that are gone, and ends of chunks.
    records: Vec<Arc<Record>>,
    streams: HashMap<Arc<str>, Vec<Arc<Record>>>,
    metadata: HashMap<String, Metadata>,
    committed: Committed,
    /// Where the next record would begin, as the writer's checkpoint says.
    end: u64,
    chunk_bytes: u64,
    /// How much is held in memory, about.
    held: usize,
    held_max: usize,
    /// Whether other programs write between our events.
    pub(crate) neighbours: bool,
    /// How far the server's clock is ahead of this machine's.
    pub(crate) ahead: Duration,
}

/// The newest ids and where they stand.
#[derive(Debug, Default)]
struct Committed {
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
    pub(crate) fn new(chunk_bytes: u64, held_max: usize) -> Self {
        let mut log = Self {
            records: Vec::new(),
            streams: HashMap::new(),
            metadata: HashMap::new(),
            committed: Committed::default(),
            end: EPOCH_BYTES,
            chunk_bytes,
            held: 0,
            held_max,
            neighbours: false,
            ahead: Duration::ZERO,
        };
        // The one event that a new server has: who may read what its scavenges came to.
        let readers = br#"{"$maxAge":2592000,"$acl":{"$r":["$ops"]}}"#;
        log.record("$$$scavenges", new("$metadata", true, Bytes::from_static(readers)));
        log
    }

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

    fn record(&mut self, stream: &str, proposed: NewRecord) -> Arc<Record> {
        let NewRecord { id, kind, json, custom_metadata, data } = proposed;
        let created = self.ticks();
        let name = match self.streams.get_key_value(stream) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(stream),
        };
        let records = self.streams.entry(Arc::clone(&name)).or_default();
        let revision = records.last().map_or(0, |last| last.revision + 1);
        // The fields of a record before, between and behind those whose length varies.
        let bytes = 92 + stream.len() + kind.len() + custom_metadata.len() + data.len();
        let (mut place, length) = (self.end, bytes as u64);
        if place % self.chunk_bytes + length > self.chunk_bytes {
            place = place.next_multiple_of(self.chunk_bytes);
        }
        self.end = place + length;
        self.held += bytes + RECORD_OVERHEAD;
        let record = Record {
            place,
            length,
            stream: Arc::clone(&name),
            revision,
            id,
            kind,
            json,
            created,
            custom_metadata,
            data,
        };
        let record = Arc::new(record);
        records.push(Arc::clone(&record));
        self.records.push(Arc::clone(&record));
        self.committed.note(id, name, revision);
        if let Some(of) = stream.strip_prefix("$$") {
            self.metadata.insert(of.to_owned(), Metadata::read(&record.data));
        }
        record
    }

    /// What other programs write into the same log.
    fn others(&mut self) {
        if self.records.len().is_multiple_of(5) {
            self.record("other-1", new("Other", false, Bytes::new()));
        }
    }

    /// Removes the records that nobody sees any more, as a scavenge does: those that a stream's metadata leave out.
    pub(crate) fn scavenge(&mut self) {
        let mut gone = HashSet::new();
        for (name, records) in &mut self.streams {
            let first = self.metadata.get(&**name).map_or(0, |metadata| metadata.first(records));
            let newest = records.last().map(|record| record.revision);
            records.retain(|record| {
                let stays = record.revision >= first || Some(record.revision) == newest;
                if !stays {
                    gone.insert(record.place);
                }
                stays
            });
        }
        let held = &mut self.held;
        self.records.retain(|record| {
            let stays = !gone.contains(&record.place);
            if !stays {
                *held = held.saturating_sub(usize::try_from(record.length).unwrap_or_default());
                *held = held.saturating_sub(RECORD_OVERHEAD);
            }
            stays
        });
    }

    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    fn ticks(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from((now + self.ahead).as_nanos() / 100).unwrap_or(u64::MAX)
    }

    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn metadata(&self, stream: &str) -> Option<&Metadata> {
        self.metadata.get(stream)
    }
}

impl Committed {
    fn note(&mut self, id: Uuid, stream: Arc<str>, revision: u64) {
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

/// An event of the server's own, or of another program.
pub(crate) fn new(kind: &str, json: bool, data: Bytes) -> NewRecord {
    let custom_metadata = Bytes::new();
    NewRecord { id: Uuid::new_v4(), kind: kind.to_owned(), json, custom_metadata, data }
}
