//! Cancels a what-if.

use std::sync::Arc;

use dossier::rules::TRY;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ELSEWHERE, WhatIfReply, job};
use crate::what_ifs::App;

/// Nothing: an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelWhatIfRequest {}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/what-ifs/{what_if}/cancellation";
    Operation::post(address, "cancel_what_if", "Cancel a what-if")
        .describe("Ends the computation. One that has ended stays as it is.")
        .parameter("what_if", "The id of the what-if.")
        .roles(TRY)
        .refusals(&[ELSEWHERE])
        .body::<CancelWhatIfRequest>()
        .unseen()
        .reply::<WhatIfReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, what_if: String, request: Request) -> Result<Reply, Problem> {
    let CancelWhatIfRequest {} = request.json()?;
    let job = job(&app, &what_if, &request)?;
    job.cancel(app.engine.clock.now());
    Ok(Reply::ok(&WhatIfReply::of(&app, &job)))
}
