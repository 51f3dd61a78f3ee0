//! Merges the segments of the index into one, step by step, while there are no events to index. A
//! search looks up each of its terms in each segment, and a rebuild leaves a dozen of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::tasks::Rows;
use rusqlite::Connection;

/// Rows that are added before the segments are merged again.
const ADDED_MIN: usize = 100_000;
/// Pages of the index that one step writes at most, of 4 KiB each.
const STEP_PAGES: i64 = 2_000;

/// The merge that is going on, if there is one.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Rows added since the last merge began.
    added: usize,
    next: Option<Step>,
    /// Set by the step that finds nothing to merge.
    is_over: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    First,
    Later,
}

impl Merge {
    /// Rows were added to the index.
    pub(super) const fn add(&mut self, rows: usize) {
        self.added = self.added.saturating_add(rows);
    }

    /// Whether there is a step to do. Begins a merge if enough rows were added.
    pub(super) fn is_due(&mut self) -> bool {
        if self.next.is_none() && self.added >= ADDED_MIN {
            (self.added, self.next) = (0, Some(Step::First));
        }
        self.next.is_some()
    }

    /// The next step; nothing if none is due.
    pub(super) fn step(&self) -> Rows {
        let (next, is_over) = (self.next, Arc::clone(&self.is_over));
        Box::new(move |rows| {
            let Some(step) = next else { return Ok(()) };
            is_over.store(merge(rows, step)?, Ordering::Relaxed);
            Ok(())
        })
    }

    /// The step was committed.
    pub(super) fn done(&mut self) {
        if self.next.is_some() {
            let is_over = self.is_over.swap(false, Ordering::Relaxed);
            self.next = (!is_over).then_some(Step::Later);
        }
    }
}

/// Merges a part; returns whether nothing was left: then fewer than two rows change
/// (<https://www.sqlite.org/fts5.html#the_merge_command>). A negative number begins a merge of all
/// segments.
fn merge(rows: &Connection, step: Step) -> rusqlite::Result<bool> {
    let pages = match step {
        Step::First => STEP_PAGES.saturating_neg(),
        Step::Later => STEP_PAGES,
    };
    let before = rows.total_changes();
    rows.prepare_cached("INSERT INTO words(words, rank) VALUES ('merge', ?1)")?.execute([pages])?;
    Ok(rows.total_changes().saturating_sub(before) < 2)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::index::{Inserts, TABLES};
    use super::*;

    /// Segments of the index: each has its leaves under ids of its own.
    fn segments(rows: &Connection) -> u32 {
        let sql = "SELECT count(DISTINCT segid) FROM words_idx";
        rows.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn all_segments_become_one_in_steps_and_the_words_are_still_found() {
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch(TABLES).unwrap();
        let mut merge = Merge::default();
        for transaction in 0..3_u128 {
            let committed = rows.unchecked_transaction().unwrap();
            let mut inserts = Inserts::default();
            for n in 0..2_000 {
                let id = transaction * 2_000 + n;
                let tokens = format!("word{id} common{}", id % 7);
                inserts.put(&rows, Uuid::from_u128(id), (&tokens, "rights")).unwrap();
            }
            inserts.write(&rows).unwrap();
            committed.commit().unwrap();
        }
        assert_eq!(segments(&rows), 3);
        assert!(!merge.is_due(), "too few rows");
        merge.add(ADDED_MIN);
        let mut steps = 0;
        while merge.is_due() {
            merge.step()(&rows).unwrap();
            merge.done();
            steps += 1;
            assert!(steps < 100, "it does not end");
        }
        assert!(steps > 1);
        assert_eq!(segments(&rows), 1);
        let found = "SELECT count(*) FROM words WHERE words MATCH ?1";
        let count = |word: &str| rows.query_row(found, [word], |row| row.get::<_, u32>(0)).unwrap();
        assert_eq!((count("word4999"), count("rights")), (1, 6_000));
        assert!(!merge.is_due(), "until as many rows were added again");
    }

    #[test]
    fn a_step_that_was_not_committed_is_done_again() {
        let rows = Connection::open_in_memory().unwrap();
        let mut merge = Merge::default();
        merge.add(ADDED_MIN);
        assert!(merge.is_due());
        assert!(merge.step()(&rows).is_err(), "there is no index");
        assert!(merge.is_due());
        assert_eq!(merge.next, Some(Step::First));
    }
}
