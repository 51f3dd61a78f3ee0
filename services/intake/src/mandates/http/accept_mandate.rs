//! Accept a mandate. The law: `libs/dossier/src/mandates/accept_mandate.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::MandateId;
use dossier::mandates::accept_mandate::AcceptMandate;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{ACTS_FOR_OTHERS, MandateReply, party, shown};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/mandates/{mandate}/acceptance", "accept_mandate", "Accept a mandate")
        .step(&AcceptMandate::STEP)
        .describe("The representative accepts it in person, and can invoke it from then on.")
        .refusals(&[ACTS_FOR_OTHERS])
        .body::<AcceptMandate>()
        .unseen()
        .reply::<MandateReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, mandate: MandateId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    party(caller)?;
    let id = (&*mandate.to_string(), None);
    let loaded = execute_unseen::<AcceptMandate>(&app.mandates, id, &request).await?;
    shown(&loaded, caller, app.engine.clock.now())
}
