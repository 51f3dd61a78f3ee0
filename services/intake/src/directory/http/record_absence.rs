//! Records an absence. The law: `libs/dossier/src/directory/record_absence.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::AgencyCode;
use dossier::directory::record_absence::RecordAbsence;
use web::{Operation, Problem, Reply, Request};

use super::get_absences::AbsenceReply;
use super::taken::{shown, take};
use crate::directory::App;

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/directory/{agency}/absences";
    Operation::post(address, "record_absence", "Record an absence of an officer")
        .describe(
            "Officers record their own absences, approvers and operators those of others too. \
             During the absence, the deputy may act on the officer's reviews.",
        )
        .parameter("agency", "The code of the agency.")
        .step(&RecordAbsence::STEP)
        .body::<RecordAbsence>()
        .unseen()
        .reply::<AbsenceReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let (agency, command) = (AgencyCode::from(&*agency), request.json::<RecordAbsence>()?);
    let loaded = take(&app, (&agency, false), &request, &command).await?;
    let mut absences = loaded.state.absences().values();
    let recorded = absences.find(|absence| {
        *command.officer.0 == *absence.officer.as_str() && absence.from == command.from
    });
    let reply = AbsenceReply::from(recorded.ok_or_else(Problem::not_found)?);
    Ok(shown(&loaded, &reply))
}
