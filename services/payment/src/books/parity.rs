//! The two sides of an account in a range of days: lines and movements, by payment.

use std::collections::BTreeSet;

use dossier::contract::AgencyCode;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::totals::OPEN;

/// An account in a range of days.
#[derive(Debug, Clone)]
pub(super) struct Range {
    pub(super) agency: AgencyCode,
    pub(super) account: String,
    /// First and last day.
    pub(super) from: String,
    pub(super) to: String,
}

/// Which rows are wanted.
#[derive(Debug)]
pub(super) struct Page {
    /// The condition for matters to which the caller is no party, with its parameters.
    pub(super) uninvolved: (String, Vec<Value>),
    /// Only rows with differences.
    pub(super) only: bool,
    /// Time and key of the last row of the page before.
    pub(super) after: Option<(i64, String)>,
    pub(super) limit: u32,
}

/// What a dossier has, in đồng.
#[derive(Debug)]
pub(super) struct OfDossier {
    pub(super) dossier: String,
    pub(super) code: String,
    pub(super) total: i64,
    /// Unix time in milliseconds.
    pub(super) settled_at: Option<i64>,
    pub(super) received: i64,
    pub(super) refunded: i64,
    pub(super) receipted: i64,
    pub(super) owed_back: i64,
}

/// The sums of lines and movements of a payment, or of a line that is about none.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) key: String,
    /// Unix time in milliseconds.
    pub(super) at: i64,
    /// Stated in and out, charged, recorded in and out, receipted.
    pub(super) sums: [i64; 6],
    pub(super) differences: Vec<String>,
    pub(super) dossier: Option<OfDossier>,
}

/// Lines and movements of an account (`?1`, `?2`) from a day (`?3`) to another (`?4`), with the
/// same columns.
const BOTH: &str = "
SELECT coalesce(payment, 'line:' || event) AS item, at,
  iif(kind IN ('received', 'came_back', 'paid_in'), amount, 0) AS stated_in,
  iif(kind IN ('refunded', 'reversed', 'paid_out'), amount, 0) AS stated_out,
  fee + iif(kind = 'charge', amount, 0) AS charged,
  0 AS recorded_in, 0 AS recorded_out, 0 AS receipted,
  dossier, code, applicant, acted, 'line:' || event AS entry
FROM lines WHERE agency = ?1 AND account = ?2 AND day BETWEEN ?3 AND ?4
UNION ALL
SELECT payment, at, 0, 0, 0, iif(moved NOT IN ('refund', 'reversal'), amount, 0),
  CASE moved WHEN 'refund' THEN amount WHEN 'reversal' THEN -amount ELSE 0 END,
  receipted, dossier, code, applicant, acted, 'movement:' || id
FROM movements WHERE agency = ?1 AND account = ?2 AND day BETWEEN ?3 AND ?4";
const SUMS: &str = "sum(stated_in), sum(stated_out), sum(charged), sum(recorded_in),
  sum(recorded_out), sum(receipted)";

/// The sums of the whole range.
pub(super) fn totals(tables: &Connection, range: &Range) -> rusqlite::Result<[i64; 6]> {
    let Range { agency, account, from, to } = range;
    let sql = format!("SELECT {SUMS} FROM ({BOTH})");
    tables
        .prepare_cached(&sql)?
        .query_row(params![agency.as_str(), account, from, to], |row| sums(row, 0))
}

/// The number of open differences in the range.
pub(super) fn open(tables: &Connection, range: &Range) -> rusqlite::Result<u64> {
    let Range { agency, account, from, to } = range;
    let sql = format!(
        "SELECT count(*) FROM ({OPEN})
         WHERE agency = ?1 AND account = ?2 AND day BETWEEN ?3 AND ?4"
    );
    let count: i64 = tables
        .prepare_cached(&sql)?
        .query_row(params![agency.as_str(), account, from, to], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// A page of the payments, the oldest first.
pub(super) fn page(tables: &Connection, range: &Range, page: Page) -> rusqlite::Result<Vec<Side>> {
    let Range { agency, account, from, to } = range;
    let of = [agency.as_str(), account, from, to];
    let mut values: Vec<Value> = of.iter().map(|text| Value::Text((*text).to_owned())).collect();
    let (uninvolved, parties) = page.uninvolved;
    values.extend(parties);
    let mut having = Vec::new();
    if page.only {
        having.push("count(difference) > 0".to_owned());
    }
    if let Some((at, key)) = page.after {
        values.extend([Value::Integer(at), Value::Text(key)]);
        having.push("(min(at), item) > (?, ?)".to_owned());
    }
    let having =
        if having.is_empty() { String::new() } else { format!("HAVING {}", having.join(" AND ")) };
    let sql = format!(
        "WITH open AS (SELECT key, difference FROM ({OPEN})
           WHERE agency = ?1 AND account = ?2 AND day BETWEEN ?3 AND ?4),
         sides AS (SELECT item, min(at) AS at, {SUMS}, group_concat(difference) AS differences,
             max(dossier) AS dossier, max(code) AS code
           FROM ({BOTH}) LEFT JOIN open ON open.key = entry
           WHERE {uninvolved} GROUP BY item {having} ORDER BY min(at), item LIMIT {})
         SELECT sides.*, total, settled_at, received, refunded, dossiers.receipted, owed_back
         FROM sides LEFT JOIN dossiers ON dossiers.dossier = sides.dossier
         ORDER BY sides.at, sides.item",
        page.limit
    );
    tables.prepare(&sql)?.query_map(params_from_iter(values), side)?.collect()
}

fn side(row: &Row<'_>) -> rusqlite::Result<Side> {
    let differences: Option<String> = row.get(8)?;
    let differences: BTreeSet<&str> = differences.iter().flat_map(|all| all.split(',')).collect();
    let (dossier, code): (Option<String>, Option<String>) = (row.get(9)?, row.get(10)?);
    let dossier = match (dossier, code, row.get::<_, Option<i64>>(11)?) {
        (Some(dossier), Some(code), Some(total)) => Some(OfDossier {
            dossier,
            code,
            total,
            settled_at: row.get(12)?,
            received: row.get(13)?,
            refunded: row.get(14)?,
            receipted: row.get(15)?,
            owed_back: row.get(16)?,
        }),
        _ => None,
    };
    Ok(Side {
        key: row.get(0)?,
        at: row.get(1)?,
        sums: sums(row, 2)?,
        differences: differences.into_iter().map(str::to_owned).collect(),
        dossier,
    })
}

/// Six sums, from a column on; those of nothing are zero.
fn sums(row: &Row<'_>, from: usize) -> rusqlite::Result<[i64; 6]> {
    let mut sums = [0_i64; 6];
    for (place, sum) in sums.iter_mut().enumerate() {
        *sum = row.get::<_, Option<i64>>(from.saturating_add(place))?.unwrap_or_default();
    }
    Ok(sums)
}
