//! Which receipts a dossier's money has: for what is here for sure and is the agency's to keep, once, at the moment of
//! collection (Decree 254/2026/NĐ-CP, art. 24). What is in doubt, too much or too late has none. A receipt of money that went
//! back is cancelled or reduced; its number is not used again (art. 23.2).

use uuid::Uuid;

use super::Payment;
use crate::contract::{
    Meta, PaymentId, ReceiptBecomes, ReceiptCorrected, ReceiptIssued, ReceiptNumbered, Vnd,
};

/// What an event that brought money is receipted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipted {
    /// The event.
    pub source: Uuid,
    /// The payment.
    pub payment: PaymentId,
    /// How much it brought.
    pub brought: Vnd,
    /// For how much a receipt is issued; for nothing, none is.
    pub amount: Vnd,
    /// How much of that does not count any more.
    pub off: Vnd,
    /// Symbol, year and number, once it has them.
    pub number: Option<(String, i16, u64)>,
    /// The command that brought it.
    command: Uuid,
}

impl Receipted {
    /// For how much the receipt stands.
    #[must_use]
    pub fn left(&self) -> Vnd {
        Vnd(self.amount.0.saturating_sub(self.off.0).max(0))
    }

    /// What became of the receipt; nothing if it stands as it was issued.
    #[must_use]
    pub fn became(&self) -> Option<ReceiptBecomes> {
        if self.off == Vnd::ZERO {
            return None;
        }
        let whole = self.left() == Vnd::ZERO;
        Some(if whole { ReceiptBecomes::Cancelled } else { ReceiptBecomes::Reduced })
    }
}

fn sum(amounts: impl Iterator<Item = Vnd>) -> i64 {
    amounts.fold(0, |sum, amount| sum.saturating_add(amount.0))
}

impl Payment {
    /// What an event that brought money is receipted for.
    #[must_use]
    pub fn receipt_for(&self, source: Uuid) -> Option<&Receipted> {
        self.receipts.iter().find(|receipt| receipt.source == source)
    }

    /// What is here for sure.
    fn sure(&self) -> i64 {
        self.net().0.saturating_sub(self.in_doubt().0).max(0)
    }

    /// For how much there may be receipts besides those of the others: for what is sure and stays with the agency.
    fn unreceipted<'a>(&self, others: impl Iterator<Item = &'a Receipted>) -> Vnd {
        let keeps = self.keeps.unwrap_or_else(|| self.total());
        let there = sum(others.map(Receipted::left));
        Vnd(self.sure().min(keeps.0).saturating_sub(there).max(0))
    }

    /// Takes in that an event brought money, after what it says was taken in. What was cleared up may be more than was counted
    /// anew: it was in doubt.
    pub(super) fn take_money(
        &mut self,
        payment: PaymentId,
        brought: Vnd,
        cleared: bool,
        meta: &Meta,
    ) {
        let open = self.unreceipted(self.receipts.iter());
        let amount = if cleared { open } else { open.min(brought) };
        if amount > Vnd::ZERO || brought > Vnd::ZERO {
            let (source, command) = (meta.id, meta.envelope.command);
            let (off, number) = (Vnd::ZERO, None);
            self.receipts.push(Receipted {
                source,
                payment,
                brought,
                amount,
                off,
                number,
                command,
            });
        }
    }

    /// Takes in that something of what the same command brought is in doubt.
    pub(super) fn take_doubt_of_receipt(&mut self, meta: &Meta) {
        let Some((newest, others)) = self.receipts.split_last() else { return };
        if newest.command != meta.envelope.command {
            return;
        }
        let amount = self.unreceipted(others.iter()).min(newest.brought);
        if let Some(newest) = self.receipts.last_mut() {
            newest.amount = amount;
        }
    }

    /// What has to be taken off the receipts by what is here now: the newest first.
    fn corrections(&self) -> Vec<ReceiptCorrected> {
        let there = sum(self.receipts.iter().map(Receipted::left));
        let mut rest = there.saturating_sub(self.sure()).max(0);
        let mut corrections = Vec::new();
        for receipt in self.receipts.iter().rev() {
            let off = receipt.left().0.min(rest);
            if off == 0 {
                continue;
            }
            rest = rest.saturating_sub(off);
            let left = Vnd(receipt.left().0.saturating_sub(off));
            let whole = left == Vnd::ZERO;
            let becomes = if whole { ReceiptBecomes::Cancelled } else { ReceiptBecomes::Reduced };
            let (source, payment) = (receipt.source, receipt.payment);
            corrections.push(ReceiptCorrected { source, payment, off: Vnd(off), left, becomes });
        }
        corrections
    }

    /// Takes in what became of the receipts when money went back or had not come, and gives it: as it was recorded, or as the
    /// law has it where it was not recorded yet.
    pub(super) fn correct_receipts(
        &mut self,
        recorded: Option<&[ReceiptCorrected]>,
    ) -> Vec<ReceiptCorrected> {
        let corrections = recorded.map_or_else(|| self.corrections(), <[_]>::to_vec);
        for correction in &corrections {
            let mut receipts = self.receipts.iter_mut();
            if let Some(one) = receipts.find(|receipt| receipt.source == correction.source) {
                one.off = Vnd(one.off.0.saturating_add(correction.off.0));
            }
        }
        corrections
    }

    /// Takes in the number of a receipt. One that was numbered before its money was named is that of the oldest money of its
    /// payment without one, and was issued for all that this brought. One of unknown money is known by its number alone.
    pub(super) fn take_number(&mut self, numbered: &ReceiptNumbered) {
        let named = |receipt: &&mut Receipted| match numbered.source {
            Some(source) => receipt.source == source,
            None => receipt.payment == numbered.payment && receipt.number.is_none(),
        };
        let number = Some((numbered.symbol.clone(), numbered.year, numbered.number));
        if let Some(receipt) = self.receipts.iter_mut().find(named) {
            receipt.amount = numbered.amount.unwrap_or(receipt.brought);
            receipt.number = number;
        } else {
            let (source, command) = (numbered.source.unwrap_or_default(), Uuid::nil());
            let (payment, brought, amount, off) =
                (numbered.payment, Vnd::ZERO, Vnd::ZERO, Vnd::ZERO);
            self.receipts.push(Receipted {
                source,
                payment,
                brought,
                amount,
                off,
                number,
                command,
            });
        }
    }

    /// Whether a receipt's number is known here.
    #[must_use]
    pub fn knows_number(&self, issued: &ReceiptIssued) -> bool {
        let number = (issued.symbol.clone(), issued.year, issued.number);
        self.receipts.iter().any(|receipt| receipt.number.as_ref() == Some(&number))
    }
}

#[cfg(test)]
mod tests;
