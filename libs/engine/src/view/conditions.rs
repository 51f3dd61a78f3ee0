//! Common conditions of lists of dossiers, on the columns `agency`, `applicant` and `filed_by` of a
//! view. The last two contain [`party_name`]s, in which the same tax code compares as equal.

use dossier::access::Caller;
use dossier::contract::{AgencyCode, party_name};
use dossier::law::Law;
use jiff::Timestamp;
use rusqlite::types::Value;

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

#[cfg(test)]
mod tests {
    use super::*;

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
