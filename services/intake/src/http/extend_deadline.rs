//! Extends the period, where the procedure allows it. The law:
//! `libs/dossier/src/intake/extend_deadline.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::extend_deadline::ExtendDeadline;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DossierReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/extension", "extend_deadline", "Extend the period")
        .describe("Possible if the procedure allows it.")
        .command::<ExtendDeadline>()
        .reply::<DossierReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ExtendDeadline>(&app, dossier, &request).await
}
