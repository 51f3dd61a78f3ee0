//! Returns an account on a day.

use std::sync::Arc;

use dossier::access;
use dossier::books::{Book, READ};
use engine::Streams;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentBookReply, named, resource, shown};
use crate::books::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/payment-books/{book}", "get_payment_book", "Return an account on a day")
        .describe(
            "What the statements, the records of payments and the receipts say, the closing, and the \
             corrections. An account without statements and closings has the sums of the records.",
        )
        .parameter("book", "Id of the book: day, agency and account.")
        .roles(READ)
        .reply::<PaymentBookReply>()
        .versioned()
        .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, caller) = (named(&book)?, request.caller()?);
    access::decide(caller, READ, Some(&resource(&id)))?;
    if app.engine.law().calendar_of(&id.agency).is_none() {
        return Err(Problem::not_found());
    }
    let stream = Streams::<Book>::name(&book).map_err(|_| Problem::not_found())?;
    let loaded = app.books.load(&stream).await?;
    shown(&app, &id, &loaded, &request).await
}
