//! The deadline index: in memory, with a file that lags behind, because most obligations are met
//! before they would be written. At start, events after the file's position are read from the log
//! again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::clock::{Deadline, DeadlineKind};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::view::{Shape, View, ViewError};

/// Events by which the file may lag, approximately: about 1 s of reading at the next start.
pub(super) const BEHIND_MAX: u64 = 10_000;

/// Increased with every change of the tables. They are ordered by due time, so that deadlines that
/// fall due together are written to the same pages.
const TABLES_VERSION: u32 = 5;
const TABLES: &str = "
CREATE TABLE obligations (
  due_at INTEGER NOT NULL, stream BLOB NOT NULL, kind TEXT NOT NULL, opened_by BLOB NOT NULL,
  PRIMARY KEY (due_at, stream, kind)
) STRICT, WITHOUT ROWID;";

/// The shape of the file for kinds of `K`. A program that knows other kinds builds it anew: kinds
/// that it does not know could not be enforced, and whatever replaced them would be missing.
pub(super) const fn shape<K: DeadlineKind>(name: &'static str) -> Shape {
    Shape { name, version: version(K::TEXTS), tables: TABLES }
}

/// The version of the tables, combined with a digest of the kinds (FNV-1a).
const fn version(kinds: &[&str]) -> u32 {
    let mut digest: u32 = 0x811c_9dc5 ^ TABLES_VERSION;
    let mut kind = 0;
    while kind < kinds.len() {
        let (text, mut at) = (kinds[kind].as_bytes(), 0);
        while at <= text.len() {
            // A separator after each, so that two kinds are not one.
            let byte = if at < text.len() { text[at] } else { 0 };
            digest = (digest ^ byte as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        kind += 1;
    }
    digest
}

/// An open deadline, with its kind as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) kind: Cow<'static, str>,
    pub(super) due_at: Timestamp,
    pub(super) opened_by: Uuid,
}

impl<K: DeadlineKind> From<Deadline<K>> for Open {
    fn from(Deadline { kind, due_at, opened_by, .. }: Deadline<K>) -> Self {
        Self { kind: kind.text(), due_at, opened_by }
    }
}

/// An open deadline of a stream.
#[derive(Debug, Clone)]
pub(super) struct Due {
    /// Id in the stream's name.
    pub(super) stream: Uuid,
    pub(super) kind: Arc<str>,
    pub(super) due_at: Timestamp,
    pub(super) opened_by: Uuid,
}

/// Nanoseconds since 1970.
type Nanoseconds = i64;
/// Index into [`Index::kinds`]: the kinds of the program, and one for each duty that a procedure
/// defines.
type Kind = u16;

/// Compact, because a million obligations may be open: two entries of 48 and 32 bytes for each,
/// without further allocations.
#[derive(Debug)]
pub(super) struct Index {
    due: BTreeMap<(Nanoseconds, Uuid, Kind), Uuid>,
    /// The entries of `due`, by stream.
    open: BTreeSet<(Uuid, Kind, Nanoseconds)>,
    /// Entries that may differ in the file.
    changed: BTreeSet<(Nanoseconds, Uuid, Kind)>,
    kinds: Vec<Arc<str>>,
}

impl Index {
    /// Loads the index from its file.
    pub(super) fn load(view: &View) -> Result<Self, ViewError> {
        let mut index = Self {
            due: BTreeMap::new(),
            open: BTreeSet::new(),
            changed: BTreeSet::new(),
            kinds: Vec::new(),
        };
        view.peek(|rows| {
            let mut statement =
                rows.prepare("SELECT stream, kind, due_at, opened_by FROM obligations")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (stream, opened_by): (Uuid, Uuid) = (row.get(0)?, row.get(3)?);
                let kind = index.kind(row.get_ref(1)?.as_str()?);
                index.insert(stream, kind, row.get(2)?, opened_by);
            }
            Ok(())
        })?;
        Ok(index)
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Ids of streams with open deadlines.
    pub(super) fn streams(&self) -> BTreeSet<Uuid> {
        self.open.iter().map(|(stream, ..)| *stream).collect()
    }

    /// Replaces the open deadlines of a stream.
    pub(super) fn replace(&mut self, stream: Uuid, deadlines: &[Open]) {
        let mut open: Vec<(Kind, Nanoseconds, Uuid)> = Vec::with_capacity(deadlines.len());
        for Open { kind, due_at, opened_by } in deadlines {
            open.push((self.kind(kind), nanoseconds(*due_at), *opened_by));
        }
        open.sort_unstable();
        let old: Vec<(Kind, Nanoseconds, Uuid)> = self.of(stream).collect();
        if old == open {
            return;
        }
        let changed = old.iter().chain(&open).map(|(kind, due_at, _)| (*due_at, stream, *kind));
        self.changed.extend(changed);
        for (kind, due_at, _) in old {
            self.due.remove(&(due_at, stream, kind));
            self.open.remove(&(stream, kind, due_at));
        }
        for (kind, due_at, opened_by) in open {
            self.insert(stream, kind, due_at, opened_by);
        }
    }

    fn insert(&mut self, stream: Uuid, kind: Kind, due_at: Nanoseconds, opened_by: Uuid) {
        self.due.insert((due_at, stream, kind), opened_by);
        self.open.insert((stream, kind, due_at));
    }

    /// Open deadlines of a stream.
    fn of(&self, stream: Uuid) -> impl Iterator<Item = (Kind, Nanoseconds, Uuid)> {
        let all = (stream, Kind::MIN, Nanoseconds::MIN)..=(stream, Kind::MAX, Nanoseconds::MAX);
        self.open.range(all).filter_map(|(stream, kind, due_at)| {
            let opened_by = self.due.get(&(*due_at, *stream, *kind))?;
            Some((*kind, *due_at, *opened_by))
        })
    }

    /// At most `limit` obligations that are due at `now` and `wanted`, in order of due time.
    pub(super) fn due(
        &self,
        now: Timestamp,
        limit: usize,
        wanted: impl Fn(&Due) -> bool,
    ) -> Vec<Due> {
        let now = nanoseconds(now);
        let due = self.due.iter().take_while(|((due_at, ..), _)| *due_at <= now);
        let due = due.filter_map(|((due_at, stream, kind), opened_by)| {
            Some(Due {
                stream: *stream,
                kind: Arc::clone(self.kinds.get(usize::from(*kind))?),
                due_at: Timestamp::from_nanosecond(i128::from(*due_at)).ok()?,
                opened_by: *opened_by,
            })
        });
        due.filter(wanted).take(limit).collect()
    }

    /// Number of obligations that were due before `then`.
    pub(super) fn count_before(&self, then: Timestamp) -> usize {
        self.due.range(..(nanoseconds(then), Uuid::nil(), Kind::MIN)).count()
    }

    /// Number of obligations that fell due after `after` and not later than `by`.
    pub(super) fn count_between(&self, after: Timestamp, by: Timestamp) -> usize {
        let (after, by) = (nanoseconds(after), nanoseconds(by));
        let due = self.due.range((after, Uuid::max(), Kind::MAX)..);
        due.take_while(|((due_at, ..), _)| *due_at <= by).count()
    }

    /// When the next obligation after `now` falls due.
    pub(super) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let from = (nanoseconds(now), Uuid::max(), Kind::MAX);
        let ((due_at, ..), _) = self.due.range(from..).next()?;
        Timestamp::from_nanosecond(i128::from(*due_at)).ok()
    }

    /// The entries that may differ in the file.
    pub(super) fn changes(&self) -> Vec<Change> {
        let changes = self.changed.iter().map(|(due_at, stream, kind)| Change {
            due_at: *due_at,
            stream: *stream,
            kind: self.kinds.get(usize::from(*kind)).cloned().unwrap_or_default(),
            opened_by: self.due.get(&(*due_at, *stream, *kind)).copied(),
        });
        changes.collect()
    }

    /// The changes were written to the file.
    pub(super) fn saved(&mut self) {
        self.changed.clear();
    }

    /// The number of a kind; kinds are few.
    fn kind(&mut self, kind: &str) -> Kind {
        let known = self.kinds.iter().position(|known| **known == *kind);
        let place = known.unwrap_or_else(|| {
            self.kinds.push(kind.into());
            self.kinds.len().saturating_sub(1)
        });
        Kind::try_from(place).unwrap_or(Kind::MAX)
    }
}

