//! The dossiers of a figure, the newest first.

use std::sync::Arc;

use dossier::contract::{AgencyCode, DossierCode, DossierId, ProcedureRef};
use dossier::law::Law;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use super::counts::GroupedBy;
use super::figure::CountedFigure;
use super::scope::Scope;

/// Which dossiers to list.
#[derive(Debug)]
pub(crate) struct ListedFigure {
    pub(crate) scope: Scope,
    pub(crate) figure: CountedFigure,
    /// Only those of this group.
    pub(crate) group: Option<(GroupedBy, String)>,
    pub(crate) law: Arc<Law>,
    /// After this place.
    pub(crate) after: Option<Place>,
    pub(crate) rows: u32,
}

/// A place in the list: milliseconds of the submission, and the id as the view has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(i64, String);

/// A counted dossier.
#[derive(Debug, Clone)]
pub(crate) struct CountedRow {
    pub(crate) place: Place,
    pub(crate) id: DossierId,
    pub(crate) code: DossierCode,
    pub(crate) procedure: ProcedureRef,
    pub(crate) agency: AgencyCode,
    pub(crate) status: u8,
    pub(crate) submitted_at: Timestamp,
    pub(crate) promised_on: Option<Date>,
    pub(crate) handled_on: Option<Date>,
    pub(crate) officer: Option<String>,
    pub(crate) suspended: bool,
    /// The applicant, and who filed it, in the form in which parties are compared.
    pub(crate) parties: Vec<String>,
}

impl Place {
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        let id: Uuid = id.parse().ok()?;
        Some(Self(at.parse().ok()?, id.to_string()))
    }
}

impl ListedFigure {
    pub(crate) fn read(&self, rows: &Connection) -> rusqlite::Result<Vec<CountedRow>> {
        let Self { scope, figure, group, law, after, rows: limit } = self;
        let mut values = scope.values.clone();
        let counted = group.as_ref().map_or_else(|| scope.rows.clone(), |(by, _)| by.rows(scope));
        let mut conditions = format!("{counted} AND ({})", figure.condition(scope));
        if let Some((by, key)) = group {
            by.prepare(rows, (scope, law))?;
            conditions = format!("{conditions} AND {} = ?", by.key(scope.filter.period));
            values.push(Value::Text(key.clone()));
        }
        if let Some(Place(at, id)) = after {
            conditions = format!("{conditions} AND (submitted_at, id) < (?, ?)");
            values.extend([Value::Integer(*at), Value::Text(id.clone())]);
        }
        let sql = format!(
            "SELECT id, code, procedure, version, agency, status, submitted_at, due_day, handled_day,
               officer, suspended, applicant, filed_by
             FROM dossiers WHERE {conditions} ORDER BY submitted_at DESC, id DESC LIMIT {limit}"
        );
        let mut statement = rows.prepare(&sql)?;
        let found = statement.query_map(params_from_iter(&values), CountedRow::read)?;
        found.collect()
    }
}

impl CountedRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| row.get::<_, String>(column);
        let parsed = |column: usize| {
            let day: Option<String> = row.get(column)?;
            day.map(|day| day.parse::<Date>().map_err(|error| damaged(column, error))).transpose()
        };
        let id = text(0)?;
        let uuid = id.parse::<Uuid>().map_err(|error| damaged(0, error))?;
        Ok(Self {
            place: Place(row.get(6)?, id),
            id: DossierId(uuid),
            code: text(1)?.as_str().into(),
            procedure: ProcedureRef { code: text(2)?.as_str().into(), version: row.get(3)? },
            agency: text(4)?.as_str().into(),
            status: row.get(5)?,
            submitted_at: engine::view::instant(row, 6)?,
            promised_on: parsed(7)?,
            handled_on: parsed(8)?,
            officer: row.get(9)?,
            suspended: row.get(10)?,
            parties: std::iter::once(text(11)?).chain(row.get::<_, Option<String>>(12)?).collect(),
        })
    }
}

fn damaged(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = Place(7, Uuid::from_u128(3).to_string());
        assert_eq!(Place::parse(&place.text()), Some(place));
        for wrong in ["", "7", "7.x", "x.00000000-0000-0000-0000-000000000003"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
