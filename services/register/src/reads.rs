//! The table of reads of personal data, by what was read and by reader.

use std::fmt::Display;

use dossier::contract::{AgencyCode, PaperPrinted, PersonalRead, ReadEvent, Role, Subject};
use engine::decode;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use events::Recorded;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
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
  papers    TEXT,
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX reads_by_reader ON reads (reader, position, number);
CREATE TABLE things_read (
  kind     TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  position INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  PRIMARY KEY (kind, id, position, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX things_by_read ON things_read (position, number);";

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Dossier,
    Complaint,
    Mandate,
}

impl Thing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Dossier => "dossier",
            Self::Complaint => "complaint",
            Self::Mandate => "mandate",
        }
    }
}

/// The projection of reads.
#[derive(Debug)]
pub(crate) struct Reads;

/// A read of personal data.
#[derive(Debug)]
pub(crate) struct ReadRow {
    /// Position of the event, and the place of the read in it: the key of the list.
    pub(crate) key: (u64, u32),
    pub(crate) at: Timestamp,
    pub(crate) reader: Subject,
    pub(crate) role: Role,
    pub(crate) agency: Option<AgencyCode>,
    pub(crate) operation: String,
    pub(crate) papers: Vec<PaperPrinted>,
}

impl Projection for Reads {
    const SHAPE: Shape = Shape { name: "reads", version: 3, tables: TABLES };
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
    // Texts and numbers; that cannot fail.
    let papers = (!read.papers.is_empty()).then(|| serde_json::to_string(&read.papers));
    let papers = papers.and_then(Result::ok);
    rows.prepare_cached("INSERT OR IGNORE INTO reads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            key.0,
            key.1,
            read.at.as_millisecond(),
            read.reader.as_str(),
            as_text(&read.role),
            read.agency.as_ref().map(AgencyCode::as_str),
            read.operation,
            papers,
        ])?;
    things(rows, Thing::Dossier, &read.dossiers, key)?;
    things(rows, Thing::Complaint, &read.complaints, key)?;
    things(rows, Thing::Mandate, &read.mandates, key)
}

fn things(
    rows: &Connection,
    thing: Thing,
    ids: &[impl Display],
    (position, number): (i64, i64),
) -> rusqlite::Result<()> {
    let mut insert =
        rows.prepare_cached("INSERT OR IGNORE INTO things_read VALUES (?1, ?2, ?3, ?4)")?;
    for id in ids {
        insert.execute(params![thing.as_str(), id.to_string(), position, number])?;
    }
    Ok(())
}

/// Key of a read, before which a page begins.
pub(crate) type Key = (u64, u32);

/// The key in the types of the table; the end of the table if there is none.
fn before(key: Option<Key>) -> (i64, u32) {
    key.map_or((i64::MAX, 0), |(position, number)| {
        (i64::try_from(position).unwrap_or(i64::MAX), number)
    })
}

/// The reads of a dossier, a complaint or a mandate before a key, newest first.
pub(crate) fn of_thing(
    rows: &Connection,
    (thing, id): (Thing, &str),
    key: Option<Key>,
    limit: u32,
) -> rusqlite::Result<Vec<ReadRow>> {
    let (position, number) = before(key);
    rows.prepare_cached(
        "SELECT t.position, t.number, r.at, r.reader, r.role, r.agency, r.operation, r.papers
         FROM things_read t JOIN reads r ON r.position = t.position AND r.number = t.number
         WHERE t.kind = ?1 AND t.id = ?2 AND (t.position, t.number) < (?3, ?4)
         ORDER BY t.position DESC, t.number DESC LIMIT ?5",
    )?
    .query_map(params![thing.as_str(), id, position, number, limit], read_row)?
    .collect()
}

/// The reads by a reader before a key, newest first: those as an officer of the agency or one below
/// it, or all if there is no agency.
pub(crate) fn by_reader(
    rows: &Connection,
    (reader, agency): (&str, Option<&AgencyCode>),
    key: Option<Key>,
    limit: u32,
) -> rusqlite::Result<Vec<ReadRow>> {
    let (position, number) = before(key);
    let agency = agency.map(AgencyCode::as_str);
    // A code has no characters that LIKE would interpret.
    rows.prepare_cached(
        "SELECT position, number, at, reader, role, agency, operation, papers
         FROM reads
         WHERE reader = ?1 AND (position, number) < (?2, ?3)
           AND (?4 IS NULL OR agency = ?4 OR agency LIKE ?4 || '.%')
         ORDER BY position DESC, number DESC LIMIT ?5",
    )?
    .query_map(params![reader, position, number, agency, limit], read_row)?
    .collect()
}

/// The ids of what a read showed.
pub(crate) fn shown_by(
    rows: &Connection,
    thing: Thing,
    (position, number): Key,
) -> rusqlite::Result<Vec<String>> {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    rows.prepare_cached(
        "SELECT id FROM things_read WHERE position = ?1 AND number = ?2 AND kind = ?3 ORDER BY id",
    )?
    .query_map(params![position, number, thing.as_str()], |row| row.get(0))?
    .collect()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<ReadRow> {
    let role: String = row.get(4)?;
    let at = Timestamp::from_millisecond(row.get(2)?);
    let papers = row.get::<_, Option<String>>(7)?;
    let papers = papers.map(|papers| serde_json::from_str(&papers)).transpose();
    Ok(ReadRow {
        key: (row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?),
        at: at.map_err(|error| unreadable(2, error))?,
        reader: row.get::<_, String>(3)?.as_str().into(),
        role: from_text(&role).map_err(|error| unreadable(4, error))?,
        agency: row.get::<_, Option<String>>(5)?.map(|agency| agency.as_str().into()),
        operation: row.get(6)?,
        papers: papers.map_err(|error| unreadable(7, error))?.unwrap_or_default(),
    })
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
