//! Requests and their tries in PostgreSQL, for all replicas of the service. Each call is one
//! statement, which has the same effect when it is repeated: it may be retried during a failover.

use events::PostgresSessions;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::entry::{Added, Entry, Filter, Full, Request, State, StoreError, Try};
use crate::limits::{
    ENDED_BYTES_MAX, ENDED_MAX, KEPT_DAYS, PAGE_MAX, PRUNE_MAX, REQUEST_BYTES_MAX,
    RESPONSE_BYTES_MAX, TRIES_MAX, WAITING_BYTES_MAX, WAITING_MAX,
};
use crate::outbox::Ended;

/// The tables. `tally` has the numbers and sizes by partner and state, so that nothing is counted
/// by reading all requests.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS outbox_requests (
  place    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id       text   NOT NULL UNIQUE,
  partner  text   NOT NULL,
  about    text   NOT NULL,
  work     text   NOT NULL,
  state    text   NOT NULL,
  added_at bigint NOT NULL,
  next_at  bigint NOT NULL,
  ended_at bigint,
  tries    bigint NOT NULL,
  bytes    bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_requests_waiting
  ON outbox_requests (partner, next_at, place) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS outbox_requests_ended
  ON outbox_requests (ended_at) WHERE state <> 'waiting';
CREATE TABLE IF NOT EXISTS outbox_tries (
  request  bigint NOT NULL REFERENCES outbox_requests (place) ON DELETE CASCADE,
  number   bigint NOT NULL,
  begun_at bigint NOT NULL,
  ended_at bigint,
  result   text,
  response bytea  NOT NULL DEFAULT '',
  PRIMARY KEY (request, number)
);
CREATE TABLE IF NOT EXISTS outbox_tally (
  partner text   NOT NULL,
  state   text   NOT NULL,
  number  bigint NOT NULL,
  bytes   bigint NOT NULL,
  PRIMARY KEY (partner, state)
);
CREATE OR REPLACE FUNCTION outbox_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE outbox_tally SET number = number - 1, bytes = outbox_tally.bytes - OLD.bytes
      WHERE partner = OLD.partner AND state = OLD.state;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO outbox_tally VALUES (NEW.partner, NEW.state, 1, NEW.bytes)
      ON CONFLICT (partner, state) DO UPDATE SET number = outbox_tally.number + 1,
        bytes = outbox_tally.bytes + excluded.bytes;
  END IF;
  RETURN NULL;
END $$;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger
      WHERE tgname = 'outbox_counted' AND tgrelid = 'outbox_requests'::regclass) THEN
    CREATE TRIGGER outbox_counted AFTER INSERT OR DELETE OR UPDATE OF state, bytes
      ON outbox_requests FOR EACH ROW EXECUTE FUNCTION outbox_count();
  END IF;
END $$;
";
const COLUMNS: &str = "place, id, partner, about, state, added_at, next_at, tries, work";

/// Parameters of a statement.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The outbox of an installation in PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Server(PostgresSessions);

impl Server {
    pub(crate) async fn open(url: &str) -> Result<Self, events::OpenError> {
        let script = format!("{SCHEMA}{}", crate::sent_server::SCHEMA);
        Ok(Self(PostgresSessions::open(url, &script).await?))
    }

