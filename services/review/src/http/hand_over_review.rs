//! Hands a dossier over to a colleague. The law: `libs/dossier/src/review/hand_over_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::hand_over_review::HandOverReview;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/hand-over",
        "hand_over_review",
        "Hand a dossier over to a colleague",
    )
    .step(&HandOverReview::STEP)
    .body::<HandOverReview>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<HandOverReview>(&app, dossier, &request).await
}
