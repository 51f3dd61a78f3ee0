//! The routes, one file each.

mod approve_refund;
mod approve_resolution;
mod get_payment;
mod get_payment_tasks;
mod get_unmatched_payment_notices;
mod page;
mod refund_payment;
mod reject_refund;
mod reject_resolution;
pub(crate) mod reply;
mod resolve_discrepancy;
mod start_payment;
mod take_cash;
mod take_notice;

service_kit::routes!(App:
    get_payment,
    get_payment_tasks,
    get_unmatched_payment_notices,
    start_payment,
    take_cash,
    resolve_discrepancy,
    approve_resolution,
    reject_resolution,
    refund_payment,
    approve_refund,
    reject_refund,
    take_notice,
);
