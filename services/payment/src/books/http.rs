//! The operations on the books, one file each.

mod approve_closing;
mod enter_correction;
mod get_payment_book;
mod get_payment_book_lines;
mod get_payment_books;
mod get_payment_differences;
mod get_payment_parity;
mod import_statement;
mod line;
mod propose_closing;
mod propose_correction;
mod reject_closing;
mod reject_correction;
mod reply;
mod statement_file;

use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        import_statement::operation(),
        get_payment_books::operation(),
        get_payment_book::operation(),
        get_payment_book_lines::operation(),
        get_payment_differences::operation(),
        get_payment_parity::operation(),
        propose_closing::operation(),
        approve_closing::operation(),
        reject_closing::operation(),
        propose_correction::operation(),
        enter_correction::operation(),
        reject_correction::operation(),
    ]
}
