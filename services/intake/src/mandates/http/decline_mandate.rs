//! Decline a mandate. The law: `libs/dossier/src/mandates/decline_mandate.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::MandateId;
use dossier::mandates::decline_mandate::DeclineMandate;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{ACTS_FOR_OTHERS, MandateReply, party, shown};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/mandates/{mandate}/refusal", "decline_mandate", "Decline a mandate")
        .step(&DeclineMandate::STEP)
        .describe("The representative does not accept it.")
        .refusals(&[ACTS_FOR_OTHERS])
        .body::<DeclineMandate>()
        .unseen()
        .reply::<MandateReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, mandate: MandateId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    party(caller)?;
    let id = (&*mandate.to_string(), None);
    let loaded = execute_unseen::<DeclineMandate>(&app.mandates, id, &request).await?;
    shown(&loaded, caller, app.engine.clock.now())
}
