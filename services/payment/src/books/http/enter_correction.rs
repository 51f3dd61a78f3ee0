//! Enters a proposed correction into the books. The law:
//! `libs/dossier/src/books/enter_correction.rs`.

use std::sync::Arc;

use dossier::books::enter_correction::EnterCorrection;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentBookReply, named, take};
use crate::books::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/correction-approvals",
        "enter_correction",
        "Enter a proposed correction into the books",
    )
    .parameter("book", "Id of the book: day, agency and account.")
    .command::<EnterCorrection>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, command) = (named(&book)?, request.json::<EnterCorrection>()?);
    take(&app, &id, &request, &command).await
}
