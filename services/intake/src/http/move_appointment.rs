//! Postpones the appointment with an apology, before the old one has passed. The law:
//! `libs/dossier/src/intake/move_appointment.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::move_appointment::MoveAppointment;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/appointment",
        "move_appointment",
        "Postpone the appointment",
    )
    .describe("Possible until the promised date has passed; the applicant is sent an apology.")
    .command::<MoveAppointment>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<MoveAppointment>(&app, dossier, &request).await
}
