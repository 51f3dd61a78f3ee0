//! The table of reads of personal data, by what was read and by reader.

use dossier::contract::{
    AgencyCode, ComplaintId, DossierId, MandateId, PaperPrinted, PersonalRead, ReadEvent, Role,
    Subject,
};
use engine::decode;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use events::Recorded;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The ids of what a read showed are 16 bytes each, one after another. A page of a list shows many
/// dossiers, so this view grows faster than others.
const TABLES: &str = "
CREATE TABLE reads (
  position   INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  reader     TEXT    NOT NULL,
  role       TEXT    NOT NULL,
  agency     TEXT,
  operation  TEXT    NOT NULL,
  papers     TEXT,
  dossiers   BLOB    NOT NULL,
  complaints BLOB    NOT NULL,
  mandates   BLOB    NOT NULL,
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX reads_by_reader ON reads (reader, position, number);
CREATE TABLE things_read (
  id       BLOB    NOT NULL,
  position INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  PRIMARY KEY (id, position, number)
) STRICT, WITHOUT ROWID;";

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

/// A read of personal data, with what it showed.
#[derive(Debug)]
pub(crate) struct ShownRow {
    pub(crate) read: ReadRow,
    pub(crate) dossiers: Vec<DossierId>,
    pub(crate) complaints: Vec<ComplaintId>,
    pub(crate) mandates: Vec<MandateId>,
}

impl Projection for Reads {
    const SHAPE: Shape = Shape { name: "reads", version: 4, tables: TABLES };
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
    let dossiers: Vec<Uuid> = read.dossiers.iter().map(|id| id.0).collect();
    let complaints: Vec<Uuid> = read.complaints.iter().map(|id| id.0).collect();
    let mandates: Vec<Uuid> = read.mandates.iter().map(|id| id.0).collect();
    rows.prepare_cached(
        "INSERT OR IGNORE INTO reads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        key.0,
        key.1,
        read.at.as_millisecond(),
        read.reader.as_str(),
        as_text(&read.role),
        read.agency.as_ref().map(AgencyCode::as_str),
        read.operation,
        papers,
        as_bytes(&dossiers),
        as_bytes(&complaints),
        as_bytes(&mandates),
    ])?;
    let mut insert =
        rows.prepare_cached("INSERT OR IGNORE INTO things_read VALUES (?1, ?2, ?3)")?;
    for id in dossiers.iter().chain(&complaints).chain(&mandates) {
        insert.execute(params![id, key.0, key.1])?;
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

/// The reads of the dossier, complaint or mandate with this id before a key, newest first.
pub(crate) fn of_thing(
    rows: &Connection,
    id: Uuid,
    key: Option<Key>,
    limit: u32,
) -> rusqlite::Result<Vec<ReadRow>> {
    let (position, number) = before(key);
    rows.prepare_cached(
        "SELECT t.position, t.number, r.at, r.reader, r.role, r.agency, r.operation, r.papers
         FROM things_read t JOIN reads r ON r.position = t.position AND r.number = t.number
         WHERE t.id = ?1 AND (t.position, t.number) < (?2, ?3)
         ORDER BY t.position DESC, t.number DESC LIMIT ?4",
    )?
    .query_map(params![id, position, number, limit], read_row)?
    .collect()
}

/// The reads by a reader before a key, newest first: those as an officer of the agency or one below
/// it, or all if there is no agency.
pub(crate) fn by_reader(
    rows: &Connection,
    (reader, agency): (&str, Option<&AgencyCode>),
    key: Option<Key>,
    limit: u32,
) -> rusqlite::Result<Vec<ShownRow>> {
    let (position, number) = before(key);
    let agency = agency.map(AgencyCode::as_str);
    // A code has no characters that LIKE would interpret.
    rows.prepare_cached(
        "SELECT position, number, at, reader, role, agency, operation, papers,
                dossiers, complaints, mandates
         FROM reads
         WHERE reader = ?1 AND (position, number) < (?2, ?3)
           AND (?4 IS NULL OR agency = ?4 OR agency LIKE ?4 || '.%')
         ORDER BY position DESC, number DESC LIMIT ?5",
    )?
    .query_map(params![reader, position, number, agency, limit], shown_row)?
    .collect()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<ReadRow> {
    let role: String = row.get(4)?;
    let at = Timestamp::from_millisecond(row.get(2)?);
    let papers = row.get::<_, Option<String>>(7)?;
    let papers = papers.map(|papers| serde_json::from_str(&papers)).transpose();
    Ok(ReadRow {
        key: (row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?),
        at: at.map_err(|error| unreadable(2, error.into()))?,
        reader: row.get::<_, String>(3)?.as_str().into(),
        role: from_text(&role).map_err(|error| unreadable(4, error.into()))?,
        agency: row.get::<_, Option<String>>(5)?.map(|agency| agency.as_str().into()),
        operation: row.get(6)?,
        papers: papers.map_err(|error| unreadable(7, error.into()))?.unwrap_or_default(),
    })
}

fn shown_row(row: &Row<'_>) -> rusqlite::Result<ShownRow> {
    Ok(ShownRow {
        read: read_row(row)?,
        dossiers: ids(row, 8, DossierId)?,
        complaints: ids(row, 9, ComplaintId)?,
        mandates: ids(row, 10, MandateId)?,
    })
}

fn as_bytes(ids: &[Uuid]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.as_bytes()).collect()
}

fn ids<T>(row: &Row<'_>, column: usize, id: fn(Uuid) -> T) -> rusqlite::Result<Vec<T>> {
    let bytes: Vec<u8> = row.get(column)?;
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(unreadable(column, "not a sequence of ids".into()));
    }
    Ok(ids.iter().map(|bytes| id(Uuid::from_bytes(*bytes))).collect())
}

fn unreadable(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}

/// A role as it is spelled in tokens.
fn as_text(role: &impl Serialize) -> String {
    let text = serde_json::to_value(role).ok();
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

fn from_text<T: for<'de> Deserialize<'de>>(text: &str) -> serde_json::Result<T> {
    serde_json::from_value(text.into())
}
