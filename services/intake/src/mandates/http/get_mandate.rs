//! Shows a mandate to its parties, and to the agency that recorded it.

use std::sync::Arc;

use dossier::contract::MandateId;
use dossier::mandates::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{ACTS_FOR_OTHERS, MandateReply, party, shown};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/mandates/{mandate}", "get_mandate", "Show a mandate")
        .roles(READ)
        .refusals(&[ACTS_FOR_OTHERS])
        .reply::<MandateReply>()
        .versioned()
        .handle(handle)
}

async fn handle(app: Arc<App>, mandate: MandateId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    party(caller)?;
    let loaded = read(&app.mandates, READ, &mandate.to_string(), &request).await?;
    shown(&loaded, caller, app.engine.clock.now())
}
