//! The day of cash. What is taken after a till was closed belongs to the next day: in the order of
//! the log, and not in that of the clock, because a closing counts what was recorded before it.

use dossier::books::BookId;
use dossier::law::TILL;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

/// Days in a row that may be closed ahead; cash after more of them stays on the last one.
const CLOSED_AHEAD_MAX: usize = 31;

/// The next day of an agency's till that is not closed; `None` if that is the day itself.
pub(super) fn open_day(
    tables: &Connection,
    agency: &str,
    day: &str,
) -> rusqlite::Result<Option<String>> {
    let mut open: Option<String> = None;
    for _ in 0..CLOSED_AHEAD_MAX {
        let at = open.as_deref().unwrap_or(day);
        let stage: Option<String> = tables
            .prepare_cached(
                "SELECT stage FROM books WHERE day = ?1 AND agency = ?2 AND account = ?3",
            )?
            .query_row(params![at, agency, TILL], |row| row.get(0))
            .optional()?;
        if stage.as_deref() != Some("closed") {
            break;
        }
        let Some(next) = at.parse::<Date>().ok().and_then(|day| day.tomorrow().ok()) else { break };
        open = Some(next.to_string());
    }
    Ok(open)
}

/// Moves cash to the next day that was recorded before its till was closed, but too late to be
/// counted: the closing has the first `closed` movements of the day.
pub(super) fn move_on(tables: &Connection, book: &BookId, closed: u64) -> rusqlite::Result<()> {
    let (agency, day) = (book.agency.as_str(), book.day.to_string());
    let Some(next) = open_day(tables, agency, &day)? else { return Ok(()) };
    tables
        .prepare_cached(
            "UPDATE movements SET day = ?1 WHERE id IN (
               SELECT id FROM movements WHERE agency = ?2 AND account = ?3 AND day = ?4
               ORDER BY position, id LIMIT -1 OFFSET ?5)",
        )?
        .execute(params![next, agency, TILL, day, closed.cast_signed()])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::shape::SHAPE;

    fn tables() -> Connection {
        let tables = Connection::open_in_memory().unwrap();
        tables.execute_batch(SHAPE.tables).unwrap();
        for (position, day) in [(1, "2026-11-20"), (2, "2026-11-20"), (3, "2026-11-20")] {
            let sql = "INSERT INTO movements (id, position, agency, account, day, payment, dossier,
                code, applicant, acted, moved, amount, at, due_at, paid_at)
              VALUES (?1, ?1, 'G02', 'cash', ?2, 'p', 'd', 'c', '', '[]', 'cash', 1, 0, 0, 0)";
            tables.execute(sql, params![position, day]).unwrap();
        }
        tables
    }

    fn close(tables: &Connection, day: &str) {
        let sql = "INSERT INTO books VALUES (?1, 'G02', 'cash', ?1, 'closed')";
        tables.execute(sql, [day]).unwrap();
    }

    fn days(tables: &Connection) -> Vec<String> {
        let mut sql = tables.prepare("SELECT day FROM movements ORDER BY position").unwrap();
        sql.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn cash_that_a_closing_does_not_count_is_moved_to_the_next_open_day() {
        let tables = tables();
        for day in ["2026-11-20", "2026-11-21"] {
            close(&tables, day);
        }
        let book: BookId = "2026-11-20_G02_cash".parse().unwrap();
        move_on(&tables, &book, 2).unwrap();
        assert_eq!(days(&tables), ["2026-11-20", "2026-11-20", "2026-11-22"]);
        move_on(&tables, &book, 2).unwrap();
        assert_eq!(days(&tables), ["2026-11-20", "2026-11-20", "2026-11-22"], "nothing more");
        assert_eq!(open_day(&tables, "G02", "2026-11-19").unwrap(), None);
        assert_eq!(open_day(&tables, "G02", "2026-11-20").unwrap().as_deref(), Some("2026-11-22"));
        assert_eq!(open_day(&tables, "G02.001", "2026-11-20").unwrap(), None, "another till");
    }
}
