//! What payers do with an order, and what providers report about it.

use jiff::{SignedDuration, Timestamp};

use crate::books::{Books, Transaction};
use crate::chance::Chance;

/// Captures at most once for an order, and refuses a second payment.
pub(crate) const ONCE: &str = "sandbox-silent";
/// Takes every transfer, as a bank does: parts, other amounts, and the same again.
pub(crate) const PARTS: &str = "sandbox-partial";

/// A report of a provider on its way.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) provider: &'static str,
    pub(crate) event: String,
    pub(crate) transaction: Option<String>,
    pub(crate) reference: String,
    pub(crate) kind: &'static str,
    pub(crate) amount: i64,
    pub(crate) source: &'static str,
    /// The refund that it is about.
    pub(crate) refund: Option<String>,
    /// The dispute that it is about.
    pub(crate) dispute: Option<String>,
}

impl Report {
    pub(crate) fn of(paid: &Transaction, event: String, source: &'static str) -> Self {
        Self {
            provider: paid.provider,
            event,
            transaction: Some(paid.number.clone()),
            reference: paid.written.clone(),
            kind: "captured",
            amount: paid.amount,
            source,
            refund: None,
            dispute: None,
        }
    }
}

/// An attempt to pay, as the payer has it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) provider: &'static str,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    /// The part of the dossier, if the order is for several.
    pub(crate) part: Option<i64>,
}

/// What becomes of an order: reports, each with its time, and whether the payer tries again.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    pub(crate) reports: Vec<(Timestamp, Report)>,
    pub(crate) again_at: Option<Timestamp>,
}

