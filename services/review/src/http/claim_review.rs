//! Claims a dossier from the queue. The law: `libs/dossier/src/review/claim_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::claim_review::ClaimReview;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/reviews/{dossier}/claim", "claim_review", "Claim a dossier from the queue")
        .step(&ClaimReview::STEP)
        .body::<ClaimReview>()
        .reply::<ReviewReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ClaimReview>(&app, dossier, &request).await
}
