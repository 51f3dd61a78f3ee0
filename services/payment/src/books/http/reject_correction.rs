//! Rejects or withdraws a proposed correction. The law:
//! `libs/dossier/src/books/reject_correction.rs`.

use dossier::books::reject_correction::RejectCorrection;
use web::Operation;

use super::reply::{PaymentBookReply, handle};
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
    .handle(handle::<RejectCorrection>)
}
