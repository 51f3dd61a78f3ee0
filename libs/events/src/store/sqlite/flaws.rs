//! Defects of the file: orphaned rows, gaps, and damage that SQLite reports.

use rusqlite::{Connection, Row, params};

use super::{signed, unsigned};
use crate::limits::FLAWS_MAX;
use crate::{Flaw, Position};

const EMPTY_STREAMS: &str = "SELECT name FROM streams
  WHERE NOT EXISTS (SELECT 1 FROM events WHERE stream = no) ORDER BY no LIMIT ?1";

const NO_STREAM: &str = "SELECT position FROM events
  WHERE NOT EXISTS (SELECT 1 FROM streams WHERE no = stream) ORDER BY position LIMIT ?1";

/// Positions begin at 1 and have no gaps, so the last equals the count.
const DENSE: &str = "SELECT count(*) = coalesce(max(position), 0) FROM events";

const GAPS: &str = "SELECT * FROM
  (SELECT lag(position, 1, 0) OVER (ORDER BY position) AS before, position FROM events)
  WHERE position <> before + 1 LIMIT ?1";

const VERSION_GAPS: &str = "SELECT coalesce(name, 'number ' || stream), before, version FROM
  (SELECT stream, lag(version, 1, 0) OVER (PARTITION BY stream ORDER BY version) AS before, version
   FROM events)
  LEFT JOIN streams ON no = stream WHERE version <> before + 1 LIMIT ?1";

/// The first [`FLAWS_MAX`] of each kind. Reads the whole file.
pub(super) fn of(connection: &Connection) -> rusqlite::Result<Vec<Flaw>> {
    // One snapshot for all queries.
    let transaction = connection.unchecked_transaction()?;
    let ask = |sql: &str, flaw: fn(&Row<'_>) -> rusqlite::Result<Flaw>| {
        let mut statement = transaction.prepare(sql)?;
        statement.query_map(params![signed(FLAWS_MAX as u64)], flaw)?.collect::<Result<Vec<_>, _>>()
    };
    let mut flaws = damage(&transaction)?;
    flaws.extend(ask(EMPTY_STREAMS, |row| Ok(Flaw::EmptyStream(row.get(0)?)))?);
    flaws.extend(ask(NO_STREAM, |row| Ok(Flaw::NoStream(Position(unsigned(row.get(0)?)))))?);
    if !transaction.query_row(DENSE, [], |row| row.get::<_, bool>(0))? {
        let gap = |row: &Row<'_>| {
            let place = |column| row.get(column).map(|place| Position(unsigned(place)));
            Ok(Flaw::Gap { after: place(0)?, before: place(1)? })
        };
        flaws.extend(ask(GAPS, gap)?);
    }
    let gap = |row: &Row<'_>| {
        let (after, before) = (unsigned(row.get(1)?), unsigned(row.get(2)?));
        Ok(Flaw::VersionGap { stream: row.get(0)?, after, before })
    };
    flaws.extend(ask(VERSION_GAPS, gap)?);
    Ok(flaws)
}

/// SQLite's `integrity_check`.
fn damage(connection: &Connection) -> rusqlite::Result<Vec<Flaw>> {
    let sql = format!("PRAGMA integrity_check({FLAWS_MAX})");
    let mut statement = connection.prepare(&sql)?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?;
    let said = said.collect::<Result<Vec<_>, _>>()?;
    Ok(said.into_iter().filter(|said| said != "ok").map(Flaw::Damaged).collect())
}
