//! Returns a dossier to the queue. The law: `libs/dossier/src/review/return_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::return_review::ReturnReview;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/return",
        "return_review",
        "Return a dossier to the queue",
    )
    .step(&ReturnReview::STEP)
    .body::<ReturnReview>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ReturnReview>(&app, dossier, &request).await
}
