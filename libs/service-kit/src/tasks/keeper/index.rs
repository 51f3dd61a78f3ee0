//! What falls due, in memory, and in a file that trails behind: most obligations are opened and met before they would
//! have been written down. What the file does not know yet is read from the log again at the next start.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use dossier::Obligation;
use events::{Position, StreamName};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::view::{Shape, View, ViewError};

/// How many events the file may be behind.
const EVENTS_BEHIND_MAX: u64 = 2_000;

const TABLES: &str = "
CREATE TABLE obligations (
  stream TEXT NOT NULL, kind TEXT NOT NULL, due_at INTEGER NOT NULL, opened_by BLOB NOT NULL,
  PRIMARY KEY (stream, kind)
) STRICT, WITHOUT ROWID;";

pub(super) const fn shape(name: &'static str) -> Shape {
    Shape { name, version: 2, tables: TABLES }
}

/// An obligation of a stream.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) stream: StreamName,
    pub(super) kind: Arc<str>,
    pub(super) due_at: Timestamp,
    pub(super) opened_by: Uuid,
}

/// One of a stream's obligations.
#[derive(Debug, PartialEq, Eq)]
struct Open {
    kind: Arc<str>,
    due_at: Timestamp,
    opened_by: Uuid,
}

#[derive(Debug)]
pub(super) struct Index {
    view: Arc<View>,
    streams: HashMap<StreamName, Vec<Open>>,
    /// In due order; the number of an obligation is its place in its stream's list.
    due: BTreeSet<(Timestamp, StreamName, u8)>,
    /// What the file has otherwise.
    changed: HashSet<StreamName>,
    written: Position,
    /// Up to where it is true in memory.
    pub(super) reached: Position,
    kinds: BTreeSet<Arc<str>>,
}

impl Index {
    /// Reads the file.
    pub(super) fn load(view: Arc<View>) -> Result<Self, ViewError> {
        let written = view.position()?;
        let rows: Vec<(String, String, i64, Vec<u8>)> = view.peek(|rows| {
            rows.prepare("SELECT stream, kind, due_at, opened_by FROM obligations")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })?;
        let (streams, due) = (HashMap::new(), BTreeSet::new());
        let (changed, kinds) = (HashSet::new(), BTreeSet::new());
        let mut index = Self { view, streams, due, changed, written, reached: written, kinds };
        let mut read: HashMap<StreamName, Vec<Open>> = HashMap::new();
        for (stream, kind, due_at, opened_by) in rows {
            let (Ok(stream), Ok(due_at), Ok(opened_by)) = (
                StreamName::new(&stream),
                Timestamp::from_nanosecond(i128::from(due_at)),
                Uuid::from_slice(&opened_by),
            ) else {
                continue;
            };
            let kind = index.kind(&kind);
            read.entry(stream).or_default().push(Open { kind, due_at, opened_by });
        }
        for (stream, open) in read {
            index.put(&stream, open);
        }
        Ok(index)
    }

    /// Up to where the file is true.
    pub(super) const fn written(&self) -> Position {
        self.written
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    pub(super) fn streams(&self) -> Vec<StreamName> {
        self.streams.keys().cloned().collect()
    }

    /// Takes note of what is open in a stream now.
    pub(super) fn replace(&mut self, stream: &StreamName, obligations: &[Obligation]) {
        let open: Vec<Open> = obligations
            .iter()
            .map(|Obligation { kind, due_at, opened_by }| Open {
                kind: self.kind(kind),
                due_at: *due_at,
                opened_by: *opened_by,
            })
            .collect();
        if self.streams.get(stream).map_or(&[][..], Vec::as_slice) == open {
            return;
        }
        self.changed.insert(stream.clone());
        self.put(stream, open);
    }

    fn put(&mut self, stream: &StreamName, open: Vec<Open>) {
        if let Some(old) = self.streams.remove(stream) {
            for (n, open) in (0..).zip(&old) {
                self.due.remove(&(open.due_at, stream.clone(), n));
            }
        }
        for (n, open) in (0..).zip(&open) {
            self.due.insert((open.due_at, stream.clone(), n));
        }
        if !open.is_empty() {
            self.streams.insert(stream.clone(), open);
        }
    }

    /// What is due at `now`, in due order, as far as it is `wanted`; at most `limit`.
    pub(super) fn due(
        &self,
        now: Timestamp,
        limit: usize,
        wanted: impl Fn(&Due) -> bool,
    ) -> Vec<Due> {
        let due = self.due.iter().take_while(|(due_at, ..)| *due_at <= now);
        due.filter_map(|entry| self.read(entry)).filter(wanted).take(limit).collect()
    }

    fn read(&self, (due_at, stream, n): &(Timestamp, StreamName, u8)) -> Option<Due> {
        let open = self.streams.get(stream)?.get(usize::from(*n))?;
        let (kind, opened_by) = (Arc::clone(&open.kind), open.opened_by);
        Some(Due { stream: stream.clone(), kind, due_at: *due_at, opened_by })
    }

    /// How many were due before `then`.
    pub(super) fn count_before(&self, then: Timestamp) -> usize {
        self.due.iter().take_while(|(due_at, ..)| *due_at < then).count()
    }

    /// When the next falls due after `now`.
    pub(super) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let instant = jiff::SignedDuration::from_nanos(1);
        // No stream's name comes before this one.
        let from = (now.checked_add(instant).ok()?, StreamName::new("!").ok()?, 0);
        self.due.range(from..).next().map(|(due_at, ..)| *due_at)
    }

    /// Writes down what changed, if the file is far behind.
    pub(super) fn write_if_behind(&mut self, through: Position) -> Result<(), ViewError> {
        if through.0.saturating_sub(self.written.0) < EVENTS_BEHIND_MAX {
            return Ok(());
        }
        self.view.write(through, |rows| {
            self.changed.iter().try_for_each(|stream| {
                write(rows, stream, self.streams.get(stream).map_or(&[][..], Vec::as_slice))
            })
        })?;
        self.changed.clear();
        self.written = through;
        Ok(())
    }

    /// There are few kinds: one copy of each.
    fn kind(&mut self, kind: &str) -> Arc<str> {
        if let Some(known) = self.kinds.get(kind) {
            return Arc::clone(known);
        }
        let kind: Arc<str> = kind.into();
        self.kinds.insert(Arc::clone(&kind));
        kind
    }
}

fn write(rows: &Connection, stream: &StreamName, open: &[Open]) -> rusqlite::Result<()> {
    rows.prepare_cached("DELETE FROM obligations WHERE stream = ?1")?.execute([stream.as_str()])?;
    for Open { kind, due_at, opened_by } in open {
        rows.prepare_cached("INSERT INTO obligations VALUES (?1, ?2, ?3, ?4)")?.execute(
            params![
                stream.as_str(),
                &**kind,
                nanoseconds(*due_at),
                opened_by.as_bytes().as_slice()
            ],
        )?;
    }
    Ok(())
}

/// Nanoseconds since 1970, which fit from the year 1678 to 2262; what lies before that is due at once.
fn nanoseconds(at: Timestamp) -> i64 {
    let beyond = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(beyond)
}
