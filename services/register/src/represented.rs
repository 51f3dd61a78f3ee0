//! The table of open mandates by representative, for lists over all clients. Parties are in the
//! form in which they are compared. Whether a mandate is in force is decided by its stream alone.

use dossier::contract::{MandateEvent, MandateId, party_name};
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use engine::{decode, stream_id};
use events::Recorded;
use rusqlite::{Connection, params};

const TABLES: &str = "
CREATE TABLE mandates (
  representative TEXT NOT NULL,
  mandate        BLOB NOT NULL,
  PRIMARY KEY (representative, mandate)
) STRICT, WITHOUT ROWID;
CREATE INDEX mandates_by_id ON mandates (mandate);";

/// The projection of open mandates.
#[derive(Debug)]
pub(crate) struct Represented;

impl Projection for Represented {
    const SHAPE: Shape = Shape { name: "represented", version: 1, tables: TABLES };
    const KINDS: &'static [&'static str] = &["mandate.Mandate"];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let id = stream_id(event)?;
        match decode(event)? {
            MandateEvent::MandateGranted(granted) => {
                let representative = party_name(granted.representative.as_str());
                rows.prepare_cached("INSERT OR IGNORE INTO mandates VALUES (?1, ?2)")?
                    .execute(params![representative, id])?;
            }
            MandateEvent::MandateAccepted(_) => {}
            MandateEvent::MandateDeclined(_)
            | MandateEvent::MandateRevoked(_)
            | MandateEvent::MandateExpired(_) => {
                rows.prepare_cached("DELETE FROM mandates WHERE mandate = ?1")?.execute([id])?;
            }
        }
        Ok(())
    }
}

/// At most `limit` mandates of a representative that may be in force.
pub(crate) fn of(
    rows: &Connection,
    representative: &str,
    limit: usize,
) -> rusqlite::Result<Vec<MandateId>> {
    rows.prepare_cached(
        "SELECT mandate FROM mandates WHERE representative = ?1 ORDER BY mandate LIMIT ?2",
    )?
    .query_map(params![representative, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok(MandateId(row.get(0)?))
    })?
    .collect()
}
