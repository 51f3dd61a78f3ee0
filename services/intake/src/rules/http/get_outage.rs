//! Shows one outage.

use std::sync::Arc;

use dossier::contract::OutageId;
use dossier::rules::READ_OUTAGES;
use web::{Operation, Problem, Reply, Request};

use super::get_outages::OutageReply;
use crate::rules::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/outages/{outage}", "get_outage", "Show an outage")
        .parameter("outage", "The outage.")
        .roles(READ_OUTAGES)
        .reply::<OutageReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, outage: OutageId, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law().await?;
    let law = app.engine.law();
    let found = law.outages().iter().find(|known| known.id == outage.0);
    Ok(Reply::ok(&OutageReply::from(found.ok_or_else(Problem::not_found)?)))
}
