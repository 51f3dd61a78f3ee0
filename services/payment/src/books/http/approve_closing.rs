//! Closes an account for a day. The law: `libs/dossier/src/books/approve_closing.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::books::approve_closing::ApproveClosing;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentBookReply, named, sums, take};
use crate::books::App;

/// The approval of a proposed closing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveClosingRequest {
    /// Id of the proposed closing (`proposed_closing`).
    closing: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/closing-approvals",
        "approve_closing",
        "Close an account for a day",
    )
    .describe("By another person than the proposer, if the sums have not changed since.")
    .parameter("book", "Id of the book: day, agency and account.")
    .step(&ApproveClosing::STEP)
    .body::<ApproveClosingRequest>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, body) = (named(&book)?, request.json::<ApproveClosingRequest>()?);
    let totals = sums(&app, &id, &request).await?;
    let command = ApproveClosing { closing: body.closing, totals };
    take(&app, &id, &request, &command).await
}
