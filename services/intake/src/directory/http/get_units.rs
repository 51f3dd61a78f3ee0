//! The units of an agency.

use std::sync::Arc;

use dossier::contract::{AssignmentRule, ProcedureCode, Subject, UnitCode, UnitRecorded};
use dossier::directory::READ;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::taken::list;
use crate::directory::App;

/// A unit of an agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitReply {
    /// Its code within the agency.
    unit: UnitCode,
    #[schema(example = "Phòng Xuất xứ hàng hóa")]
    name: String,
    /// The officer who heads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Subject>,
    /// The procedures whose dossiers it reviews; all of the agency if empty.
    procedures: Vec<ProcedureCode>,
    /// How its reviews are assigned.
    assignment: AssignmentRule,
    /// The first day.
    from: Date,
    /// The last day; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
}

impl UnitReply {
    pub(super) fn new(unit: &UnitRecorded) -> Self {
        let UnitRecorded { unit, name, head, procedures, assignment, from, to, .. } = unit.clone();
        Self { unit, name, head, procedures, assignment, from, to }
    }
}

/// The day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitsQuery {
    /// The day; today if absent.
    on: Option<Date>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/directory/{agency}/units", "get_units", "List the units of an agency")
        .describe("By code. At most 200.")
        .parameter("agency", "The code of the agency.")
        .roles(READ)
        .query::<UnitsQuery>()
        .list::<UnitReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let UnitsQuery { on } = request.query()?;
    let rows = |directory: &dossier::law::Directory, day| {
        directory.units_on(day).map(UnitReply::new).collect()
    };
    list(&app, &agency, &request, on, rows).await
}
