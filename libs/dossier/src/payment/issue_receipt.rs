//! A receipt for received money. It is an event in the stream of its symbol and year, numbered one
//! higher than the receipt before it, so that neither duplicates nor gaps are possible with any
//! engine. Decree 254/2026/NĐ-CP, arts 23.2 and 24.

use super::Payment;
use crate::access::Resource;
use crate::contract::{
    AgencyCode, Brief, ChargedLine, Meta, PaymentId, ProcedureRef, ReceiptEvent, ReceiptIssued, Vnd,
};
use crate::services::Category;
use crate::step::{State, Step};
use uuid::Uuid;

/// This step has no command: the payment service executes it when money was received.
pub const STEP: Step = Step {
    name: "issue_receipt",
    basis: "254/2026/NĐ-CP Điều 23.2, 24",
    may: &[],
    events: &["payment.ReceiptIssued.v1"],
    refusals: &[],
};

/// The receipts of one symbol and year.
#[derive(Debug, Clone, Default)]
pub struct Receipts {
    /// The latest receipt; its number determines the next one.
    pub last: Option<ReceiptIssued>,
}

impl State for Receipts {
    type Event = ReceiptEvent;
    const CATEGORY: &'static str = Category::Receipts.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &ReceiptEvent, _meta: &Meta) {
        let ReceiptEvent::ReceiptIssued(receipt) = event;
        self.last = Some(receipt.clone());
    }

    fn resource(&self) -> Option<Resource> {
        let receipt = self.last.as_ref()?;
        Some(Resource { agencies: vec![receipt.agency.clone()], ..Resource::default() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// Kinds of the events by which money is received.
pub const MONEY: &[&str] = &[
    "payment.PaymentCaptured.v1",
    "payment.CashReceived.v1",
    // Doubtful money that a cashier confirmed.
    "payment.DiscrepancyResolved.v1",
    // Money in excess of a fee, kept when a reduction was rejected or a further fee was charged.
    "payment.FeeReassessed.v1",
    "payment.FurtherFeeCharged.v1",
];

/// The data of the receipt for an event that brought money: event, payment and amount. `None` if no
/// receipt is due, because the money is in doubt or has to be refunded.
#[must_use]
pub fn owed(payment: &Payment, source: Uuid) -> Option<(Uuid, PaymentId, Vnd)> {
    let receipted = payment.receipt_for(source)?;
    (receipted.amount > Vnd::ZERO).then_some((source, receipted.payment, receipted.amount))
}

/// The receipt after the one with number `previous`.
#[must_use]
pub fn receipt(
    previous: u64,
    (symbol, year): (&str, i16),
    brief: &Brief,
    lines: &[ChargedLine],
    (source, payment, amount): (Uuid, PaymentId, Vnd),
) -> ReceiptIssued {
    ReceiptIssued {
        number: previous.saturating_add(1),
        symbol: symbol.to_owned(),
        year,
        agency: brief.agency.clone(),
        dossier: brief.dossier,
        payment,
        source,
        lines: lines.to_vec(),
        amount,
        paper: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::law;

    #[test]
    fn a_receipt_is_one_more_than_the_one_before_it() {
        let brief = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let source = (Uuid::from_u128(1), PaymentId(Uuid::from_u128(2)), Vnd(30_000));
        let first = receipt(0, ("XNK-26E", 2026), &brief, &[], source);
        assert_eq!(first.number, 1);
        assert_eq!(receipt(first.number, ("XNK-26E", 2026), &brief, &[], source).number, 2);
    }
}
