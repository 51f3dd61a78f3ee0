//! Records a unit. The law: `libs/dossier/src/directory/record_unit.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{AgencyCode, UnitCode};
use dossier::directory::record_unit::{RecordUnit, Unit};
use web::{Operation, Problem, Reply, Request};

use super::get_units::UnitReply;
use super::taken::{shown, take};
use crate::directory::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/directory/{agency}/units", "record_unit", "Record a unit of an agency")
        .describe(
            "The record replaces earlier ones of the same unit from its first day on. With \
             `assignment` `spread`, new reviews of its procedures are assigned to its officers.",
        )
        .parameter("agency", "The code of the agency.")
        .step(&RecordUnit::STEP)
        .body::<Unit>()
        .unseen()
        .reply::<UnitReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let (agency, unit) = (AgencyCode::from(&*agency), request.json::<Unit>()?);
    let (code, from) = (UnitCode::from(&*unit.unit.0), unit.from);
    let command = RecordUnit { agency: agency.clone(), unit };
    let loaded = take(&app, (&agency, true), &request, &command).await?;
    let records = loaded.state.units().get(&code).and_then(|records| records.get(&from));
    let reply = UnitReply::new(records.ok_or_else(Problem::not_found)?);
    Ok(shown(&loaded, &reply))
}
