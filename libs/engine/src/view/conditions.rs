//! Common conditions of lists of dossiers, on the columns `agency`, `applicant`, and `filed_by` or
//! `acted` of a view. Parties are [`party_name`]s, in which the same tax code compares as equal;
//! `acted` is a JSON array of them, see [`text_array`].

use std::collections::BTreeSet;

use dossier::access::Caller;
use dossier::contract::{AgencyCode, Subject, party_name};
use dossier::law::Law;
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::{Type, Value};

/// Rows of an agency, of those below it and of its predecessors by the law at `now`; all rows if
/// `None`. Adds parameters to `values`.
///
/// Each agency is one range of codes, which an index on `agency` can serve. Most rows belong to a
/// highest agency: they are scanned, which is cheaper than to look up each.
#[must_use]
pub fn of_agency(
    (law, now): (&Law, Timestamp),
    agency: Option<&AgencyCode>,
    values: &mut Vec<Value>,
) -> String {
    let Some(agency) = agency else { return "1".to_owned() };
    let mut all = law.predecessors(agency, now);
    all.push(agency.clone());
    let is_highest = !agency.as_str().contains('.');
    let range = if is_highest {
        // The sign keeps an index from being used.
        "+agency >= ? AND +agency < ?"
    } else {
        "agency >= ? AND agency < ?"
    };
    for agency in &all {
        values.extend(codes_of(agency).map(Value::Text));
    }
    format!("({})", vec![range; all.len()].join(" OR "))
}

/// The first code of an agency and those below it, and the first text after them. Codes consist of
/// digits, capital letters and dots, and the slash is the character after the dot.
fn codes_of(agency: &AgencyCode) -> [String; 2] {
    [agency.to_string(), format!("{agency}/")]
}

/// Rows of dossiers to which neither the caller nor the represented person is a party. Adds
/// parameters to `values`.
#[must_use]
pub fn of_others(caller: &Caller, values: &mut Vec<Value>) -> String {
    let parties = std::iter::once(&caller.subject).chain(&caller.on_behalf_of);
    let each = parties.map(|party| {
        let party = Value::Text(party_name(party.as_str()));
        values.extend([party.clone(), party]);
        "applicant <> ? AND coalesce(filed_by, '') <> ?"
    });
    each.collect::<Vec<_>>().join(" AND ")
}

/// Like [`of_others`], for a view that has everybody who filed or acted for the applicant in the
/// column `acted`.
#[must_use]
pub fn of_uninvolved(caller: &Caller, values: &mut Vec<Value>) -> String {
    let parties = std::iter::once(&caller.subject).chain(&caller.on_behalf_of);
    let each = parties.map(|party| {
        let party = Value::Text(party_name(party.as_str()));
        values.extend([party.clone(), party]);
        "applicant <> ? AND NOT EXISTS (SELECT 1 FROM json_each(acted) AS one WHERE one.value = ?)"
    });
    each.collect::<Vec<_>>().join(" AND ")
}

/// The [`party_name`]s of parties, each once.
#[must_use]
pub fn party_names<'a>(parties: impl Iterator<Item = &'a Subject>) -> Vec<String> {
    let names: BTreeSet<String> = parties.map(|party| party_name(party.as_str())).collect();
    names.into_iter().collect()
}

/// Texts as a column has them: a JSON array.
#[must_use]
pub fn text_array(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// Reads a column that [`text_array`] wrote; empty if it is NULL.
///
/// # Errors
///
/// The column has something else.
pub fn texts(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let Some(texts) = row.get::<_, Option<String>>(column)? else { return Ok(Vec::new()) };
    serde_json::from_str(&texts).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params_from_iter};

    use super::*;

    #[test]
    fn rows_in_which_the_caller_or_the_represented_person_acted_are_left_out() {
        let tables = Connection::open_in_memory().unwrap();
        tables.execute_batch("CREATE TABLE matters (applicant TEXT, acted TEXT) STRICT").unwrap();
        let acted = [("a1", ""), ("a2", "u2 lan"), ("lan", ""), ("a3", "firm"), ("a4", "lana")];
        for (applicant, acted) in acted {
            let acted: Vec<Subject> = acted.split_whitespace().map(Into::into).collect();
            let names = party_names(acted.iter().chain(&acted));
            assert_eq!(names.len(), acted.len(), "each once");
            let row = [applicant.to_owned(), text_array(&names)];
            tables.execute("INSERT INTO matters VALUES (?1, ?2)", row).unwrap();
        }
        let caller = Caller {
            subject: "lan".into(),
            roles: Vec::new(),
            agency: None,
            predecessors: Vec::new(),
            on_behalf_of: Some("firm".into()),
            mandate: None,
            credential: None,
        };
        let mut values = Vec::new();
        let sql =
            format!("SELECT applicant FROM matters WHERE {}", of_uninvolved(&caller, &mut values));
        let mut found = tables.prepare(&sql).unwrap();
        let found = found.query_map(params_from_iter(values), |row| row.get(0)).unwrap();
        assert_eq!(found.collect::<Result<Vec<String>, _>>().unwrap(), ["a1", "a4"]);
        let read =
            tables.query_row("SELECT acted FROM matters WHERE applicant = 'a2'", [], |row| {
                texts(row, 0)
            });
        assert_eq!(read.unwrap(), ["lan", "u2"]);
    }

    #[test]
    fn the_range_of_an_agency_has_those_below_it_and_no_other() {
        let [first, end] = codes_of(&"G02.1".into());
        let has = |code: &str| *first <= *code && *code < *end;
        for code in ["G02.1", "G02.1.1", "G02.1.9Z", "G02.1.1.1"] {
            assert!(has(code), "{code}");
        }
        for code in ["G02", "G02.0", "G02.10", "G02.1A", "G02.2", "G03", "H26.14"] {
            assert!(!has(code), "{code}");
        }
    }
}
