//! Enters a proposed correction into the books. The law:
//! `libs/dossier/src/books/enter_correction.rs`.

use dossier::books::enter_correction::EnterCorrection;
use web::Operation;

use super::reply::{PaymentBookReply, handle};
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
    .handle(handle::<EnterCorrection>)
}
