//! Rejects or withdraws a proposed closing. The law: `libs/dossier/src/books/reject_closing.rs`.

use std::sync::Arc;

use dossier::books::reject_closing::RejectClosing;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentBookReply, named, take};
use crate::books::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/closing-rejections",
        "reject_closing",
        "Reject or withdraw a proposed closing",
    )
    .parameter("book", "Id of the book: day, agency and account.")
    .command::<RejectClosing>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, command) = (named(&book)?, request.json::<RejectClosing>()?);
    take(&app, &id, &request, &command).await
}
