//! Closes a dossier of a procedure that has no result. The law:
//! `libs/dossier/src/intake/close_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::close_dossier::CloseDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/closure",
        "close_dossier",
        "Close a dossier without a result",
    )
    .command::<CloseDossier>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<CloseDossier>(&app, dossier, &request).await
}