/// An entry of the file.
#[derive(Debug)]
pub(super) struct Change {
    due_at: Nanoseconds,
    stream: Uuid,
    kind: Arc<str>,
    /// `None` if there is no such obligation any more.
    opened_by: Option<Uuid>,
}

impl Change {
    pub(super) fn write(&self, rows: &Connection) -> rusqlite::Result<()> {
        let Self { due_at, stream, kind, opened_by } = self;
        match opened_by {
            Some(opened_by) => rows
                .prepare_cached("INSERT OR REPLACE INTO obligations VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![due_at, stream, kind, opened_by])?,
            None => rows
                .prepare_cached(
                    "DELETE FROM obligations WHERE due_at = ?1 AND stream = ?2 AND kind = ?3",
                )?
                .execute(params![due_at, stream, kind])?,
        };
        Ok(())
    }
}

/// Nanoseconds since 1970; valid from the year 1678 to 2262, saturating outside, so that earlier
/// obligations are due at once.
fn nanoseconds(at: Timestamp) -> Nanoseconds {
    let beyond = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use events::Position;

    use dossier::intake::IntakeDeadline;

    use super::*;

    const DAY: i64 = 86_400;

    fn view() -> View {
        View::open(None, shape::<IntakeDeadline>("test"), &events::EventStore::memory()).unwrap()
    }

    fn index() -> Index {
        Index::load(&view()).unwrap()
    }

    fn open(kind: &'static str, day: i64) -> Open {
        Open { kind: kind.into(), due_at: at(day), opened_by: Uuid::from_u128(7) }
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * DAY).unwrap()
    }

