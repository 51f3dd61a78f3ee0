//! Functions of the law in the queries of figures: the level of the version of a procedure, and the
//! unit of an officer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dossier::contract::{AgencyCode, Subject};
use dossier::law::{Law, Level};
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// `level_of(procedure, version)`; empty if that version is no online service.
pub(super) const LEVEL: &str = "level_of(procedure, version)";

/// `unit_of(agency, officer, handled_at, handled_day)`; empty if nobody has the review, or the
/// directory does not have that officer on that day.
pub(super) const UNIT: &str = "unit_of(agency, officer, handled_at, handled_day)";

/// Units that are remembered by a connection.
const FOUND_MAX: usize = 10_000;

/// The agency, the officer and the day of handling.
type Handled = (String, String, Option<String>);

/// Offers the functions to the queries on this connection, by this law. An open dossier has the
/// unit of its officer at `now`.
pub(super) fn offer(rows: &Connection, law: &Arc<Law>, now: Timestamp) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let known = Arc::clone(law);
    rows.create_scalar_function("level_of", 2, flags, move |row| {
        let (code, version): (String, u32) = (row.get(0)?, row.get(1)?);
        let level = known.service_level(&code.as_str().into(), version);
        Ok(level.map_or("", Level::as_str))
    })?;
    let known = Arc::clone(law);
    // Most dossiers of a day have the officer of another one.
    let found: Mutex<HashMap<Handled, String>> = Mutex::default();
    rows.create_scalar_function("unit_of", 4, flags, move |row| {
        let Some(officer) = row.get::<Option<String>>(1)? else { return Ok(String::new()) };
        let (agency, day): (String, Option<String>) = (row.get(0)?, row.get(3)?);
        let handled_at = row.get::<Option<i64>>(2)?.map(Timestamp::from_millisecond);
        let at = handled_at.and_then(Result::ok).unwrap_or(now);
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() == FOUND_MAX {
            found.clear();
        }
        let unit =
            found.entry((agency, officer, day)).or_insert_with_key(|(agency, officer, _)| {
                unit(&known, &agency.as_str().into(), &officer.as_str().into(), at)
            });
        Ok(unit.clone())
    })
}

/// The agency whose directory has the officer, and the unit there: a code of a unit is unique in
/// its directory alone.
fn unit(law: &Law, agency: &AgencyCode, officer: &Subject, at: Timestamp) -> String {
    let known = law.officer(agency, officer, at);
    known.map_or_else(String::new, |known| format!("{}/{}", known.agency, known.unit))
}
