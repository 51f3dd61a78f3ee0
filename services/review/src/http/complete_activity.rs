//! Completes an activity. The law: `libs/dossier/src/review/complete_activity.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::complete_activity::CompleteActivity;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/reviews/{dossier}/activities", "complete_activity", "Complete an activity")
        .step(&CompleteActivity::STEP)
        .body::<CompleteActivity>()
        .reply::<ReviewReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<CompleteActivity>(&app, dossier, &request).await
}
