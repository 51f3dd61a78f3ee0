//! The one scan of the rows of a scope, from which all its figures are counted.

use std::collections::HashMap;
use std::hash::BuildHasher;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};

use super::counts::Keys;
use super::figure::{CountedFigure, SETTLED};
use super::people::{ACCOUNT, APPLICANT, FIRM};
use super::sums::{Counted, SUMS};

/// First of the columns behind the conditions and the sums.
const FURTHER: usize = 1 + SUMS.len();

/// What is counted of each group, by key. A scan in the order of the rows: grouping, distinct names
/// and percentiles in SQL would each sort them.
pub(super) fn scan(
    rows: &Connection,
    keys: &Keys<'_>,
) -> rusqlite::Result<HashMap<String, Counted>> {
    let mut groups: HashMap<String, Counted> = HashMap::new();
    let hasher = std::hash::RandomState::new();
    let mut statement = rows.prepare(&query(keys))?;
    let mut found = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = found.next()? {
        let key = text(row, FURTHER)?;
        if !groups.contains_key(key) {
            groups.insert(key.to_owned(), Counted::default());
        }
        if let Some(group) = groups.get_mut(key) {
            group.take(row, &hasher)?;
        }
    }
    Ok(groups)
}

/// The conditions of all figures as bits of one column, then the sums, the key, and what
/// [`Counted::take`] reads besides.
fn query(keys: &Keys<'_>) -> String {
    let h = &keys.scope.handled;
    let conditions = CountedFigure::ALL.map(|figure| figure.condition(keys.scope));
    let bits = conditions.iter().zip(0..).map(|(met, bit)| format!("((({met}) IS TRUE) << {bit})"));
    let bits = bits.collect::<Vec<_>>().join(" | ");
    let sums = SUMS.map(|sum| sum.replace("{h}", h)).join(", ");
    format!(
        "SELECT {bits}, {sums}, {}, iif({h}, (handled_at - submitted_at) / 1000, NULL),
           filed_by, applicant, business, procedure, version, channel = 'online',
           ({h} AND {SETTLED} AND channel = 'online') IS TRUE
         FROM dossiers WHERE {}",
        keys.key, keys.conditions
    )
}

/// The text of a column; empty if it is null.
fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(""),
        value => Ok(value.as_str()?),
    }
}

impl Counted {
    fn take(&mut self, row: &Row<'_>, hasher: &impl BuildHasher) -> rusqlite::Result<()> {
        self.sums.resize(CountedFigure::ALL.len() + SUMS.len(), 0);
        let (met, sums) = self.sums.split_at_mut(CountedFigure::ALL.len());
        let bits: i64 = row.get(0)?;
        for (sum, bit) in met.iter_mut().zip(0..) {
            *sum += bits >> bit & 1;
        }
        for (sum, column) in sums.iter_mut().zip(1..) {
            *sum = sum.saturating_add(row.get::<_, Option<i64>>(column)?.unwrap_or(0));
        }
        self.durations.extend(row.get::<_, Option<i64>>(FURTHER + 1)?);
        let applicant = hasher.hash_one(text(row, FURTHER + 3)?);
        let firm = if row.get(FURTHER + 4)? { FIRM } else { 0 };
        match text(row, FURTHER + 2)? {
            "" => self.people.put(applicant, APPLICANT | ACCOUNT | firm),
            filed_by => {
                self.people.put(applicant, APPLICANT | firm);
                self.people.put(hasher.hash_one(filed_by), ACCOUNT);
            }
        }
        let procedure = text(row, FURTHER + 5)?;
        if !self.procedures.contains_key(procedure) {
            self.procedures.insert(procedure.to_owned(), std::collections::BTreeMap::new());
        }
        let versions = self.procedures.get_mut(procedure);
        if let Some(versions) = versions {
            let of = versions.entry(row.get(FURTHER + 6)?).or_default();
            of.has_online |= row.get::<_, bool>(FURTHER + 7)?;
            of.settled_online += u64::from(row.get::<_, bool>(FURTHER + 8)?);
        }
        Ok(())
    }
}
