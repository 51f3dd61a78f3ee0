//! Assigns a review to an officer. The law: `libs/dossier/src/review/assign_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::assign_review::AssignReview;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/assign",
        "assign_review",
        "Assign a review to an officer",
    )
    .describe(
        "For approvers, and for the head of a unit within the unit. A claimed review is handed \
         over; the period of its activity goes on.",
    )
    .step(&AssignReview::STEP)
    .body::<AssignReview>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<AssignReview>(&app, dossier, &request).await
}
