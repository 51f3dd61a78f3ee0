//! Refuses to accept a dossier, with written reasons. The law:
//! `libs/dossier/src/intake/refuse_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::refuse_dossier::RefuseDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/refusal",
        "refuse_dossier",
        "Refuse to accept a dossier",
    )
    .command::<RefuseDossier>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RefuseDossier>(&app, dossier, &request).await
}
