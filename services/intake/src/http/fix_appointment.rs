//! Records a date that was fixed outside the agency, where the law gives no period. The law:
//! `libs/dossier/src/intake/fix_appointment.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::fix_appointment::FixAppointment;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/fixed-appointment",
        "fix_appointment",
        "Record an appointment for a procedure without a period",
    )
    .describe("Possible if the law sets no period.")
    .command::<FixAppointment>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<FixAppointment>(&app, dossier, &request).await
}
