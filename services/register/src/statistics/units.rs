//! Shares of many units at once, each with the agencies below it, from one pass over the rows.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::figures::{OnlineServices, Share};
use dossier::law::{Law, TargetFigure};
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter};

use super::figure::SETTLED;
use super::scope::Scope;

/// What the shares of a unit are computed from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unit {
    settled: u64,
    settled_online: u64,
    dated: u64,
    in_time: u64,
    rated: u64,
    satisfied: u64,
    /// Procedures with an online dossier.
    online: BTreeSet<ProcedureCode>,
}

/// The rows of one agency, procedure and version.
struct Counted {
    agency: AgencyCode,
    procedure: ProcedureCode,
    has_online: bool,
    unit: Unit,
}

impl Unit {
    /// The share, by the services in force in the days of the scope.
    pub(crate) fn share(&self, figure: TargetFigure, services: &OnlineServices) -> Share {
        match figure {
            TargetFigure::ServicesUsed => {
                let used = self.online.iter().filter(|code| services.has(code)).count();
                let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                Share::of(number(used), number(services.count()))
            }
            TargetFigure::SettledOnline => Share::of(self.settled_online, self.settled),
            TargetFigure::InTime => Share::of(self.in_time, self.dated),
            TargetFigure::Satisfied => Share::of(self.satisfied, self.rated),
        }
    }

    fn add(&mut self, counted: &Counted) {
        let Counted { procedure, has_online, unit, .. } = counted;
        self.settled += unit.settled;
        self.settled_online += unit.settled_online;
        self.dated += unit.dated;
        self.in_time += unit.in_time;
        self.rated += unit.rated;
        self.satisfied += unit.satisfied;
        if *has_online {
            self.online.insert(procedure.clone());
        }
    }
}

/// The units with their dossiers: those of the agencies below them, and of the agencies that they
/// have taken over by `now`.
pub(crate) fn units(
    rows: &Connection,
    scope: &Scope,
    (law, now): (&Law, Timestamp),
    asked: &BTreeSet<AgencyCode>,
) -> rusqlite::Result<BTreeMap<AgencyCode, Unit>> {
    let mut units: BTreeMap<_, _> =
        asked.iter().map(|code| (code.clone(), Unit::default())).collect();
    let h = &scope.handled;
    let dated = format!("{h} AND {SETTLED} AND due_day IS NOT NULL");
    let sql = format!(
        "SELECT agency, procedure, version, max(channel = 'online'), sum({h} AND {SETTLED}),
           sum({h} AND {SETTLED} AND channel = 'online'), sum({dated}),
           sum({dated} AND handled_day <= due_day), count(rated), sum(rated >= 4)
         FROM dossiers WHERE {} GROUP BY agency, procedure, version",
        scope.rows
    );
    let mut statement = rows.prepare(&sql)?;
    let mut found = statement.query(params_from_iter(&scope.values))?;
    while let Some(row) = found.next()? {
        let number =
            |place| Ok::<_, rusqlite::Error>(row.get::<_, Option<u32>>(place)?.unwrap_or(0).into());
        let text = |place| row.get::<_, String>(place);
        let (agency, procedure) =
            (AgencyCode::from(text(0)?.as_str()), ProcedureCode::from(text(1)?.as_str()));
        let is_online = law.is_online_service(&procedure, row.get(2)?);
        let unit = Unit {
            settled: number(4)?,
            settled_online: if is_online { number(5)? } else { 0 },
            dated: number(6)?,
            in_time: number(7)?,
            rated: number(8)?,
            satisfied: number(9)?,
            online: BTreeSet::new(),
        };
        let counted = Counted { agency, procedure, has_online: row.get(3)?, unit };
        for unit in concerned(&counted.agency, law, now) {
            if let Some(unit) = units.get_mut(&unit) {
                unit.add(&counted);
            }
        }
    }
    Ok(units)
}

/// An agency and those above it, and the same of the agency that has taken it over.
fn concerned(agency: &AgencyCode, law: &Law, now: Timestamp) -> BTreeSet<AgencyCode> {
    let own = [agency, law.present(agency, now)].into_iter();
    own.flat_map(|code| {
        let longer = code.as_str().match_indices('.').map(|(dot, _)| dot);
        let above = longer.filter_map(|dot| code.as_str().get(..dot)).map(AgencyCode::from);
        above.chain([code.clone()])
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dossier_counts_for_its_agency_those_above_it_and_the_successor() {
        let law = Law::shipped().unwrap();
        let now = "2026-11-20T02:00:00Z".parse().unwrap();
        let codes = |code: &str| {
            let all = concerned(&code.into(), &law, now);
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(codes("G02.001"), ["G02", "G02.001"]);
        assert_eq!(codes("G02.004"), ["G02", "G02.004", "G02.005"], "taken over");
        assert_eq!(codes("H26.14"), ["H26", "H26.14"]);
    }
}
