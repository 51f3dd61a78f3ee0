//! The officers of an agency.

use std::sync::Arc;

use dossier::contract::{OfficerRecorded, Role, Subject, UnitCode};
use dossier::directory::READ;
use dossier::law::{Absence, Directory};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::get_absences::AbsenceReply;
use super::taken::list;
use crate::directory::App;

/// An officer of an agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfficerReply {
    /// The subject of the officer's tokens.
    officer: Subject,
    /// The officer's name; null after its erasure.
    #[schema(example = "Trần Thị B")]
    name: Option<String>,
    /// The code of the officer's unit.
    unit: UnitCode,
    /// The work that the officer may be given.
    roles: Vec<Role>,
    /// The first day.
    from: Date,
    /// The last day; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    /// The absence on this day, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    absence: Option<AbsenceReply>,
}

impl OfficerReply {
    pub(super) fn new(officer: &OfficerRecorded, absence: Option<&Absence>) -> Self {
        let OfficerRecorded { officer, name, unit, roles, from, to, .. } = officer.clone();
        let (name, absence) = (name.known().cloned(), absence.map(Into::into));
        Self { officer, name, unit, roles, from, to, absence }
    }
}

/// The day and the unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfficersQuery {
    /// The day; today if absent.
    on: Option<Date>,
    /// Only the officers of this unit.
    unit: Option<UnitCode>,
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/directory/{agency}/officers";
    Operation::get(address, "get_officers", "List the officers of an agency")
        .describe("By subject. At most 1000.")
        .parameter("agency", "The code of the agency.")
        .roles(READ)
        .query::<OfficersQuery>()
        .list::<OfficerReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let OfficersQuery { on, unit } = request.query()?;
    let rows = |directory: &Directory, day| {
        let officers = directory.officers_on(day);
        let of_unit = officers.filter(|officer| unit.as_ref().is_none_or(|u| officer.unit == *u));
        let shown = of_unit
            .map(|officer| OfficerReply::new(officer, directory.absence(&officer.officer, day)));
        shown.collect()
    };
    list(&app, &agency, &request, on, rows).await
}
