//! Returns a dossier to the queue. The law: `libs/dossier/src/review/return_review.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::law::{Loads, weighed};
use dossier::review::Review;
use dossier::review::return_review::ReturnReview;
use engine::Streams;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take_as};
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
    let loads = loads(&app, dossier).await?;
    let command = |body: ReturnReview| ReturnReview { loads, ..body };
    take_as(&app, dossier, &request, command).await
}

/// The loads that the rule considers by which the review is assigned again.
async fn loads(app: &App, dossier: DossierId) -> Result<Loads, Problem> {
    let loaded = app.reviews.load(&Streams::<Review>::of(dossier.0)).await?;
    let engine = app.reviews.engine();
    let Some(brief) = &loaded.state.brief else { return Ok(Loads::default()) };
    let officers = weighed(&engine.law(), brief, engine.clock.now());
    if officers.is_empty() { Ok(Loads::default()) } else { Ok(app.loads.of(officers).await?) }
}
