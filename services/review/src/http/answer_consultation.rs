//! Answers a consultation. The law: `libs/dossier/src/review/answer_consultation.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::answer_consultation::AnswerConsultation;
use web::{Operation, Problem, Reply, Request, execute, shown};

use super::reply::ReviewReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/consultation-answers",
        "answer_consultation",
        "Answer a consultation",
    )
    .step(&AnswerConsultation::STEP)
    .body::<AnswerConsultation>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<AnswerConsultation>(&app.reviews, id, &request).await?;
    let caller = request.caller()?;
    shown(&loaded, ReviewReply::to(&loaded.state, &app.reviews.engine().law(), caller))
}
