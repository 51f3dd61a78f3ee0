//! Returns the letter with the decision, as JSON or as PDF. What it says:
//! `libs/dossier/src/papers/letters.rs`.

use std::sync::Arc;

use dossier::State;
use dossier::contract::{DossierId, ReviewEvent};
use dossier::intake::Intake;
use dossier::papers::{Letter, READ_LETTER, letter};
use dossier::review::Review;
use engine::{Streams, decode_all, fold};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, PDF, PaperReply, Problem, Reply, Request};

use crate::App;

/// The letter with a decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: Letter,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/reviews/{dossier}/letter",
        "get_letter",
        "Show the letter with the decision",
    )
    .describe(
        "A PDF with `Accept: application/pdf`; with `Accept-Language: en`, an English translation \
             for information. 404 `not-found` until officers or a rule have decided, and for a \
             dossier that was withdrawn or closed before intake recorded the decision.",
    )
    .roles(READ_LETTER)
    .reply::<LetterReply>()
    .or_bytes(&[PDF])
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    request.catch_up(app.reviews.reactions()).await?;
    let engine = app.reviews.engine();
    let recorded = engine.store.read_whole(&Streams::<Review>::of(dossier.0)).await?;
    let review: Review = fold(&recorded)?;
    let resource = review.resource().ok_or_else(Problem::not_found)?;
    request.read_as(READ_LETTER, &resource)?;
    let events = decode_all::<Review>(&recorded)?;
    let decided = events.iter().rev().find_map(|(event, meta)| match event {
        ReviewEvent::DecisionMade(decision) => Some((decision, meta.at())),
        _ => None,
    });
    let (decision, at) = decided.ok_or_else(Problem::not_found)?;
    let intake = engine.store.read_whole(&Streams::<Intake>::of(dossier.0)).await?;
    let intake: Intake = fold(&intake)?;
    // A dossier that was withdrawn or closed at the time of the decision is not decided.
    if intake.ended_at().is_some() && intake.decision().is_none() {
        return Err(Problem::not_found());
    }
    let law = engine.law();
    let made = letter(decision, at, &intake, (&law, request.language().of_papers()));
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let name = format!("{}-{}", data.code, paper.template());
    let body = LetterReply { paper: PaperReply::of(&paper), data };
    Reply::paper(&request, &body, &paper, &name)
}
