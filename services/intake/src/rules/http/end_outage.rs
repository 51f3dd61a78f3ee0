//! Ends an outage. The law: `libs/dossier/src/rules/end_outage.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::OutageId;
use dossier::rules::end_outage::EndOutage;
use web::{Operation, Problem, Reply, Request, execute, shown};

use super::get_outages::OutageReply;
use super::rules_version::read_law;
use crate::rules::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/outages/{outage}/end", "end_outage", "End an outage")
        .parameter("outage", "The outage.")
        .step(&EndOutage::STEP)
        .body::<EndOutage>()
        .reply::<OutageReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, outage: OutageId, request: Request) -> Result<Reply, Problem> {
    let id = outage.to_string();
    let loaded = execute::<EndOutage>(&app.outages, (&id, None), &request).await?;
    read_law(&app).await?;
    shown(&loaded, OutageReply::new(&loaded.state))
}
