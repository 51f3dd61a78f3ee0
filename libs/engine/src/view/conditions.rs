//! Common conditions of lists of dossiers, on the columns `agency`, `applicant` and `filed_by` of a
//! view. The last two contain [`party_name`]s, in which the same tax code compares as equal.

use dossier::access::Caller;
use dossier::contract::{AgencyCode, party_name};
use dossier::law::Law;
use jiff::Timestamp;
use rusqlite::types::Value;

/// Rows of an agency, of those below it and of its predecessors by the law at `now`; all rows if
/// `None`. Adds parameters to `values`.
#[must_use]
pub fn of_agency(
    (law, now): (&Law, Timestamp),
    agency: Option<&AgencyCode>,
    values: &mut Vec<Value>,
) -> String {
    let Some(agency) = agency else { return "1".to_owned() };
    let mut all = law.predecessors(agency, now);
    all.push(agency.clone());
    for agency in &all {
        values.push(Value::Text(agency.to_string()));
        values.push(Value::Text(format!("{agency}.%")));
    }
    format!("({})", vec!["agency = ? OR agency LIKE ?"; all.len()].join(" OR "))
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
