//! What the server does with what it is told. Each rule is the server's own, read in its public source (`AllReader`,
//! `IndexWriter.CheckCommit`, `Streams.Read`), at several of its commits:
//!
//! - the place of an event is that of its record in the log's file: the next one is further by as many bytes as the record
//!   has, and the records of others lie between;
//! - a read of the log forwards begins with the event at its place, backwards with the one before it; where no record begins
//!   it is refused;
//! - ids are compared at the expected version alone, and bytes never: an append behind which the stream has gone on is the
//!   same again if each of its ids stands where it would have.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::wire::{Current, Empty, Expected, From, Proposed, Wanted, WrongExpectedVersion};

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) place: u64,
    pub(crate) stream: String,
    pub(crate) revision: u64,
    pub(crate) id: Uuid,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    records: Vec<Record>,
    streams: HashMap<String, Vec<usize>>,
    end: u64,
    /// How far the server's clock is ahead of this machine's.
    pub(crate) ahead: Duration,
}

/// Where a stream stands after an append.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) revision: u64,
    /// Not said of an append that was made before.
    pub(crate) place: Option<u64>,
}

/// No record begins at the place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoPlace;

impl Log {
    pub(crate) fn append(
        &mut self,
        stream: &str,
        expected: Expected,
        proposed: Vec<(Uuid, Proposed)>,
    ) -> Result<Written, WrongExpectedVersion> {
        let length = self.streams.get(stream).map_or(0, Vec::len) as u64;
        let base = match expected {
            Expected::Revision(revision) => revision + 1,
            Expected::NoStream(Empty {}) => 0,
            Expected::Any(Empty {}) | Expected::StreamExists(Empty {}) => length,
        };
        if base > length || (base < length && !self.stands(stream, base, &proposed)) {
            return Err(wrong(expected, length));
        }
        if base < length {
            return Ok(Written { revision: base + proposed.len() as u64 - 1, place: None });
        }
        for (id, proposed) in proposed {
            self.record(stream, id, proposed);
        }
        let written = self.records.last().map(|record| (record.revision, record.place));
        let (revision, place) = written.unwrap_or_default();
        self.others();
        Ok(Written { revision, place: Some(place) })
    }

    /// Whether each of the ids stands where it would be written.
    fn stands(&self, stream: &str, base: u64, proposed: &[(Uuid, Proposed)]) -> bool {
        let stream = self.stream(stream).unwrap_or_default();
        proposed.iter().zip(base..).all(|((id, _), revision)| {
            stream.iter().any(|record| record.revision == revision && record.id == *id)
        })
    }

    fn record(&mut self, stream: &str, id: Uuid, proposed: Proposed) {
        let Proposed { mut metadata, custom_metadata, data, .. } = proposed;
        metadata.insert("created".to_owned(), self.ticks().to_string());
        let indices = self.streams.entry(stream.to_owned()).or_default();
        let revision = indices.len() as u64;
        indices.push(self.records.len());
        let size = 70 + stream.len() + metadata.len() * 16 + custom_metadata.len() + data.len();
        let (place, stream) = (self.end, stream.to_owned());
        self.end += size as u64;
        let record = Record { place, stream, revision, id, metadata, custom_metadata, data };
        self.records.push(record);
    }

    /// What the server and other programs write into the same log.
    fn others(&mut self) {
        let count = self.records.len();
        for (every, stream, kind) in
            [(3, "$stats-127.0.0.1:2113", "$statsCollected"), (5, "other-1", "Other")]
        {
            if count.is_multiple_of(every) {
                let metadata = HashMap::from([("type".to_owned(), kind.to_owned())]);
                let proposed = Proposed { metadata, ..Proposed::default() };
                self.record(stream, Uuid::new_v4(), proposed);
            }
        }
    }

    /// Ticks of 100 ns since the beginning of 1970.
    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    fn ticks(&self) -> u128 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (now + self.ahead).as_nanos() / 100
    }

    /// A stream's records, in order; nothing if there is none.
    pub(crate) fn stream(&self, name: &str) -> Option<Vec<&Record>> {
        let indices = self.streams.get(name)?;
        Some(indices.iter().filter_map(|index| self.records.get(*index)).collect())
    }

    /// The log from a place on.
    pub(crate) fn forwards(&self, from: From) -> Result<impl Iterator<Item = &Record>, NoPlace> {
        let first = self.index(from)?;
        Ok(self.records.iter().skip(first))
    }

    /// The log before a place, newest first.
    pub(crate) fn backwards(&self, from: From) -> Result<impl Iterator<Item = &Record>, NoPlace> {
        let behind = self.index(from)?;
        Ok(self.records.iter().take(behind).rev())
    }

    fn index(&self, from: From) -> Result<usize, NoPlace> {
        match from {
            From::Start(Empty {}) => Ok(0),
            From::End(Empty {}) => Ok(self.records.len()),
            From::Position(position) if position.commit == self.end => Ok(self.records.len()),
            From::Position(position) => {
                let found =
                    self.records.binary_search_by_key(&position.commit, |record| record.place);
                found.map_err(|_| NoPlace)
            }
        }
    }
}

fn wrong(expected: Expected, length: u64) -> WrongExpectedVersion {
    let expected = match expected {
        Expected::Revision(revision) => Wanted::Revision(revision),
        Expected::NoStream(Empty {}) => Wanted::NoStream(Empty {}),
        Expected::Any(Empty {}) => Wanted::Any(Empty {}),
        Expected::StreamExists(Empty {}) => Wanted::StreamExists(Empty {}),
    };
    let current = length.checked_sub(1).map_or(Current::NoStream(Empty {}), Current::Revision);
    WrongExpectedVersion { current: Some(current), expected: Some(expected) }
}
