//! The log and the rules of its streams. Each rule is in the server's public source (`IndexWriter`,
//! `AllReader`, `TFChunkReader`) and was observed in releases 24.2 and 24.10. The place of an event
//! is the offset of its record in the log's file: each record, including those of other programs,
//! advances it by its length, and no record crosses the boundary of a chunk.

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

/// Bytes of a chunk; the server's default.
pub(crate) const CHUNK_BYTES: u64 = 256 << 20;
/// Place of the first event, after the epoch record.
const EPOCH_BYTES: u64 = 166;
/// Bytes of a record in memory besides its content, approximately.
const RECORD_OVERHEAD: usize = 300;

/// An event to append.
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
    /// In ticks of 100 ns since 1970.
    pub(crate) created: u64,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

#[derive(Debug)]
pub(crate) struct Log {
    /// Ordered by place. There are gaps for removed records and at the ends of chunks.
    records: Vec<Arc<Record>>,
    streams: HashMap<Arc<str>, Vec<Arc<Record>>>,
    metadata: HashMap<String, Metadata>,
    committed: Committed,
    /// Place of the next record, as in the server's writer checkpoint.
    end: u64,
    chunk_bytes: u64,
    /// Bytes in memory, approximately.
    held: usize,
    held_max: usize,
    /// Whether other programs write between the client's events.
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
        // The only event of a new server: read permissions of its scavenge reports.
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
        // Bytes of a record's fields of fixed length.
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

    /// Writes events of other programs into the log.
    fn others(&mut self) {
        if self.records.len().is_multiple_of(5) {
            self.record("other-1", new("Other", false, Bytes::new()));
        }
    }

    /// Scavenges: removes events that their streams' metadata exclude.
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

/// An event of the server itself or of another program.
pub(crate) fn new(kind: &str, json: bool, data: Bytes) -> NewRecord {
    let custom_metadata = Bytes::new();
    NewRecord { id: Uuid::new_v4(), kind: kind.to_owned(), json, custom_metadata, data }
}
