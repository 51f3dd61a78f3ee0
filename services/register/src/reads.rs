//! The table of reads of personal data, by dossier.

use dossier::contract::{AgencyCode, PersonalRead, ReadEvent, Role, Subject};
use engine::decode;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use events::Recorded;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

const TABLES: &str = "
CREATE TABLE reads (
  position  INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  reader    TEXT    NOT NULL,
  role      TEXT    NOT NULL,
  agency    TEXT,
  operation TEXT    NOT NULL,
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE dossiers_read (
  dossier  TEXT    NOT NULL,
  position INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  PRIMARY KEY (dossier, position, number)
) STRICT, WITHOUT ROWID;";

/// The projection of reads.
#[derive(Debug)]
pub(crate) struct Reads;

/// A read of a dossier's data.
#[derive(Debug)]
pub(crate) struct ReadRow {
    /// Position of the event, and the place of the read in it: the key of the list.
    pub(crate) key: (u64, u32),
    pub(crate) at: Timestamp,
    pub(crate) reader: Subject,
    pub(crate) role: Role,
    pub(crate) agency: Option<AgencyCode>,
    pub(crate) operation: String,
}

impl Projection for Reads {
    const SHAPE: Shape = Shape { name: "reads", version: 1, tables: TABLES };
    const KINDS: &'static [&'static str] = &["reads."];
    /// A missing read would be a read that nobody knows of.
    const IS_COMPLETE: bool = true;

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let ReadEvent::PersonalDataRead(recorded) = decode(event)?;
        for (number, read) in recorded.reads.iter().enumerate() {
            insert(rows, (event.position.0, number), read)?;
        }
        Ok(())
    }
}

fn insert(
    rows: &Connection,
    (position, number): (u64, usize),
    read: &PersonalRead,
) -> rusqlite::Result<()> {
    let key = (i64::try_from(position).unwrap_or(i64::MAX), i64::try_from(number).unwrap_or(0));
    rows.prepare_cached("INSERT OR IGNORE INTO reads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            key.0,
            key.1,
            read.at.as_millisecond(),
            read.reader.as_str(),
            as_text(&read.role),
            read.agency.as_ref().map(AgencyCode::as_str),
            read.operation,
        ])?;
    let mut dossier =
        rows.prepare_cached("INSERT OR IGNORE INTO dossiers_read VALUES (?1, ?2, ?3)")?;
    for id in &read.dossiers {
        dossier.execute(params![id.to_string(), key.0, key.1])?;
    }
    Ok(())
}

/// The reads of a dossier before a key, newest first.
pub(crate) fn of_dossier(
    rows: &Connection,
    dossier: &str,
    before: Option<(u64, u32)>,
    limit: u32,
) -> rusqlite::Result<Vec<ReadRow>> {
    let (position, number) = before.map_or((i64::MAX, 0), |(position, number)| {
        (i64::try_from(position).unwrap_or(i64::MAX), number)
    });
    rows.prepare_cached(
        "SELECT d.position, d.number, r.at, r.reader, r.role, r.agency, r.operation
         FROM dossiers_read d JOIN reads r ON r.position = d.position AND r.number = d.number
         WHERE d.dossier = ?1 AND (d.position, d.number) < (?2, ?3)
         ORDER BY d.position DESC, d.number DESC LIMIT ?4",
    )?
    .query_map(params![dossier, position, number, limit], |row| {
        let role: String = row.get(4)?;
        let at = Timestamp::from_millisecond(row.get(2)?);
        Ok(ReadRow {
            key: (row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?),
            at: at.map_err(|error| unreadable(2, error))?,
            reader: row.get::<_, String>(3)?.as_str().into(),
            role: from_text(&role).map_err(|error| unreadable(4, error))?,
            agency: row.get::<_, Option<String>>(5)?.map(|agency| agency.as_str().into()),
            operation: row.get(6)?,
        })
    })?
    .collect()
}

fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A role as it is spelled in tokens.
fn as_text(role: &impl Serialize) -> String {
    let text = serde_json::to_value(role).ok();
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

fn from_text<T: for<'de> Deserialize<'de>>(text: &str) -> serde_json::Result<T> {
    serde_json::from_value(text.into())
}
