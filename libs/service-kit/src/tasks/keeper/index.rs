//! The deadline index: in memory, with a file that lags behind, because most obligations are met
//! before they would be written. At start, events after the file's position are read from the log
//! again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::Obligation;
use events::Position;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::view::{Shape, View, ViewError};

/// Events by which the file may lag, approximately: about 1 s of reading at the next start.
const BEHIND_MAX: u64 = 10_000;

/// Ordered by due time, so that obligations that fall due together are written to the same pages.
const TABLES: &str = "
CREATE TABLE obligations (
  due_at INTEGER NOT NULL, stream BLOB NOT NULL, kind TEXT NOT NULL, opened_by BLOB NOT NULL,
  PRIMARY KEY (due_at, stream, kind)
) STRICT, WITHOUT ROWID;";

pub(super) const fn shape(name: &'static str) -> Shape {
    Shape { name, version: 5, tables: TABLES }
}

/// An open obligation of a stream.
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
    view: Arc<View>,
    due: BTreeMap<(Nanoseconds, Uuid, Kind), Uuid>,
    /// The entries of `due`, by stream.
    open: BTreeSet<(Uuid, Kind, Nanoseconds)>,
    /// Entries that may differ in the file.
    changed: BTreeSet<(Nanoseconds, Uuid, Kind)>,
    written: Position,
    /// Events read since the file was written, approximately.
    unwritten: u64,
    /// Position up to which the index in memory is complete.
    pub(super) reached: Position,
    kinds: Vec<Arc<str>>,
}

impl Index {
    /// Loads the index from its file.
    pub(super) fn load(view: Arc<View>) -> Result<Self, ViewError> {
        let written = view.position()?;
        let mut index = Self {
            view: Arc::clone(&view),
            due: BTreeMap::new(),
            open: BTreeSet::new(),
            changed: BTreeSet::new(),
            written,
            unwritten: 0,
            reached: written,
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

    /// Position up to which the file is complete.
    pub(super) const fn written(&self) -> Position {
        self.written
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Ids of streams with open obligations.
    pub(super) fn streams(&self) -> BTreeSet<Uuid> {
        self.open.iter().map(|(stream, ..)| *stream).collect()
    }

    /// Replaces the open obligations of a stream.
    pub(super) fn replace(&mut self, stream: Uuid, obligations: &[Obligation]) {
        let mut open: Vec<(Kind, Nanoseconds, Uuid)> = Vec::with_capacity(obligations.len());
        for Obligation { kind, due_at, opened_by } in obligations {
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

    /// Open obligations of a stream.
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

    /// Counts scanned events.
    pub(super) fn read(&mut self, events: u64) {
        self.unwritten += events;
    }

    /// Writes the changes if the file lags too far behind.
    pub(super) fn write_if_behind(&mut self, through: Position) -> Result<(), ViewError> {
        if self.unwritten < BEHIND_MAX {
            return Ok(());
        }
        self.view.write(through, |rows| {
            self.changed.iter().try_for_each(|changed| self.write(rows, *changed))
        })?;
        self.changed.clear();
        (self.written, self.unwritten) = (through, 0);
        Ok(())
    }

    fn write(
        &self,
        rows: &Connection,
        (due_at, stream, kind): (Nanoseconds, Uuid, Kind),
    ) -> rusqlite::Result<()> {
        let name = self.kinds.get(usize::from(kind)).map_or("", |kind| kind);
        match self.due.get(&(due_at, stream, kind)) {
            Some(opened_by) => rows
                .prepare_cached("INSERT OR REPLACE INTO obligations VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![due_at, stream, name, opened_by])?,
            None => rows
                .prepare_cached(
                    "DELETE FROM obligations WHERE due_at = ?1 AND stream = ?2 AND kind = ?3",
                )?
                .execute(params![due_at, stream, name])?,
        };
        Ok(())
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

/// Nanoseconds since 1970; valid from the year 1678 to 2262, saturating outside, so that earlier
/// obligations are due at once.
fn nanoseconds(at: Timestamp) -> Nanoseconds {
    let beyond = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::View;

    const DAY: i64 = 86_400;

    fn index() -> Index {
        let store = events::EventStore::memory();
        Index::load(Arc::new(View::open(None, shape("test"), &store).unwrap())).unwrap()
    }

    fn obligation(kind: &'static str, day: i64) -> Obligation {
        Obligation { kind: kind.into(), due_at: at(day), opened_by: Uuid::from_u128(7) }
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
        index.replace(Uuid::from_u128(1), &[obligation("miss", 5), obligation("foresee", 3)]);
        index.replace(Uuid::from_u128(2), &[obligation("miss", 4)]);
        let order = [(1, "foresee".to_owned()), (2, "miss".to_owned()), (1, "miss".to_owned())];
        assert_eq!(due(&index, 5), order);
        assert_eq!(due(&index, 2), []);
        assert_eq!((index.count_before(at(4)), index.count_before(at(6))), (1, 3));
        assert_eq!(index.next_after(at(3)), Some(at(4)));
        assert_eq!(index.next_after(at(5)), None);
        index.replace(Uuid::from_u128(1), &[obligation("miss", 9)]);
        assert_eq!(due(&index, 5), [(2, "miss".to_owned())]);
        index.replace(Uuid::from_u128(2), &[]);
        assert_eq!((due(&index, 5), index.len()), (vec![], 1));
        assert_eq!(index.streams(), BTreeSet::from([Uuid::from_u128(1)]));
    }

    #[test]
    fn the_file_gives_back_what_was_written() {
        let mut index = index();
        for n in 0..100 {
            index.replace(Uuid::from_u128(n), &[obligation("miss", 5), obligation("foresee", 3)]);
        }
        index.replace(Uuid::from_u128(5), &[]);
        index.read(BEHIND_MAX - 1);
        index.write_if_behind(Position(7)).unwrap();
        let again = Index::load(Arc::clone(&index.view)).unwrap();
        assert_eq!((again.len(), again.written()), (0, Position::START), "not far enough behind");
        index.read(1);
        index.write_if_behind(Position(8)).unwrap();
        let again = Index::load(Arc::clone(&index.view)).unwrap();
        assert_eq!((again.len(), again.written()), (198, Position(8)));
        let all = |index: &Index| {
            let all = index.due(at(9), 1_000, |_| true);
            let all =
                all.iter().map(|due| (due.due_at, due.stream, due.kind.to_string(), due.opened_by));
            all.collect::<BTreeSet<_>>()
        };
        assert_eq!(all(&again), all(&index));
    }
}
