//! Accepts a dossier with an appointment. The law: `libs/dossier/src/intake/accept_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::accept_dossier::AcceptDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/acceptance", "accept_dossier", "Accept a dossier")
        .command::<AcceptDossier>()
        .reply::<DossierReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<AcceptDossier>(&app, dossier, &request).await
}
