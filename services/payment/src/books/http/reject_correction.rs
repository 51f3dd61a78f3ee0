//! Rejects or withdraws a proposed correction. The law:
//! `libs/dossier/src/books/reject_correction.rs`.

use std::sync::Arc;

use dossier::books::reject_correction::RejectCorrection;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentBookReply, named, take};
use crate::books::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/correction-rejections",
        "reject_correction",
        "Reject or withdraw a proposed correction",
    )
    .parameter("book", "Id of the book: day, agency and account.")
    .command::<RejectCorrection>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, command) = (named(&book)?, request.json::<RejectCorrection>()?);
    take(&app, &id, &request, &command).await
}
