//! Differences as tasks of cashiers, in the order of all tasks.

use engine::view::{Question, View, ViewError};
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::totals::OPEN;

/// An open difference.
#[derive(Debug)]
pub(crate) struct DifferenceTask {
    /// Its key, for `propose_correction`.
    pub(crate) key: String,
    pub(crate) agency: String,
    pub(crate) account: String,
    pub(crate) day: String,
    pub(crate) difference: String,
    pub(crate) amount: i64,
    pub(crate) dossier: Option<String>,
    pub(crate) code: Option<String>,
    /// Time of the line or movement: Unix time in milliseconds.
    pub(crate) since: i64,
    /// Unix time in milliseconds.
    pub(crate) due_at: i64,
}

/// The open differences that meet conditions, the most urgent first. The columns are those of the
/// list of differences.
pub(crate) async fn open(
    view: &View,
    (conditions, values): (Vec<String>, Vec<Value>),
    limit: u32,
) -> Result<Vec<DifferenceTask>, ViewError> {
    let sql = format!(
        "SELECT key, agency, account, day, difference, amount, dossier, code, at, due_at
         FROM ({OPEN}) WHERE {} ORDER BY due_at, key LIMIT {limit}",
        conditions.join(" AND ")
    );
    let rows = view.query(Question::List, move |tables| {
        tables
            .prepare(&sql)?
            .query_map(params_from_iter(values), |row| {
                Ok(DifferenceTask {
                    key: row.get(0)?,
                    agency: row.get(1)?,
                    account: row.get(2)?,
                    day: row.get(3)?,
                    difference: row.get(4)?,
                    amount: row.get(5)?,
                    dossier: row.get(6)?,
                    code: row.get(7)?,
                    since: row.get(8)?,
                    due_at: row.get(9)?,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    rows.await
}
