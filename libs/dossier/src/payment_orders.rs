//! Payment orders: one payment for the fees of several dossiers of one payer. Decree
//! 118/2025/NĐ-CP, art. 24 (payment online).
//!
//! The order has the sum, the reference, and the provider's reports; each dossier has an ordinary
//! attempt that names the order. The money is recorded in the dossiers, each with its part, once
//! the exact sum was paid.

use crate::access::{May, agency, any, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod begin_order_refund;
pub mod cancel_payment_order;
pub mod end_payment_order;
pub mod limits;
pub mod open_payment_order;
mod order;
pub mod start_payment_order;
pub mod take_order_notice;

pub use order::{BegunRefund, OrderStage, PaymentOrder};

use begin_order_refund::BeginOrderRefund;
use cancel_payment_order::CancelPaymentOrder;
use end_payment_order::EndPaymentOrder;
use open_payment_order::OpenPaymentOrder;
use start_payment_order::StartPaymentOrder;
use take_order_notice::TakeOrderNotice;

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] = &[
    StartPaymentOrder::STEP,
    OpenPaymentOrder::STEP,
    TakeOrderNotice::STEP,
    CancelPaymentOrder::STEP,
    EndPaymentOrder::STEP,
    BeginOrderRefund::STEP,
];

/// Permission to read a payment order: its payer, and those who collect and check the fees.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];
