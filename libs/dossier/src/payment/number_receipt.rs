//! The number of an issued receipt is recorded with its payment.

use super::Payment;
use crate::contract::{PaymentEvent, ReceiptIssued, ReceiptNumbered};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records the number of a receipt with its payment.
#[derive(Debug, Clone)]
pub struct NumberReceipt {
    pub receipt: ReceiptIssued,
}

impl Command for NumberReceipt {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "number_receipt",
        basis: "254/2026/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.ReceiptNumbered.v1"],
        refusals: &[],
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let ReceiptIssued { payment: id, symbol, year, number, source, amount, .. } = &self.receipt;
        if payment.assessed().is_none() {
            return Ok(Decision::NotYet);
        }
        if payment.knows_number(&self.receipt) {
            return Ok(Decision::Nothing);
        }
        let (payment, symbol, year, number) = (*id, symbol.clone(), *year, *number);
        let (source, amount) = (Some(*source), Some(*amount));
        Ok(Decision::event(ReceiptNumbered { payment, symbol, year, number, source, amount }))
    }
}
