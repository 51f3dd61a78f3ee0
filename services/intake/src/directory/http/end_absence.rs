//! Ends or cancels an absence. The law: `libs/dossier/src/directory/end_absence.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{AbsenceId, AgencyCode};
use dossier::directory::end_absence::{End, EndAbsence};
use web::{Operation, Problem, Reply, Request};

use super::get_absences::AbsenceReply;
use super::taken::{shown, take};
use crate::directory::App;

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/directory/{agency}/absences/{absence}/end";
    Operation::post(address, "end_absence", "End or cancel an absence")
        .describe("Returns the absences of the agency that are left.")
        .parameter("agency", "The code of the agency.")
        .parameter("absence", "The absence.")
        .step(&EndAbsence::STEP)
        .body::<End>()
        .unseen()
        .list::<AbsenceReply>()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    agency: String,
    absence: AbsenceId,
    request: Request,
) -> Result<Reply, Problem> {
    let (agency, end) = (AgencyCode::from(&*agency), request.json::<End>()?);
    let command = EndAbsence { absence, end };
    let loaded = take(&app, (&agency, false), &request, &command).await?;
    let left: Vec<AbsenceReply> = loaded.state.absences().values().map(Into::into).collect();
    Ok(shown(&loaded, &left))
}
