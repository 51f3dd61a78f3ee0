//! A payment learns the number of its receipt.

use super::Payment;
use crate::contract::{PaymentEvent, ReceiptIssued, ReceiptNumbered};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "number_receipt",
    service: "payment",
    basis: "254/2026/NĐ-CP Điều 24",
    may: &[],
    events: &["payment.ReceiptNumbered.v1"],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone)]
pub struct NumberReceipt {
    /// The receipt.
    pub receipt: ReceiptIssued,
}

/// Decides.
#[must_use]
pub fn decide(payment: &Payment, command: &NumberReceipt) -> Reacted<PaymentEvent> {
    let ReceiptIssued { payment: id, symbol, year, number, source, amount, .. } = &command.receipt;
    if payment.assessed.is_none() {
        return Reacted::NotYet;
    }
    if payment.knows_number(&command.receipt) {
        return Reacted::Done(Vec::new());
    }
    let (payment, symbol, year, number) = (*id, symbol.clone(), *year, *number);
    let (source, amount) = (Some(*source), Some(*amount));
    Reacted::Done(vec![ReceiptNumbered { payment, symbol, year, number, source, amount }.into()])
}
