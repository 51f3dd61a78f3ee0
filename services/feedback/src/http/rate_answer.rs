//! Rates the answer to a complaint. The law: `libs/dossier/src/feedback/rate_answer.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::rate_answer::{AnswerRating, RateAnswer};
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, answering, loaded, take_as};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/answer-rating",
        "rate_answer",
        "Rate the answer to a complaint",
    )
    .step(&RateAnswer::STEP)
    .describe(
        "Once for each answer: after a reopening, the next answer is rated anew. For a merged \
         complaint, the answer to the one into which it was merged.",
    )
    .body::<AnswerRating>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let of = loaded(&app, complaint).await?;
    let other = answering(&app, &of.state).await?;
    let other_answered = other.is_some_and(|other| other.state.has_answer());
    let command = |rating: AnswerRating| RateAnswer { rating, other_answered };
    take_as(&app, complaint, &request, command).await
}
