//! What the rating of units and officers is based on (Circular 01/2018/TT-VPCP, art. 13).

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::figures::{Evidence, Graded, OnlineServices, Share, Steps};
use dossier::law::Law;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::figure::SETTLED;
use super::scope::Scope;

/// The evidence of at most `limit` units or officers after the key `after`, by key.
pub(crate) fn evidence(
    rows: &Connection,
    (scope, graded, law): (&Scope, Graded, &Law),
    (after, limit): (&str, u32),
) -> rusqlite::Result<BTreeMap<String, Evidence>> {
    let mut found = cases(rows, (scope, graded), (after, limit))?;
    if graded == Graded::Unit {
        services(rows, (scope, law), &mut found)?;
        complaints(rows, scope, &mut found)?;
    }
    Ok(found)
}

const fn key(graded: Graded) -> &'static str {
    match graded {
        Graded::Unit => "agency",
        Graded::Officer => "officer",
    }
}

/// The steps of settled dossiers. A case of a condition that is null is none.
fn cases(
    rows: &Connection,
    (scope, graded): (&Scope, Graded),
    (after, limit): (&str, u32),
) -> rusqlite::Result<BTreeMap<String, Evidence>> {
    let (key, Scope { rows: conditions, handled, .. }) = (key(graded), scope);
    let sql = format!(
        "SELECT {key}, sum(handled_day < due_day), sum(handled_day = due_day), sum(handled_day > due_day),
           sum(activity_points = 2), sum(activity_points = 1), sum(activity_points = 0),
           sum(supplements = 0), sum(supplements = 1), sum(supplements > 1),
           sum(rated >= 4), sum(rated = 3), sum(rated <= 2),
           sum(channel = 'online'), count(*), sum(channel = 'online' AND handled_day > due_day)
         FROM dossiers WHERE {conditions} AND {handled} AND {SETTLED} AND {key} > ?
         GROUP BY {key} ORDER BY {key} LIMIT {limit}"
    );
    let mut values = scope.values.clone();
    values.push(Value::Text(after.to_owned()));
    let mut statement = rows.prepare(&sql)?;
    let mut groups = statement.query(params_from_iter(values))?;
    let mut found = BTreeMap::new();
    while let Some(row) = groups.next()? {
        let evidence = Evidence {
            whole_time: steps(row, 1)?,
            activity_time: steps(row, 4)?,
            contacts: steps(row, 7)?,
            attitude: steps(row, 10)?,
            online: Share::of(number(row, 13)?, number(row, 14)?),
            online_late: number(row, 15)?,
            ..Evidence::default()
        };
        found.insert(row.get(0)?, evidence);
    }
    Ok(found)
}

fn number(row: &Row<'_>, place: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, Option<u32>>(place)?.unwrap_or(0).into())
}

fn steps(row: &Row<'_>, place: usize) -> rusqlite::Result<Steps> {
    let (two, one, none) = (number(row, place)?, number(row, place + 1)?, number(row, place + 2)?);
    Ok(Steps { two, one, none })
}

/// Online services with an online dossier in the period.
fn services(
    rows: &Connection,
    (scope, law): (&Scope, &Law),
    found: &mut BTreeMap<String, Evidence>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT DISTINCT agency, procedure FROM dossiers WHERE {} AND channel = 'online'",
        scope.rows
    );
    let mut used: BTreeMap<String, BTreeSet<ProcedureCode>> = BTreeMap::new();
    let mut statement = rows.prepare(&sql)?;
    let mut pairs = statement.query(params_from_iter(&scope.values))?;
    while let Some(row) = pairs.next()? {
        let code = ProcedureCode::from(row.get::<_, String>(1)?.as_str());
        used.entry(row.get(0)?).or_default().insert(code);
    }
    for (agency, evidence) in found {
        let services =
            OnlineServices::of(law, Some(&AgencyCode::from(agency.as_str())), scope.days);
        let of_agency = used.get(agency).into_iter().flatten();
        let used = of_agency.filter(|code| services.has(code)).count();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        evidence.services = Share::of(count(used), count(services.count()));
    }
    Ok(())
}

/// Complaints that were answered, or became overdue, in the period.
fn complaints(
    rows: &Connection,
    scope: &Scope,
    found: &mut BTreeMap<String, Evidence>,
) -> rusqlite::Result<()> {
    let (first, last) = scope.days;
    let mut statement = rows.prepare(
        "SELECT agency, sum(overdue = 0), count(*) FROM complaints
         WHERE settled_day BETWEEN ?1 AND ?2 GROUP BY agency",
    )?;
    let mut groups = statement.query([first.to_string(), last.to_string()])?;
    while let Some(row) = groups.next()? {
        if let Some(evidence) = found.get_mut(&row.get::<_, String>(0)?) {
            evidence.complaints = Share::of(number(row, 1)?, number(row, 2)?);
        }
    }
    Ok(())
}
