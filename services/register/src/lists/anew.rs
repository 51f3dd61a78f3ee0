//! Rows that change without an event of their dossier: when a version of a procedure that applies
//! to open dossiers is recorded, begins or ends, their tasks may be others. What is left to do is
//! in the view. Each batch is written in one transaction with how far it came, so a restart
//! continues.

use std::collections::BTreeMap;

use dossier::contract::{DossierId, LawEvent, ProcedureCode, RulesKind};
use dossier::law::Law;
use engine::{decode, time_of};
use events::Recorded;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::Change;
use super::limits::{ANEW_AT_ONCE, ANEW_SCANNED_AT_ONCE};

/// A procedure whose rows are derived anew from an instant on, in milliseconds since 1970.
pub(super) type Due = (i64, ProcedureCode);

/// What is left to do, the soonest due first, with the number of the last row that was done.
#[derive(Debug, Default)]
pub(super) struct Plan(BTreeMap<Due, i64>);

/// Rows that are derived anew at once.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) due: Due,
    /// The number of the last row that this batch scans; `None` if no row comes after it.
    pub(super) through: Option<i64>,
    pub(super) dossiers: Vec<DossierId>,
}

impl Plan {
    /// What a view has left to do.
    pub(super) fn read(tables: &Connection) -> rusqlite::Result<Self> {
        let mut statement = tables.prepare("SELECT due_at, procedure, after FROM anew")?;
        let rows = statement.query_map([], |row| {
            let procedure: String = row.get(1)?;
            Ok(((row.get(0)?, procedure.as_str().into()), row.get(2)?))
        })?;
        rows.collect::<rusqlite::Result<_>>().map(Self)
    }

    /// The first that is due by `now`, and the last row of it that was done.
    pub(super) fn due(&self, now: Timestamp) -> Option<(&Due, i64)> {
        let (due, after) = self.0.first_key_value()?;
        (due.0 <= now.as_millisecond()).then_some((due, *after))
    }

    /// When the next is due; `None` if nothing is left to do.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let ((due_at, _), _) = self.0.first_key_value()?;
        Timestamp::from_millisecond(*due_at).ok()
    }

    /// Adds what follows from an event of the law.
    pub(super) fn add(&mut self, due: Due) {
        self.0.entry(due).or_insert(0);
    }

    /// A batch up to this row was written.
    pub(super) fn written(&mut self, due: &Due, through: Option<i64>) {
        match through {
            Some(through) => drop(self.0.insert(due.clone(), through)),
            None => drop(self.0.remove(due)),
        }
    }
}

/// What follows from an event, by the law that has it: nothing, unless it is about a procedure with
/// a version that applies to open dossiers.
pub(super) fn follows(law: &Law, event: &Recorded) -> Vec<Due> {
    let procedure = match decode(event) {
        Ok(LawEvent::RulesIssued(issued)) if issued.kind == RulesKind::Procedure => issued.name,
        Ok(LawEvent::RulesWithdrawn(gone)) if gone.kind == RulesKind::Procedure => gone.name,
        // An event of the law that cannot be decoded stops the rulebook.
        _ => return Vec::new(),
    };
    let (procedure, Ok(at)) = (ProcedureCode::from(&*procedure), time_of(event)) else {
        return Vec::new();
    };
    let instants = law.changes_for_open(&procedure, at);
    instants.into_iter().map(|at| (rounded_up(at), procedure.clone())).collect()
}

/// In milliseconds: never before the instant.
fn rounded_up(at: Timestamp) -> i64 {
    at.as_millisecond() + i64::from(at.subsec_nanosecond() % 1_000_000 > 0)
}

/// Notes what follows from the law.
pub(super) fn note(tables: &Connection, due: &Due) -> rusqlite::Result<()> {
    let mut insert = tables.prepare_cached("INSERT OR IGNORE INTO anew VALUES (?1, ?2, 0)")?;
    insert.execute(params![due.0, due.1.as_str()]).map(drop)
}

/// The next rows after the `after`th: a limited number of rows is scanned, and a limited number of
/// dossiers found among them. Dossiers that are closed and have no task are left out.
pub(super) fn batch(tables: &Connection, due: Due, after: i64) -> rusqlite::Result<Batch> {
    let end = after.saturating_add(ANEW_SCANNED_AT_ONCE);
    let mut statement = tables.prepare_cached(
        "SELECT n, id FROM dossiers
         WHERE n > ?1 AND n <= ?2 AND procedure = ?3 AND (stage <= 2 OR tasks <> '[]')
         ORDER BY n LIMIT ?4",
    )?;
    let found = statement.query_map(
        params![after, end, due.1.as_str(), i64::try_from(ANEW_AT_ONCE).unwrap_or(i64::MAX)],
        |row| Ok((row.get::<_, i64>(0)?, DossierId(Uuid::from_bytes(row.get(1)?)))),
    )?;
    let found: Vec<(i64, DossierId)> = found.collect::<rusqlite::Result<_>>()?;
    let is_full = found.len() == ANEW_AT_ONCE;
    let through = found.last().filter(|_| is_full).map_or(end, |(n, _)| *n);
    let last: Option<i64> =
        tables.prepare_cached("SELECT max(n) FROM dossiers")?.query_row([], |row| row.get(0))?;
    let through = last.is_some_and(|last| last > through).then_some(through);
    Ok(Batch { due, through, dossiers: found.into_iter().map(|(_, id)| id).collect() })
}

/// Writes rows that were derived anew, and how far that came.
pub(super) fn write(
    tables: &Connection,
    (due, through): (&Due, Option<i64>),
    changes: &[Change],
) -> rusqlite::Result<()> {
    for change in changes {
        if super::find(tables, change.row.id)?.as_ref() != Some(&change.row) {
            super::write(tables, change)?;
        }
    }
    match through {
        Some(through) => tables
            .prepare_cached("UPDATE anew SET after = ?3 WHERE due_at = ?1 AND procedure = ?2")?
            .execute(params![due.0, due.1.as_str(), through]),
        None => tables
            .prepare_cached("DELETE FROM anew WHERE due_at = ?1 AND procedure = ?2")?
            .execute(params![due.0, due.1.as_str()]),
    }
    .map(drop)
}

#[cfg(test)]
mod tests;
