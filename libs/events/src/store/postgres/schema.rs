//! The tables. `psql` can read them: `SELECT * FROM log`.

use tokio_postgres::Client;
use uuid::Uuid;

use crate::OpenError;

/// Schema version, increased with every change of the tables.
const SCHEMA: i32 = 1;

/// Key of the advisory lock that serialises table creation by processes that start at the same
/// time. An arbitrary number.
const LOCK: i64 = 0x00d0_551e_4106;

const CREATE: &str = "
CREATE TABLE IF NOT EXISTS log_store (
  one      boolean PRIMARY KEY CHECK (one),
  id       uuid    NOT NULL,
  schema   integer NOT NULL,
  position bigint  NOT NULL
);
CREATE TABLE IF NOT EXISTS log_streams (
  no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text   NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS log_events (
  position bigint PRIMARY KEY,
  stream   bigint NOT NULL,
  version  bigint NOT NULL,
  id       uuid   NOT NULL UNIQUE,
  kind     text   NOT NULL,
  data     text   NOT NULL,
  meta     text   NOT NULL,
  UNIQUE (stream, version)
);
CREATE OR REPLACE VIEW log AS SELECT position, name AS stream, version, id, kind, data, meta
  FROM log_events JOIN log_streams ON log_streams.no = log_events.stream;
INSERT INTO log_store VALUES (true, gen_random_uuid(), 1, 0) ON CONFLICT DO NOTHING;
";

/// The first schema of the search path, if it does not exist yet.
const MISSING: &str = "SELECT btrim(split_part(current_setting('search_path'), ',', 1), ' \"')
  WHERE current_schema() IS NULL";

/// Creates missing tables and returns the store's identity.
pub(super) async fn prepare(client: &Client, path: &str) -> Result<Uuid, OpenError> {
    run(client, path, CREATE).await?;
    Ok(look(client, path).await?.0)
}

/// Runs a script that creates missing tables, in a transaction.
pub(super) async fn run(client: &Client, path: &str, script: &str) -> Result<(), OpenError> {
    let unusable = |error: tokio_postgres::Error| OpenError::unusable(path, error);
    let script = format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {script} COMMIT");
    if let Some(row) = client.query_opt(MISSING, &[]).await.map_err(unusable)? {
        let name: String = row.try_get(0).map_err(unusable)?;
        let quoted = name.replace('"', "\"\"");
        let create = format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\"");
        client.batch_execute(&create).await.map_err(unusable)?;
    }
    client.batch_execute(&script).await.map_err(unusable)
}

/// Identity and head of an existing store.
pub(super) async fn look(client: &Client, path: &str) -> Result<(Uuid, i64), OpenError> {
    let unusable = |error: tokio_postgres::Error| OpenError::unusable(path, error);
    let there =
        "SELECT to_regclass('log_store') IS NOT NULL AND to_regclass('log_events') IS NOT NULL";
    let there: bool =
        client.query_one(there, &[]).await.map_err(unusable)?.try_get(0).map_err(unusable)?;
    if !there {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    let row = client.query_one("SELECT id, schema, position FROM log_store", &[]).await;
    let row = row.map_err(unusable)?;
    let schema: i32 = row.try_get(1).map_err(unusable)?;
    if schema > SCHEMA {
        let (found, known) = (i64::from(schema), i64::from(SCHEMA));
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok((row.try_get(0).map_err(unusable)?, row.try_get(2).map_err(unusable)?))
}