    fn due(index: &Index, day: i64) -> Vec<(u128, String)> {
        let due = index.due(at(day), 10, |_| true);
        due.into_iter().map(|due| (due.stream.as_u128(), due.kind.to_string())).collect()
    }

    #[test]
    fn what_is_due_comes_in_due_order_and_what_is_replaced_is_gone() {
        let mut index = index();
        index.replace(Uuid::from_u128(1), &[open("miss", 5), open("foresee", 3)]);
        index.replace(Uuid::from_u128(2), &[open("miss", 4)]);
        let order = [(1, "foresee".to_owned()), (2, "miss".to_owned()), (1, "miss".to_owned())];
        assert_eq!(due(&index, 5), order);
        assert_eq!(due(&index, 2), []);
        assert_eq!((index.count_before(at(4)), index.count_before(at(6))), (1, 3));
        assert_eq!(index.next_after(at(3)), Some(at(4)));
        assert_eq!(index.next_after(at(5)), None);
        index.replace(Uuid::from_u128(1), &[open("miss", 9)]);
        assert_eq!(due(&index, 5), [(2, "miss".to_owned())]);
        index.replace(Uuid::from_u128(2), &[]);
        assert_eq!((due(&index, 5), index.len()), (vec![], 1));
        assert_eq!(index.streams(), BTreeSet::from([Uuid::from_u128(1)]));
    }

    #[test]
    fn a_file_of_a_program_that_knows_other_kinds_is_built_anew() {
        let versions = [&["answer"][..], &["answer", "deadline"], &["answerdeadline"], &[]];
        let distinct: BTreeSet<u32> = versions.into_iter().map(version).collect();
        assert_eq!(distinct.len(), versions.len());
        assert_eq!(shape::<IntakeDeadline>("test").version, version(IntakeDeadline::TEXTS));
    }

    #[test]
    fn the_file_gives_back_what_was_written() {
        let (view, mut index) = (view(), index());
        for n in 0..100 {
            index.replace(Uuid::from_u128(n), &[open("miss", 5), open("foresee", 3)]);
        }
        let write = |index: &Index, through| {
            let changes = index.changes();
            view.write_at_start(Position(through), |rows| {
                changes.iter().try_for_each(|change| change.write(rows))
            })
            .unwrap();
        };
        write(&index, 7);
        index.replace(Uuid::from_u128(5), &[]);
        write(&index, 8);
        index.saved();
        assert_eq!(index.changes().len(), 0);
        let again = Index::load(&view).unwrap();
        assert_eq!((again.len(), view.position().unwrap()), (198, Position(8)));
        let all = |index: &Index| {
            let all = index.due(at(9), 1_000, |_| true);
            let all =
                all.iter().map(|due| (due.due_at, due.stream, due.kind.to_string(), due.opened_by));
            all.collect::<BTreeSet<_>>()
        };
        assert_eq!(all(&again), all(&index));
    }
}
