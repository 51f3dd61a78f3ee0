//! Rejects or withdraws a proposed closing. The law: `libs/dossier/src/books/reject_closing.rs`.

use dossier::books::reject_closing::RejectClosing;
use web::Operation;

use super::reply::{PaymentBookReply, handle};
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
    .handle(handle::<RejectClosing>)
}
