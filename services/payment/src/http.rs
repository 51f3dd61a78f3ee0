//! The routes, one file each.

mod get_payment;
mod refund_payment;
pub(crate) mod reply;
mod start_payment;
mod take_cash;
mod take_notice;

service_kit::routes!(App:
    get_payment,
    start_payment,
    take_cash,
    refund_payment,
    take_notice,
);
