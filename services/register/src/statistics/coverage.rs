//! What the figures are based on: which agencies and procedures have delivered data, and how far
//! the view has followed the log.

use std::collections::BTreeSet;

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::law::Law;
use engine::{Engine, recorded_before};
use events::{Position, ReadError};
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;
use utoipa::ToSchema;

use super::scope::Scope;

/// Agencies and procedures without a dossier that are named.
const NAMED_MAX: usize = 50;

/// What the figures are based on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageReply {
    /// Agencies in the registry that are concerned, without those that have ended.
    agencies: u64,
    /// Of these, agencies with a counted dossier.
    agencies_with_data: u64,
    /// The first 50 agencies without one.
    agencies_without_data: Vec<AgencyCode>,
    /// Services in force in the period.
    procedures: u64,
    /// Of these, services with a counted dossier.
    procedures_with_data: u64,
    /// The first 50 services without one.
    procedures_without_data: Vec<ProcedureCode>,
    /// Position in the log that the figures reflect.
    position: u64,
    /// Time of the event at that position; null if it is not known.
    recorded_at: Option<Timestamp>,
    /// Positions of the log that the figures do not reflect yet.
    behind: u64,
}

/// The coverage, as read from the view.
#[derive(Debug)]
pub(crate) struct Coverage {
    position: Position,
    agencies: BTreeSet<String>,
    procedures: BTreeSet<String>,
}

impl Coverage {
    pub(crate) fn read(rows: &Connection, scope: &Scope) -> rusqlite::Result<Self> {
        let position: i64 = rows.query_row("SELECT position FROM view", [], |row| row.get(0))?;
        let distinct = |column: &str| {
            let sql = format!("SELECT DISTINCT {column} FROM dossiers WHERE {}", scope.rows);
            rows.prepare(&sql)?
                .query_map(params_from_iter(&scope.values), |row| row.get(0))?
                .collect::<rusqlite::Result<BTreeSet<String>>>()
        };
        Ok(Self {
            position: Position(u64::try_from(position).unwrap_or(0)),
            agencies: distinct("agency")?,
            procedures: distinct("procedure")?,
        })
    }

    /// # Errors
    ///
    /// The log cannot be read.
    pub(crate) async fn reply(
        self,
        engine: &Engine,
        law: &Law,
        scope: &Scope,
    ) -> Result<CoverageReply, ReadError> {
        let own = scope.filter.agency.as_ref();
        let concerned = law.agencies().filter(|known| known.succeeded.is_none());
        let concerned = concerned.filter(|known| own.is_none_or(|own| own.covers(&known.code)));
        let (agencies, with, without) =
            split(concerned.map(|known| &known.code), |code| self.agencies.contains(code.as_str()));
        let services = scope.services(law);
        let (procedures, procedures_with, procedures_without) =
            split(services.all(), |code| self.procedures.contains(code.as_str()));
        let recorded_at = recorded_before(&engine.store, self.position).await?;
        Ok(CoverageReply {
            agencies,
            agencies_with_data: with,
            agencies_without_data: without,
            procedures,
            procedures_with_data: procedures_with,
            procedures_without_data: procedures_without,
            position: self.position.0,
            recorded_at,
            behind: engine.store.head().0.saturating_sub(self.position.0),
        })
    }
}

/// The number of all, the number of those with data, and the first of the others.
fn split<'a, T: Clone + 'a>(
    all: impl Iterator<Item = &'a T>,
    has_data: impl Fn(&T) -> bool,
) -> (u64, u64, Vec<T>) {
    let (mut number, mut with, mut without) = (0, 0, Vec::new());
    for one in all {
        number += 1;
        if has_data(one) {
            with += 1;
        } else if without.len() < NAMED_MAX {
            without.push(one.clone());
        }
    }
    (number, with, without)
}
