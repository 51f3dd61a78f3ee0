//! What the server does with what it is told. Each rule is the server's own, read in its public source (`IndexWriter`,
//! `AllReader`, `TFChunkReader`) and seen on servers of releases 24.2 and 24.10. The place of an event is that of its record in the log's
//! file: the next one is further by as many bytes as the record has, the records of others lie between, and no record is split over two
//! chunks.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prost::bytes::Bytes;
use uuid::Uuid;

mod appending;
pub(crate) mod metadata;
pub(crate) mod prefix;
pub(crate) mod reading;

use appending::Committed;
pub(crate) use appending::{Unwritten, Written};
use metadata::Metadata;

/// Bytes of a chunk, as the server has them unless told otherwise.
pub(crate) const CHUNK_BYTES: u64 = 256 << 20;
/// Where the first event stands: behind the record of the epoch.
const EPOCH_BYTES: u64 = 166;
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

/// An event of the server's own, or of another program.
pub(crate) fn new(kind: &str, json: bool, data: Bytes) -> NewRecord {
    let custom_metadata = Bytes::new();
    NewRecord { id: Uuid::new_v4(), kind: kind.to_owned(), json, custom_metadata, data }
}
