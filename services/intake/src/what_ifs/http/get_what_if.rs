//! The progress and the result of a what-if.

use std::sync::Arc;

use dossier::rules::TRY;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ELSEWHERE, WhatIfReply, job};
use crate::what_ifs::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/what-ifs/{what_if}",
        "get_what_if",
        "Show the progress or result of a what-if",
    )
    .describe("Only to the person who asked. The result is kept for an hour after its end.")
    .impersonal("figures")
    .parameter("what_if", "The id of the what-if.")
    .roles(TRY)
    .refusals(&[ELSEWHERE])
    .reply::<WhatIfReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, what_if: String, request: Request) -> Result<Reply, Problem> {
    let job = job(&app, &what_if, &request)?;
    Ok(Reply::ok(&WhatIfReply::of(&app, &job)))
}
