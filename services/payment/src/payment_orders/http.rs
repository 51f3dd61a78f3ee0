//! The operations on payment orders, one file each.

mod cancel_payment_order;
mod get_payment_order;
mod reply;
mod start_payment_order;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        start_payment_order::operation(),
        get_payment_order::operation(),
        cancel_payment_order::operation(),
    ]
}