    pub(crate) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.0.query(sql, values).await?)
    }

    async fn entries(&self, sql: &str, values: Values<'_>) -> Result<Vec<Entry>, StoreError> {
        self.rows(sql, values).await?.iter().map(entry).collect()
    }

    pub(crate) async fn add(&self, request: &Request, now: Timestamp) -> Result<Added, StoreError> {
        let size = request.work.len();
        if size > REQUEST_BYTES_MAX {
            return Err(StoreError::Full(Full::Request));
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let Request { id, partner, about, work } = request;
        let at = now.as_microsecond();
        let sql = "WITH waiting AS (
            SELECT coalesce(sum(number), 0)::bigint AS number, coalesce(sum(bytes), 0)::bigint AS bytes
            FROM outbox_tally WHERE partner = $2 AND state = 'waiting'),
          added AS (
            INSERT INTO outbox_requests
              (id, partner, about, work, bytes, state, added_at, next_at, tries)
            SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint, 'waiting', $6::bigint,
              $6::bigint, 0 FROM waiting
            WHERE number < $7 AND bytes + $5 <= $8
            ON CONFLICT (id) DO NOTHING RETURNING 1)
          SELECT EXISTS (SELECT FROM added),
            EXISTS (SELECT FROM outbox_requests WHERE id = $1), number FROM waiting";
        let values: Values<'_> =
            &[id, partner, about, work, &size, &at, &WAITING_MAX, &WAITING_BYTES_MAX];
        let rows = self.rows(sql, values).await?;
        let Some(row) = rows.first() else { return Ok(Added::Known) };
        match (row.try_get(0)?, row.try_get(1)?, row.try_get::<_, i64>(2)?) {
            (true, ..) => Ok(Added::New),
            (false, true, _) => Ok(Added::Known),
            (false, false, number) if number >= WAITING_MAX => Err(StoreError::Full(Full::Number)),
            (false, false, _) => Err(StoreError::Full(Full::Bytes)),
        }
    }

    pub(crate) async fn due(
        &self,
        partner: &str,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox_requests WHERE partner = $1 AND state = 'waiting'
             AND next_at <= $2 ORDER BY next_at, place LIMIT $3"
        );
        self.entries(&sql, &[&partner, &now.as_microsecond(), &page(max)]).await
    }

    pub(crate) async fn next_at(&self, partner: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql =
            "SELECT min(next_at) FROM outbox_requests WHERE partner = $1 AND state = 'waiting'";
        let rows = self.rows(sql, &[&partner]).await?;
        let at = rows.first().map(|row| row.try_get::<_, Option<i64>>(0)).transpose()?;
        Ok(at.flatten().map(timestamp))
    }

    /// Of several processes, one begins a try: the others find the row locked, or not due.
    pub(crate) async fn begin(
        &self,
        id: &str,
        now: Timestamp,
        not_before: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let sql = "WITH begun AS (
            UPDATE outbox_requests SET tries = tries + 1, next_at = $2 WHERE place = (
              SELECT place FROM outbox_requests WHERE id = $1 AND state = 'waiting'
                AND next_at <= $3 FOR UPDATE SKIP LOCKED)
            RETURNING place, tries),
          noted AS (
            INSERT INTO outbox_tries (request, number, begun_at)
            SELECT place, tries, $3 FROM begun),
          removed AS (
            DELETE FROM outbox_tries USING begun
            WHERE request = begun.place AND number > 1 AND number <= begun.tries - $4)
          SELECT tries FROM begun";
        let kept = TRIES_MAX - 1;
        let values: Values<'_> = &[&id, &not_before.as_microsecond(), &now.as_microsecond(), &kept];
        let rows = self.rows(sql, values).await?;
        let number = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?;
        Ok(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    }

    pub(crate) async fn end(
        &self,
        (id, number): (&str, u32),
        ended: &Ended,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Ended { result, response, state, again_at } = ended;
        let kept = response.get(..RESPONSE_BYTES_MAX.min(response.len())).unwrap_or_default();
        let (now, number) = (now.as_microsecond(), i64::from(number));
        let ended_at = (*state != State::Waiting).then_some(now);
        // A repeated statement must not add the size again: it is that of the try.
        let sql = "WITH one AS (
            SELECT place, octet_length(response)::bigint AS bytes FROM outbox_requests
            JOIN outbox_tries ON request = place AND number = $2 WHERE id = $1),
          noted AS (
            UPDATE outbox_tries SET ended_at = $3, result = $4, response = $5
            FROM one WHERE request = one.place AND number = $2)
          UPDATE outbox_requests SET state = $6, next_at = $7, ended_at = $8,
            bytes = outbox_requests.bytes + octet_length($5) - one.bytes
          FROM one WHERE outbox_requests.place = one.place AND CASE WHEN $9
            THEN state IN ('waiting', 'given_up')
            ELSE state = 'waiting' AND $2 = (
              SELECT max(number) FROM outbox_tries WHERE request = one.place) END";
        let (name, again_at, is_done) =
            (state.name(), again_at.as_microsecond(), *state == State::Done);
        let values: Values<'_> =
            &[&id, &number, &now, result, &kept, &name, &again_at, &ended_at, &is_done];
        self.rows(sql, values).await.map(drop)
    }

    pub(crate) async fn cancel(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox_requests SET state = 'cancelled', ended_at = $2
          WHERE id = $1 AND state IN ('waiting', 'given_up') RETURNING 1";
        Ok(!self.rows(sql, &[&id, &now.as_microsecond()]).await?.is_empty())
    }

    pub(crate) async fn replay(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox_requests
          SET state = 'waiting', ended_at = NULL, added_at = $2, next_at = $2
          WHERE id = $1 AND state IN ('given_up', 'cancelled') RETURNING 1";
        Ok(!self.rows(sql, &[&id, &now.as_microsecond()]).await?.is_empty())
    }

    pub(crate) async fn list(&self, filter: &Filter, max: usize) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox_requests WHERE place > $1
             AND ($2::text IS NULL OR partner = $2) AND ($3::text IS NULL OR state = $3)
             ORDER BY place LIMIT $4"
        );
        let state = filter.state.map(State::name);
        self.entries(&sql, &[&filter.after, &filter.partner, &state, &page(max)]).await
    }

    pub(crate) async fn tries(&self, id: &str) -> Result<Vec<Try>, StoreError> {
        let sql = "SELECT number, begun_at, t.ended_at, result, response FROM outbox_tries t
          JOIN outbox_requests r ON r.place = t.request WHERE r.id = $1 ORDER BY number";
        let rows = self.rows(sql, &[&id]).await?;
        let tries = rows.iter().map(|row| {
            Ok(Try {
                number: u32::try_from(row.try_get::<_, i64>(0)?).unwrap_or(u32::MAX),
                begun_at: timestamp(row.try_get(1)?),
                ended_at: row.try_get::<_, Option<i64>>(2)?.map(timestamp),
                result: row.try_get(3)?,
                response: row.try_get(4)?,
            })
        });
        tries.collect()
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox_requests WHERE id = $1");
        Ok(self.entries(&sql, &[&id]).await?.pop())
    }

    pub(crate) async fn counts(&self) -> Result<Vec<(String, State, u64)>, StoreError> {
        let sql = "SELECT partner, state, number FROM outbox_tally
          WHERE state IN ('waiting', 'given_up') AND number > 0";
        let rows = self.rows(sql, &[]).await?;
        let counts = rows.iter().map(|row| {
            let state = State::named(row.try_get(1)?).unwrap_or(State::GivenUp);
            Ok((row.try_get(0)?, state, row.try_get::<_, i64>(2)?.unsigned_abs()))
        });
        counts.collect()
    }

    /// As [`crate::Store::prune`].
    pub(crate) async fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let oldest = now.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS));
        let oldest = oldest.unwrap_or(Timestamp::MIN).as_microsecond();
        let sql = "WITH beyond AS (
            SELECT (CASE WHEN sum(bytes) > $3::bigint
              THEN greatest(sum(number) - $2::bigint, $4::bigint)
              ELSE greatest(sum(number) - $2::bigint, 0) END)::bigint AS number
            FROM outbox_tally WHERE state <> 'waiting'),
          removed AS (
            SELECT place FROM outbox_requests WHERE state <> 'waiting' AND ended_at < $1
            ORDER BY ended_at LIMIT $4::bigint),
          further AS (
            SELECT place FROM outbox_requests WHERE state <> 'waiting' ORDER BY ended_at
            LIMIT (SELECT coalesce(least(number, $4::bigint), 0) FROM beyond))
          DELETE FROM outbox_requests WHERE place IN (
            SELECT place FROM removed UNION SELECT place FROM further) RETURNING 1";
        let values: Values<'_> = &[&oldest, &ENDED_MAX, &ENDED_BYTES_MAX, &PRUNE_MAX];
        Ok(self.rows(sql, values).await?.len())
    }
}

fn page(max: usize) -> i64 {
    i64::try_from(max.min(PAGE_MAX)).unwrap_or(0)
}

fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A row in the order of [`COLUMNS`].
fn entry(row: &Row) -> Result<Entry, StoreError> {
    let (id, partner) = (row.try_get(1)?, row.try_get(2)?);
    let request = Request { id, partner, about: row.try_get(3)?, work: row.try_get(8)? };
    Ok(Entry {
        request,
        state: State::named(row.try_get(4)?).unwrap_or(State::GivenUp),
        added_at: timestamp(row.try_get(5)?),
        next_at: timestamp(row.try_get(6)?),
        tries: u32::try_from(row.try_get::<_, i64>(7)?).unwrap_or(u32::MAX),
        place: row.try_get(0)?,
    })
}
