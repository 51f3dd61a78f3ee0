//! Proposes to close an account for a day. The law: `libs/dossier/src/books/propose_closing.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::books::limits::AMOUNT_MAX;
use dossier::books::propose_closing::ProposeClosing;
use dossier::contract::Vnd;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::line::AMOUNT_IMPOSSIBLE;
use super::reply::{PaymentBookReply, named, sums, take};
use crate::books::App;

/// A closing of an account for a day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeClosingRequest {
    /// Counted cash without the float, in VND; for the account `cash` only.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 90_000)]
    counted_vnd: Option<i64>,
    /// Why there are differences; required if there are any.
    reason: Option<Text<2000>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/closings",
        "propose_closing",
        "Propose to close an account for a day",
    )
    .describe(
        "With the present sums of statements and records; for a till (account `cash`) with the \
         counted cash. A second person approves it. A closed day is corrected by corrections only.",
    )
    .parameter("book", "Id of the book: day, agency and account.")
    .step(&ProposeClosing::STEP)
    .refusals(&[AMOUNT_IMPOSSIBLE])
    .body::<ProposeClosingRequest>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, body) = (named(&book)?, request.json::<ProposeClosingRequest>()?);
    let is_impossible =
        body.counted_vnd.is_some_and(|counted| !(0..=AMOUNT_MAX).contains(&counted));
    Problem::check(&[(is_impossible, AMOUNT_IMPOSSIBLE, "/counted_vnd")])?;
    let totals = sums(&app, &id, &request).await?;
    let ProposeClosingRequest { counted_vnd, reason } = body;
    let command = ProposeClosing { id: id.clone(), totals, counted: counted_vnd.map(Vnd), reason };
    take(&app, &id, &request, &command).await
}