pub(crate) fn after(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// What a payer may do, and how often of 200 times. More than half fail, as where every bank's page
/// is another one.
const DEEDS: [(Deed, i64); 10] = [
    (Deed::Pays, 48),
    (Deed::Fails, 118),
    (Deed::FailsAndPays, 5),
    (Deed::LeavesIt, 5),
    (Deed::PaysLate, 4),
    (Deed::PaysAnotherAmount, 6),
    (Deed::PaysTwice, 4),
    (Deed::PaysInParts, 4),
    (Deed::Mistypes, 4),
    (Deed::IsReportedWrongly, 2),
];

#[derive(Debug, Clone, Copy)]
enum Deed {
    Pays,
    Fails,
    /// The failure and the capture are reported in any order.
    FailsAndPays,
    LeavesIt,
    /// After the attempt was given up, and perhaps after the window.
    PaysLate,
    PaysAnotherAmount,
    PaysTwice,
    PaysInParts,
    Mistypes,
    /// A report has another amount than what was captured.
    IsReportedWrongly,
}

pub(crate) fn fate(chance: &mut Chance, books: &mut Books, order: &Order, now: Timestamp) -> Fate {
    let weights = DEEDS.map(|(_, weight)| weight);
    let (deed, _) = DEEDS[chance.weighed(&weights)];
    let at = after(now, chance.from(1, 25));
    let Order { provider, reference, amount, .. } = order;
    let own = (reference.as_str(), reference.as_str());
    let mut fate = Fate::default();
    // A provider that captures once takes the amount of the order, once.
    let takes_all = *provider == PARTS;
    match deed {
        Deed::Fails => {
            fate.reports.push((at, failed(order, chance)));
            fate.again_at = Some(after(at, chance.from(10, 3_000)));
        }
        Deed::FailsAndPays => {
            fate.reports.push((after(at, chance.from(0, 60)), failed(order, chance)));
            let paid = books.pay(provider, own, *amount, at);
            reported(chance, &paid, &mut fate);
        }
        Deed::LeavesIt => fate.again_at = Some(after(at, chance.from(600, 20_000))),
        Deed::PaysLate => {
            let late = after(at, chance.from(4_400, 25_000));
            let paid = books.pay(provider, own, *amount, late);
            reported(chance, &paid, &mut fate);
            if chance.of_100(50) {
                fate.again_at = Some(after(at, chance.from(40, 6_000)));
            }
        }
        Deed::PaysAnotherAmount if takes_all => {
            let other = match chance.weighed(&[4, 4, 1]) {
                0 => chance.from(1, *amount),
                1 => amount + chance.from(1, 100_000),
                _ => amount + chance.from(1_000_000, 3_000_000),
            };
            let paid = books.pay(provider, own, other, at);
            reported(chance, &paid, &mut fate);
            fate.again_at = (other < *amount).then(|| after(at, chance.from(2_000, 6_000)));
        }
        Deed::PaysTwice if takes_all => {
            for minutes in [0, chance.from(1, 3_000)] {
                let paid = books.pay(provider, own, *amount, after(at, minutes));
                reported(chance, &paid, &mut fate);
            }
        }
        Deed::PaysInParts if takes_all && *amount > 1 => {
            let first = chance.from(1, *amount);
            for (part, minutes) in [(first, 0), (amount - first, chance.from(1, 2_000))] {
                let paid = books.pay(provider, own, part, after(at, minutes));
                reported(chance, &paid, &mut fate);
            }
        }
        Deed::Mistypes => {
            let written = format!("{}?", &reference[..reference.len() - 2]);
            let paid = books.pay(provider, (reference, &written), *amount, at);
            reported(chance, &paid, &mut fate);
        }
        Deed::IsReportedWrongly => {
            let paid = books.pay(provider, own, *amount, at);
            let mut wrong = Report::of(&paid, format!("w-{}", paid.number), "notice");
            wrong.amount += chance.from(1, 50_000);
            fate.reports.push((after(at, chance.from(0, 90)), wrong));
            reported(chance, &paid, &mut fate);
        }
        Deed::Pays | Deed::PaysAnotherAmount | Deed::PaysTwice | Deed::PaysInParts => {
            let paid = books.pay(provider, own, *amount, at);
            reported(chance, &paid, &mut fate);
        }
    }
    fate
}

/// What a payer may do with an order for several dossiers, and how often of 100 times.
const ORDER_DEEDS: [(Deed, i64); 6] = [
    (Deed::Pays, 50),
    (Deed::Fails, 15),
    (Deed::FailsAndPays, 10),
    (Deed::LeavesIt, 5),
    (Deed::PaysLate, 10),
    (Deed::PaysAnotherAmount, 10),
];

/// What becomes of an order for several dossiers. Another amount than the sum is counted for nobody;
/// nobody comes for it.
pub(crate) fn fate_of_several(
    chance: &mut Chance,
    books: &mut Books,
    (order, parts): (&Order, &[(usize, i64)]),
    now: Timestamp,
) -> (Fate, bool) {
    let (deed, _) = ORDER_DEEDS[chance.weighed(&ORDER_DEEDS.map(|(_, weight)| weight))];
    let at = after(now, chance.from(1, 25));
    let Order { provider, reference, amount, .. } = order;
    let own = (reference.as_str(), reference.as_str());
    let (mut fate, mut at_paid, mut is_other) = (Fate::default(), Some(at), false);
    match deed {
        Deed::Fails => {
            fate.reports.push((at, failed(order, chance)));
            fate.again_at = Some(after(at, chance.from(60, 3_000)));
            at_paid = None;
        }
        Deed::LeavesIt => {
            fate.again_at = Some(after(at, chance.from(4_400, 9_000)));
            at_paid = None;
        }
        Deed::FailsAndPays => {
            fate.reports.push((after(at, chance.from(0, 60)), failed(order, chance)));
        }
        Deed::PaysLate => {
            at_paid = Some(after(at, chance.from(4_400, 20_000)));
            fate.again_at = chance.of_100(50).then(|| after(at, chance.from(4_400, 9_000)));
        }
        Deed::PaysAnotherAmount => is_other = *provider == PARTS,
        _ => {}
    }
    if let Some(at) = at_paid {
        let amount = if is_other { amount + chance.from(1, 50_000) } else { *amount };
        let paid = books.pay(provider, own, amount, at);
        if !is_other {
            books.divide(&paid.number, parts);
        }
        if is_other || *provider == PARTS {
            // A bank numbers every transfer, and nothing else tells two of them apart.
            fate.reports.push((at, Report::of(&paid, format!("e-{}", paid.number), "notice")));
        } else {
            reported(chance, &paid, &mut fate);
        }
    }
    (fate, is_other)
}

fn failed(order: &Order, chance: &mut Chance) -> Report {
    Report {
        provider: order.provider,
        event: format!("f-{}-{}", order.reference, chance.from(0, 3)),
        transaction: None,
        reference: order.reference.clone(),
        kind: "failed",
        amount: order.amount,
        source: "notice",
        refund: None,
        dispute: None,
    }
}

/// The reports of a payment: once, again under the same and under another name, days later, or not
/// at all. The file of the day has it in any case.
fn reported(chance: &mut Chance, paid: &Transaction, fate: &mut Fate) {
    let mut add =
        |minutes: i64, report: Report| fate.reports.push((after(paid.at, minutes), report));
    let name = format!("e-{}", paid.number);
    match chance.weighed(&[50, 15, 10, 10, 8, 7]) {
        0 => add(1, Report::of(paid, name, "notice")),
        1 => {
            for _ in 0..chance.from(2, 5) {
                add(chance.from(1, 4_000), Report::of(paid, name.clone(), "notice"));
            }
        }
        2 => {
            add(chance.from(1, 30), Report::of(paid, name, "notice"));
            add(chance.from(1, 30), Report::of(paid, format!("r-{}", paid.number), "return"));
        }
        3 => add(chance.from(60, 5_000), Report::of(paid, name, "notice")),
        4 => {
            let mut without_number = Report::of(paid, name, "notice");
            without_number.transaction = None;
            add(2, without_number);
        }
        _ => {}
    }
}
