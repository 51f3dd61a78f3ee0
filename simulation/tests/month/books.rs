//! What the providers know. Nothing here is read from Dossier: an order is a reference and an
//! amount that a payer brought, and money moves when payers pay and refunds are made.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Money that a provider has captured.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) provider: &'static str,
    pub(crate) number: String,
    /// The order for which the payer paid.
    pub(crate) order: String,
    /// The reference as the provider has it; a payer may have mistyped it.
    pub(crate) written: String,
    pub(crate) amount: i64,
    pub(crate) at: Timestamp,
    pub(crate) refunded: i64,
    /// What the provider has taken back.
    pub(crate) reversed: i64,
    /// If it paid several dossiers: what is left of the part of each, by the place of its case.
    parts: BTreeMap<usize, i64>,
    /// What the provider has taken back of each part.
    taken: BTreeMap<usize, i64>,
}

impl Transaction {
    /// What is left of it.
    pub(crate) const fn left(&self) -> i64 {
        self.amount - self.refunded - self.reversed
    }

    /// Whether it paid several dossiers.
    pub(crate) fn is_shared(&self) -> bool {
        !self.parts.is_empty()
    }

    /// The cases that it paid, if it paid several.
    pub(crate) fn cases(&self) -> impl Iterator<Item = usize> {
        self.parts.keys().copied()
    }

    /// What the provider has taken back of the money of a case.
    pub(crate) fn reversed_for(&self, case: usize) -> i64 {
        if self.is_shared() { self.taken.get(&case).copied().unwrap_or(0) } else { self.reversed }
    }

    /// What can go back to a case.
    pub(crate) fn left_for(&self, case: usize) -> i64 {
        let whole = if self.parts.is_empty() { self.left() } else { 0 };
        self.parts.get(&case).copied().unwrap_or(whole)
    }
}

/// The books of all providers.
#[derive(Debug, Default)]
pub(crate) struct Books {
    transactions: Vec<Transaction>,
    by_order: BTreeMap<String, Vec<usize>>,
}

impl Books {
    pub(crate) fn pay(
        &mut self,
        provider: &'static str,
        (order, written): (&str, &str),
        amount: i64,
        at: Timestamp,
    ) -> Transaction {
        let place = self.transactions.len();
        let transaction = Transaction {
            provider,
            number: format!("{}", 14_000_000 + place),
            order: order.to_owned(),
            written: written.to_owned(),
            amount,
            at,
            refunded: 0,
            reversed: 0,
            parts: BTreeMap::new(),
            taken: BTreeMap::new(),
        };
        self.by_order.entry(order.to_owned()).or_default().push(place);
        self.transactions.push(transaction.clone());
        transaction
    }

    /// A payment for several cases, with the part of each.
    pub(crate) fn divide(&mut self, number: &str, parts: &[(usize, i64)]) {
        let one = self.transactions.iter_mut().rfind(|one| one.number == number);
        if let Some(one) = one {
            assert_eq!(one.amount, parts.iter().map(|(_, part)| part).sum::<i64>());
            one.parts = parts.iter().copied().collect();
        }
    }

    pub(crate) fn all(&self) -> &[Transaction] {
        &self.transactions
    }

    pub(crate) fn of(&self, order: &str) -> impl Iterator<Item = &Transaction> {
        let places = self.by_order.get(order).into_iter().flatten();
        places.map(|place| &self.transactions[*place])
    }

    /// Takes back what is left of the payment with this number.
    pub(crate) fn reverse(&mut self, number: &str) -> i64 {
        let mut all = self.transactions.iter_mut();
        let one = all.find(|one| one.number == number).unwrap();
        let left = one.left();
        one.reversed += left;
        for (case, part) in &mut one.parts {
            *one.taken.entry(*case).or_default() += std::mem::take(part);
        }
        left
    }

    /// All that was paid for an order until then.
    pub(crate) fn captured(&self, order: &str, until: Timestamp) -> i64 {
        self.of(order).filter(|one| one.at <= until).map(|one| one.amount).sum()
    }

    /// Returns money of these orders of a case that has come, of the newest payments first; the part
    /// for which there was none left.
    pub(crate) fn refund(
        &mut self,
        (case, orders): (usize, &[String]),
        amount: i64,
        now: Timestamp,
    ) -> i64 {
        let mut places: Vec<usize> =
            orders.iter().filter_map(|order| self.by_order.get(order)).flatten().copied().collect();
        places.sort_unstable();
        let mut left = amount;
        for place in places.into_iter().rev() {
            let one = &mut self.transactions[place];
            if one.at > now {
                continue;
            }
            let part = left.min(one.left_for(case));
            one.refunded += part;
            one.parts.entry(case).and_modify(|left| *left -= part);
            left -= part;
        }
        left
    }
}
