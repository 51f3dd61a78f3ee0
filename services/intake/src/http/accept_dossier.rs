//! Accepts a dossier with an appointment. The law: `libs/dossier/src/intake/accept_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::accept_dossier::AcceptDossier;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/acceptance", "accept_dossier", "Accept a dossier")
        .describe(
            "Each open claim to a group that reduces the fee (`claims` of the dossier) needs a \
             decision. If a rejected claim leaves a part of the fee unpaid that is due at filing, \
             only the decisions are recorded: the dossier stays submitted, and is accepted by a \
             second request when the rest is paid. While that fee is unpaid, a further request may \
             confirm a rejected claim, with a reason: only this decision is recorded, and the fee is \
             assessed anew with a new period to pay. After the acceptance this is possible too, if \
             the fee is due after it and unpaid.",
        )
        .command::<AcceptDossier>()
        .reply::<DossierReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<AcceptDossier>(&app, dossier, &request).await
}
