//! Revoke a mandate. The law: `libs/dossier/src/mandates/revoke_mandate.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::MandateId;
use dossier::mandates::revoke_mandate::RevokeMandate;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{ACTS_FOR_OTHERS, MandateReply, party, shown};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/mandates/{mandate}/revocation", "revoke_mandate", "Revoke a mandate")
        .step(&RevokeMandate::STEP)
        .describe("Either party ends it at any time; the agency that recorded it does so at the principal's request. From the answer on, the representative neither acts nor reads by it, and the principal goes on alone.")
        .refusals(&[ACTS_FOR_OTHERS])
        .body::<RevokeMandate>()
        .unseen()
        .reply::<MandateReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, mandate: MandateId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    party(caller)?;
    let id = (&*mandate.to_string(), None);
    let loaded = execute_unseen::<RevokeMandate>(&app.mandates, id, &request).await?;
    shown(&loaded, caller, app.engine.clock.now())
}
