//! Withdraws a dossier before it is decided. The law:
//! `libs/dossier/src/intake/withdraw_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::withdraw_dossier::WithdrawDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/withdrawal", "withdraw_dossier", "Withdraw a dossier")
        .describe("Possible until the dossier is decided.")
        .command::<WithdrawDossier>()
        .reply::<DossierReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<WithdrawDossier>(&app, dossier, &request).await
}
