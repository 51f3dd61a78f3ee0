//! Defects of the tables that the server's constraints do not prevent.

use tokio_postgres::{Client, Row};

use super::connections::failed;
use super::{signed, unsigned};
use crate::limits::FLAWS_MAX;
use crate::{Flaw, Position, ReadError};

/// One snapshot for all queries, without a statement timeout.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0";

const EMPTY_STREAMS: &str = "SELECT name FROM log_streams s
  WHERE NOT EXISTS (SELECT FROM log_events WHERE stream = s.no) ORDER BY no LIMIT $1";

const NO_STREAM: &str = "SELECT position FROM log_events e
  WHERE NOT EXISTS (SELECT FROM log_streams WHERE no = e.stream) ORDER BY position LIMIT $1";

const GAPS: &str = "SELECT before, position FROM
  (SELECT lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before, position FROM log_events) p
  WHERE position <> before + 1 ORDER BY position LIMIT $1";

const VERSION_GAPS: &str = "SELECT coalesce(name, 'number ' || stream), before, version FROM
  (SELECT stream, lag(version, 1, 0::bigint) OVER (PARTITION BY stream ORDER BY version) AS before,
    version FROM log_events) v
  LEFT JOIN log_streams ON no = stream WHERE version <> before + 1 ORDER BY stream, version LIMIT $1";

const END: &str = "SELECT position, found
  FROM log_store, (SELECT coalesce(max(position), 0) AS found FROM log_events) newest
  WHERE position <> found LIMIT $1";

/// Decodes a row of one of the queries.
type Read = fn(&Row) -> Result<Flaw, tokio_postgres::Error>;

/// The first [`FLAWS_MAX`] of each kind. Reads all tables.
pub(super) async fn of(client: &Client) -> Result<Vec<Flaw>, ReadError> {
    let found = look(client).await;
    found.map_err(failed)
}

async fn look(client: &Client) -> Result<Vec<Flaw>, tokio_postgres::Error> {
    client.batch_execute(BEGIN).await?;
    let questions: [(&str, Read); 5] = [
        (EMPTY_STREAMS, |row| Ok(Flaw::EmptyStream(row.try_get(0)?))),
        (NO_STREAM, |row| Ok(Flaw::NoStream(place(row, 0)?))),
        (GAPS, |row| Ok(Flaw::Gap { after: place(row, 0)?, before: place(row, 1)? })),
        (VERSION_GAPS, |row| {
            let (after, before) = (place(row, 1)?.0, place(row, 2)?.0);
            Ok(Flaw::VersionGap { stream: row.try_get(0)?, after, before })
        }),
        (END, |row| Ok(Flaw::End { said: place(row, 0)?, found: place(row, 1)? })),
    ];
    let mut flaws = Vec::new();
    for (sql, flaw) in questions {
        for row in client.query(sql, &[&signed(FLAWS_MAX as u64)]).await? {
            flaws.push(flaw(&row)?);
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(flaws)
}

fn place(row: &Row, column: usize) -> Result<Position, tokio_postgres::Error> {
    Ok(Position(unsigned(row.try_get(column)?)))
}
