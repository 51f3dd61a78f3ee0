//! Approves a colleague's proposal, by which the dossier is decided. The law:
//! `libs/dossier/src/review/approve_decision.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::approve_decision::ApproveDecision;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/decision",
        "approve_decision",
        "Approve a proposed decision",
    )
    .describe("Decides the dossier. The approver must not be the proposer.")
    .step(&ApproveDecision::STEP)
    .body::<ApproveDecision>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ApproveDecision>(&app, dossier, &request).await
}
