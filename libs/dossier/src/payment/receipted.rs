//! The receipts of a dossier's money. Money that is certain and that the agency keeps has one
//! receipt, issued at the moment of collection (Decree 254/2026/NĐ-CP, art. 24). Money that is in
//! doubt, in excess or too late has none. The receipt of refunded money is cancelled or reduced;
//! its number is not used again (art. 23.2).

use uuid::Uuid;

use super::Payment;
use crate::contract::{
    Meta, PaymentId, ReceiptBecomes, ReceiptCorrected, ReceiptIssued, ReceiptNumbered, Vnd,
};

/// The receipt for one event that brought money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipted {
    /// Id of the event.
    pub source: Uuid,
    pub payment: PaymentId,
    /// Amount that the event brought.
    pub brought: Vnd,
    /// Amount of the receipt; if zero, none is issued.
    pub amount: Vnd,
    /// Part of the amount that was cancelled later.
    pub off: Vnd,
    /// Symbol, year and number, once they are assigned.
    pub number: Option<(String, i16, u64)>,
    /// Id of the command that recorded the event.
    command: Uuid,
}

impl Receipted {
    /// Amount for which the receipt is still valid.
    #[must_use]
    pub fn left(&self) -> Vnd {
        Vnd(self.amount.0.saturating_sub(self.off.0).max(0))
    }

    /// Whether the receipt was cancelled or reduced; `None` if neither.
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
    /// The receipt for an event that brought money.
    #[must_use]
    pub fn receipt_for(&self, source: Uuid) -> Option<&Receipted> {
        self.receipts.iter().find(|receipt| receipt.source == source)
    }

    /// The valid amounts of receipts by the events that brought the money. A receipt of money that
    /// was in excess or in doubt before, and is kept now, counts with the event that brought it,
    /// the newest first: its own event brought nothing.
    #[must_use]
    pub fn receipted(&self) -> Vec<(Uuid, Vnd)> {
        let brought = self.receipts.iter().filter(|receipt| receipt.brought > Vnd::ZERO);
        let mut money: Vec<(Uuid, Vnd, Vnd)> = brought
            .map(|receipt| (receipt.source, receipt.left().min(receipt.brought), receipt.brought))
            .collect();
        let there = sum(self.receipts.iter().map(Receipted::left));
        let mut rest = there.saturating_sub(sum(money.iter().map(|(_, amount, _)| *amount)));
        for (_, amount, brought) in money.iter_mut().rev() {
            let part = rest.min(brought.0.saturating_sub(amount.0));
            amount.0 = amount.0.saturating_add(part);
            rest = rest.saturating_sub(part);
        }
        // Old logs do not tell what an event brought.
        if let Some(newest) = self.receipts.last().filter(|_| rest > 0) {
            money.push((newest.source, Vnd(rest), Vnd(rest)));
        }
        money.into_iter().map(|(source, amount, _)| (source, amount)).collect()
    }

    /// The certain part of the balance.
    fn sure(&self) -> i64 {
        self.net().0.saturating_sub(self.in_doubt().0).max(0)
    }

    /// The amount that may be receipted besides `others`: the certain money that the agency keeps,
    /// less their valid amounts.
    fn unreceipted<'a>(&self, others: impl Iterator<Item = &'a Receipted>) -> Vnd {
        let there = sum(others.map(Receipted::left));
        Vnd(self.sure().min(self.kept().0).saturating_sub(there).max(0))
    }

    /// Records that an event brought money; its amount must be applied already. If it resolves a
    /// discrepancy (`cleared`), the receipt may exceed `brought`, since money counted earlier was
    /// in doubt until now.
    pub(super) fn apply_money(
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

    /// Reduces the newest receipt if the same command recorded a doubt about its money.
    pub(super) fn apply_doubt_of_receipt(&mut self, meta: &Meta) {
        let Some((newest, others)) = self.receipts.split_last() else { return };
        if newest.command != meta.envelope.command {
            return;
        }
        let amount = self.unreceipted(others.iter()).min(newest.brought);
        if let Some(newest) = self.receipts.last_mut() {
            newest.amount = amount;
        }
    }

    /// The reductions of receipts that the present balance requires, newest receipt first.
    fn corrections(&self) -> Vec<ReceiptCorrected> {
        let there = sum(self.receipts.iter().map(Receipted::left));
        // Money on its way back keeps its receipt until it has gone.
        let sure = self.sure().saturating_add(self.on_its_way().0);
        let mut rest = there.saturating_sub(sure).max(0);
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

    /// Applies the reductions of receipts after a refund or a resolution, and returns them: as
    /// recorded in the event, or as the law requires if the event is older than that field.
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

    /// Records the number of a receipt. An older event does not name its source: the number then
    /// belongs to the oldest unnumbered money of the payment, and the receipt covers all that this
    /// brought. If the money is unknown, only the number is kept.
    pub(super) fn apply_number(&mut self, numbered: &ReceiptNumbered) {
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

    /// Whether the number of this receipt is recorded here.
    #[must_use]
    pub fn knows_number(&self, issued: &ReceiptIssued) -> bool {
        let number = (issued.symbol.clone(), issued.year, issued.number);
        self.receipts.iter().any(|receipt| receipt.number.as_ref() == Some(&number))
    }
}

#[cfg(test)]
mod tests;
