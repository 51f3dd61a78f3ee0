//! Transfers a dossier to the competent agency. The law:
//! `libs/dossier/src/intake/transfer_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::transfer_dossier::TransferDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/transfer",
        "transfer_dossier",
        "Transfer a dossier to the competent agency",
    )
    .describe(
        "Possible until the dossier is decided. The statutory clock runs on and the promised date \
         stays. The review begins again at the new agency. A fee whose payment has begun stays with \
         the agency at which it began. The agency that transfers the dossier may still read what had \
         been recorded until then. If it had decided before the transfer was known in its review, \
         the decision is valid and the transfer is undone.",
    )
    .command::<TransferDossier>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<TransferDossier>(&app, dossier, &request).await
}
