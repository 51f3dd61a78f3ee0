//! Proposes a decision. The law: `libs/dossier/src/review/propose_decision.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::propose_decision::ProposeDecision;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/decision-proposals",
        "propose_decision",
        "Propose a decision",
    )
    .step(&ProposeDecision::STEP)
    .body::<ProposeDecision>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ProposeDecision>(&app, dossier, &request).await
}
