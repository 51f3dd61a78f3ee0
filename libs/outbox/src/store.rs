//! Requests and their tries in SQLite. Calls block; each is one transaction.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::entry::{Added, Entry, Filter, Full, Request, State, StoreError, Try};
use crate::limits::{
    ENDED_BYTES_MAX, ENDED_MAX, KEPT_DAYS, PAGE_MAX, PRUNE_MAX, REQUEST_BYTES_MAX,
    RESPONSE_BYTES_MAX, TRIES_MAX, WAITING_BYTES_MAX, WAITING_MAX,
};

/// A file of SQLite with requests and their tries. One process writes.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS request (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  partner TEXT NOT NULL,
  about TEXT NOT NULL,
  work TEXT NOT NULL,
  state TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  ended_at INTEGER,
  tries INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS request_waiting ON request (partner, next_at, place) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS request_ended ON request (ended_at) WHERE state <> 'waiting';
CREATE TABLE IF NOT EXISTS attempt (
  request INTEGER NOT NULL REFERENCES request (place) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  result TEXT,
  response BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID;
";
/// Numbers and sizes by partner and state, so that nothing is counted by reading all requests.
const TALLY: &str = "
CREATE TABLE tally (
  partner TEXT NOT NULL,
  state TEXT NOT NULL,
  number INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (partner, state)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT partner, state, count(*), sum(bytes) FROM request GROUP BY partner, state;
CREATE TRIGGER request_added AFTER INSERT ON request BEGIN
  INSERT INTO tally VALUES (new.partner, new.state, 1, new.bytes) ON CONFLICT DO UPDATE
    SET number = number + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER request_removed AFTER DELETE ON request BEGIN
  UPDATE tally SET number = number - 1, bytes = bytes - old.bytes
    WHERE partner = old.partner AND state = old.state;
END;
CREATE TRIGGER request_changed AFTER UPDATE OF state, bytes ON request BEGIN
  UPDATE tally SET number = number - 1, bytes = bytes - old.bytes
    WHERE partner = old.partner AND state = old.state;
  INSERT INTO tally VALUES (new.partner, new.state, 1, new.bytes) ON CONFLICT DO UPDATE
    SET number = number + 1, bytes = bytes + excluded.bytes;
END;
";
const COLUMNS: &str = "place, id, partner, about, state, added_at, next_at, tries, work";

impl Store {
    /// Opens the store in this file, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.execute_batch(crate::sent::SCHEMA)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'tally')";
        if !transaction.query_row(sql, [], |row| row.get(0))? {
            transaction.execute_batch(TALLY)?;
        }
        transaction.commit()?;
        Ok(Self { connection })
    }

    /// Adds a request that is sent from `now` on, once.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn add(&mut self, request: &Request, now: Timestamp) -> Result<Added, StoreError> {
        let size = request.work.len();
        if size > REQUEST_BYTES_MAX {
            return Err(StoreError::Full(Full::Request));
        }
        let transaction = self.connection.transaction()?;
        let sql = "SELECT 1 FROM request WHERE id = ?1";
        if transaction.query_row(sql, [&request.id], |_| Ok(())).optional()?.is_some() {
            return Ok(Added::Known);
        }
        let sql = "SELECT coalesce(sum(number), 0), coalesce(sum(bytes), 0) FROM tally \
                   WHERE partner = ?1 AND state = 'waiting'";
        let (number, bytes): (i64, i64) =
            transaction.query_row(sql, [&request.partner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if number >= WAITING_MAX {
            return Err(StoreError::Full(Full::Number));
        }
        if bytes.saturating_add(size) > WAITING_BYTES_MAX {
            return Err(StoreError::Full(Full::Bytes));
        }
        let Request { id, partner, about, work } = request;
        transaction.execute(
            "INSERT INTO request (id, partner, about, work, bytes, state, added_at, next_at, tries) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?6, 0)",
            params![id, partner, about, work, size, micros(now)],
        )?;
        transaction.commit()?;
        Ok(Added::New)
    }

    /// The requests of a partner that are due, the first ones first.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn due(&self, partner: &str, now: Timestamp, max: usize) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM request WHERE partner = ?1 AND state = 'waiting' \
             AND next_at <= ?2 ORDER BY next_at, place LIMIT ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![partner, micros(now), page(max)], columns)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the next request of a partner is due.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn next_at(&self, partner: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(next_at) FROM request WHERE partner = ?1 AND state = 'waiting'";
        let at: Option<i64> = self.connection.query_row(sql, [partner], |row| row.get(0))?;
        Ok(at.map(timestamp))
    }

    /// Records that a try begins, before anything is sent. Until it ends, the request is not due
    /// before `not_before`, which is after the longest try. Gives the number of the try; `None` if
    /// the request does not wait any more, or another process has begun a try.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn begin(
        &mut self,
        id: &str,
        now: Timestamp,
        not_before: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let transaction = self.connection.transaction()?;
        let sql = "UPDATE request SET tries = tries + 1, next_at = ?2 \
                   WHERE id = ?1 AND state = 'waiting' AND next_at <= ?3 RETURNING place, tries";
        let values = params![id, micros(not_before), micros(now)];
        let row = transaction.query_row(sql, values, |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((place, number)) = row.optional()? else { return Ok(None) };
        let (place, number): (i64, u32) = (place, number);
        transaction.execute(
            "INSERT INTO attempt (request, number, begun_at) VALUES (?1, ?2, ?3)",
            params![place, number, micros(now)],
        )?;
        // The first try stays, and the newest ones.
        transaction.execute(
            "DELETE FROM attempt WHERE request = ?1 AND number > 1 AND number <= ?2",
            params![place, i64::from(number).saturating_sub(TRIES_MAX - 1)],
        )?;
        transaction.commit()?;
        Ok(Some(number))
    }

    /// Records the result of a try, and what follows: the request waits until `again_at`, or has
    /// ended with this state. A request that was cancelled meanwhile stays cancelled. Of several
    /// tries, one that is done decides; else the newest one.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn end(
        &mut self,
        (id, number): (&str, u32),
        result: &str,
        response: &[u8],
        (state, again_at): (State, Timestamp),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let kept = response.get(..RESPONSE_BYTES_MAX.min(response.len())).unwrap_or_default();
        transaction.execute(
            "UPDATE attempt SET ended_at = ?3, result = ?4, response = ?5 \
             WHERE number = ?2 AND request = (SELECT place FROM request WHERE id = ?1)",
            params![id, number, micros(now), result, kept],
        )?;
        let ended_at = (state != State::Waiting).then(|| micros(now));
        let size = i64::try_from(kept.len()).unwrap_or(0);
        transaction.execute(
            "UPDATE request SET state = ?2, next_at = ?3, ended_at = ?4, bytes = bytes + ?5 \
             WHERE id = ?1 AND CASE WHEN ?6 THEN state IN ('waiting', 'given_up') ELSE \
               state = 'waiting' AND ?7 = (SELECT max(number) FROM attempt WHERE request = place) END",
            params![
                id,
                state.name(),
                micros(again_at),
                ended_at,
                size,
                state == State::Done,
                number
            ],
        )?;
        Ok(transaction.commit()?)
    }

    /// Ends a request that waits or was given up. False for any other.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn cancel(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE request SET state = 'cancelled', ended_at = ?2 \
                   WHERE id = ?1 AND state IN ('waiting', 'given_up')";
        Ok(self.connection.execute(sql, params![id, micros(now)])? == 1)
    }

    /// Sends a request again that was given up or cancelled; its time to be repeated begins anew.
    /// False if there is none in such a state.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn replay(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE request SET state = 'waiting', ended_at = NULL, added_at = ?2, next_at = ?2 \
                   WHERE id = ?1 AND state IN ('given_up', 'cancelled')";
        Ok(self.connection.execute(sql, params![id, micros(now)])? == 1)
    }

    /// A page of requests, the oldest first.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn list(&self, filter: &Filter, max: usize) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM request WHERE place > ?1 AND (?2 IS NULL OR partner = ?2) \
             AND (?3 IS NULL OR state = ?3) ORDER BY place LIMIT ?4"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let state = filter.state.map(State::name);
        let values = params![filter.after, filter.partner, state, page(max)];
        let rows = statement.query_map(values, columns)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The tries of a request that are kept.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn tries(&self, id: &str) -> Result<Vec<Try>, StoreError> {
        let sql = "SELECT number, begun_at, attempt.ended_at, result, response FROM attempt \
                   JOIN request ON request.place = attempt.request WHERE id = ?1 ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([id], |row| {
            Ok(Try {
                number: row.get(0)?,
                begun_at: timestamp(row.get(1)?),
                ended_at: row.get::<_, Option<i64>>(2)?.map(timestamp),
                result: row.get(3)?,
                response: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The request with this id.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn get(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM request WHERE id = ?1");
        Ok(self.connection.query_row(&sql, [id], columns).optional()?)
    }

    /// Numbers of requests by partner and state.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn counts(&self) -> Result<Vec<(String, State, u64)>, StoreError> {
        let sql = "SELECT partner, state, number FROM tally \
                   WHERE state IN ('waiting', 'given_up') AND number > 0";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let state = State::named(&row.get::<_, String>(1)?).unwrap_or(State::GivenUp);
            Ok((row.get(0)?, state, row.get::<_, i64>(2)?.unsigned_abs()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes requests that ended long ago, and the oldest ended ones beyond the maximum number
    /// and size; at most [`PRUNE_MAX`]. Requests that wait are never removed. Gives their number.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn prune(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let oldest = now.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS));
        let oldest = micros(oldest.unwrap_or(Timestamp::MIN));
        let sql = "DELETE FROM request WHERE place IN (SELECT place FROM request \
                   WHERE state <> 'waiting' AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)";
        let mut removed = self.connection.execute(sql, params![oldest, PRUNE_MAX])?;
        let sql = "SELECT coalesce(sum(number), 0), coalesce(sum(bytes), 0) FROM tally \
                   WHERE state <> 'waiting'";
        let (number, bytes): (i64, i64) =
            self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let beyond = number.saturating_sub(ENDED_MAX).max(0);
        let beyond = if bytes > ENDED_BYTES_MAX { beyond.max(PRUNE_MAX) } else { beyond };
        let sql = "DELETE FROM request WHERE place IN (SELECT place FROM request \
                   WHERE state <> 'waiting' ORDER BY ended_at LIMIT ?1)";
        removed = removed.saturating_add(self.connection.execute(sql, [beyond.min(PRUNE_MAX)])?);
        Ok(removed)
    }
}

fn page(max: usize) -> i64 {
    i64::try_from(max.min(PAGE_MAX)).unwrap_or(0)
}

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A row in the order of [`COLUMNS`].
fn columns(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let request =
        Request { id: row.get(1)?, partner: row.get(2)?, about: row.get(3)?, work: row.get(8)? };
    Ok(Entry {
        request,
        state: State::named(&row.get::<_, String>(4)?).unwrap_or(State::GivenUp),
        added_at: timestamp(row.get(5)?),
        next_at: timestamp(row.get(6)?),
        tries: row.get(7)?,
        place: row.get(0)?,
    })
}
