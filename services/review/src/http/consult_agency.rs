//! Asks another agency for its opinion. The law: `libs/dossier/src/review/consult_agency.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::consult_agency::ConsultAgency;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/consultations",
        "consult_agency",
        "Consult another agency",
    )
    .step(&ConsultAgency::STEP)
    .body::<ConsultAgency>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ConsultAgency>(&app, dossier, &request).await
}
