//! A page of a list: ranges are merged in their order, and rows are compared with the filters until
//! the page is full or the limit of scanned rows is reached.

use std::collections::VecDeque;

use dossier::contract::DossierId;
use dossier::overview::Task;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::limits::{KEYS_AT_ONCE, ROWS_SCANNED_MAX};
use super::{ListedRow, Range, find};

/// A place in a list, after which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    sort: i64,
    id: Uuid,
    task: i64,
}

impl Place {
    /// As text, in a cursor.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}.{}", self.sort, self.id.simple(), self.task)
    }

    /// The place with this text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let place = Self {
            sort: parts.next()?.parse().ok()?,
            id: Uuid::try_parse(parts.next()?).ok()?,
            task: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The ranges to merge.
    pub(crate) ranges: Vec<Range>,
    pub(crate) after: Option<Place>,
    /// Rows of the page, at most.
    pub(crate) rows: usize,
    /// Only keys before this instant, in milliseconds since 1970; all if absent.
    pub(crate) before: Option<i64>,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The rows, in lists of tasks each with the place of its task.
    pub(crate) rows: Vec<(ListedRow, usize)>,
    /// Where the next page begins; `None` if this is the last one.
    pub(crate) next: Option<Place>,
}

impl Listed {
    /// Reads a page of the rows for which `shows` is true. In lists of tasks, its second argument
    /// is the task. The page reflects one position: keys are read before the rows that have them,
    /// and a task is named by its place in its row.
    pub(crate) fn read(
        tables: &Connection,
        asked: &Asked,
        shows: impl Fn(&ListedRow, Option<&Task>) -> bool,
    ) -> rusqlite::Result<Self> {
        let tables = &*tables.unchecked_transaction()?;
        let mut merge = Merge::new(asked);
        let mut rows = Vec::new();
        let (mut scanned, mut last) = (0, None);
        while let Some(place) = merge.next(tables)? {
            if rows.len() == asked.rows || scanned == ROWS_SCANNED_MAX {
                return Ok(Self { rows, next: last });
            }
            scanned += 1;
            last = Some(place);
            let Some(row) = find(tables, DossierId(place.id))? else { continue };
            let task = usize::try_from(place.task).unwrap_or(usize::MAX);
            if shows(&row, row.tasks.get(task)) {
                rows.push((row, task));
            }
        }
        Ok(Self { rows, next: None })
    }
}

/// The keys of several ranges, in one order and without repetitions.
struct Merge {
    ranges: Vec<Keys>,
    last: Option<Place>,
    before: i64,
}

/// The keys of a range that were read and not returned yet.
struct Keys {
    range: Range,
    ahead: VecDeque<Place>,
    /// Where to read on; `None` at the end of the range.
    from: Option<Place>,
}

impl Merge {
    fn new(asked: &Asked) -> Self {
        let start = Place { sort: i64::MIN, id: Uuid::nil(), task: -1 };
        let from = Some(asked.after.unwrap_or(start));
        let keys = |range: &Range| Keys { range: *range, ahead: VecDeque::new(), from };
        Self {
            ranges: asked.ranges.iter().map(keys).collect(),
            last: asked.after,
            before: asked.before.unwrap_or(i64::MAX),
        }
    }

    fn next(&mut self, tables: &Connection) -> rusqlite::Result<Option<Place>> {
        loop {
            let mut first: Option<&mut Keys> = None;
            for keys in &mut self.ranges {
                keys.fill(tables, self.before)?;
                let Some(place) = keys.ahead.front() else { continue };
                if first.as_ref().and_then(|first| first.ahead.front()).is_none_or(|f| place < f) {
                    first = Some(keys);
                }
            }
            let Some(place) = first.and_then(|keys| keys.ahead.pop_front()) else {
                return Ok(None);
            };
            // Ranges may overlap: an agency can be asked for with one above it.
            if self.last.is_none_or(|last| last < place) {
                self.last = Some(place);
                return Ok(Some(place));
            }
        }
    }
}

impl Keys {
    /// Reads on if all keys were returned.
    fn fill(&mut self, tables: &Connection, before: i64) -> rusqlite::Result<()> {
        let Some(from) = self.from.filter(|_| self.ahead.is_empty()) else { return Ok(()) };
        let mut statement = tables.prepare_cached(
            "SELECT sort, id, task FROM listed
             WHERE scope = ?1 AND class = ?2 AND (sort, id, task) > (?3, ?4, ?5) AND sort <= ?6
             ORDER BY sort, id, task LIMIT ?7",
        )?;
        let keys = statement.query_map(
            params![
                self.range.scope.0,
                self.range.class,
                from.sort,
                from.id.as_bytes(),
                from.task,
                before,
                KEYS_AT_ONCE
            ],
            |row| {
                Ok(Place {
                    sort: row.get(0)?,
                    id: Uuid::from_bytes(row.get(1)?),
                    task: row.get(2)?,
                })
            },
        )?;
        self.ahead = keys.collect::<rusqlite::Result<_>>()?;
        let is_full = usize::try_from(KEYS_AT_ONCE).is_ok_and(|all| self.ahead.len() == all);
        self.from = self.ahead.back().copied().filter(|_| is_full);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests;
