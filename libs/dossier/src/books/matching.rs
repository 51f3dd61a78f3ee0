//! Compares the lines of statements about one payment with what is recorded of it. Every line and
//! every movement is matched, or has a difference; none is matched twice. The outcome does not
//! depend on the order in which they came.

use super::Difference;
use crate::contract::LineKind;

/// A line of a statement about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The bank's or provider's name of the line, unique within the account.
    pub event: String,
    pub kind: LineKind,
    /// In đồng, positive.
    pub amount: i64,
    pub transaction: Option<String>,
}

/// How recorded money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moved {
    Captured,
    /// The total of an attempt was corrected.
    Corrected,
    Refunded,
    /// It was taken back without the agency.
    Reversed,
}

/// A recorded movement of money of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The event that recorded it.
    pub id: String,
    pub moved: Moved,
    /// In đồng. A correction may be negative; a reversal and what undoes a refund are.
    pub amount: i64,
    pub transaction: Option<String>,
    /// The provider's name of the report that brought it.
    pub event: Option<String>,
}

/// What became of a line or a movement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The place of its counterpart; `None` if it has none, or is matched as a part of a sum.
    pub with: Option<usize>,
    /// `None` if it is matched.
    pub difference: Option<Difference>,
}

/// The outcomes, in the order of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub lines: Vec<Outcome>,
    pub movements: Vec<Outcome>,
}

/// A line or a movement that has no outcome yet.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    place: usize,
    /// Signed: what undoes another is negative.
    amount: i64,
    /// Whether it can only be understood together with others.
    is_change: bool,
    numbers: [Option<&'a str>; 2],
}

impl Side<'_> {
    fn has_number_of(&self, other: &Self) -> bool {
        self.numbers.iter().flatten().any(|number| other.numbers.contains(&Some(number)))
    }
}

/// Compares what statements and records say about one payment.
#[must_use]
pub fn compare(lines: &[Reported], movements: &[Movement]) -> Compared {
    let mut compared = Compared {
        lines: vec![Outcome::default(); lines.len()],
        movements: vec![Outcome::default(); movements.len()],
    };
    for of_refunds in [false, true] {
        let mut stated: Vec<Side<'_>> = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            let (is_refund, undoes) = match line.kind {
                LineKind::Received => (false, false),
                LineKind::Reversed => (false, true),
                LineKind::Refunded => (true, false),
                LineKind::CameBack => (true, true),
                // They are about no payment.
                LineKind::PaidOut | LineKind::PaidIn | LineKind::Charge => continue,
            };
            if is_refund == of_refunds {
                let amount = if undoes { line.amount.saturating_neg() } else { line.amount };
                let numbers = [Some(&*line.event), line.transaction.as_deref()];
                stated.push(Side { place, amount, is_change: undoes, numbers });
            }
        }
        let mut recorded: Vec<Side<'_>> = Vec::new();
        for (place, movement) in movements.iter().enumerate() {
            if (movement.moved == Moved::Refunded) == of_refunds {
                let numbers = [movement.event.as_deref(), movement.transaction.as_deref()];
                let is_change = movement.moved == Moved::Corrected || movement.amount < 0;
                recorded.push(Side { place, amount: movement.amount, is_change, numbers });
            }
        }
        stated.sort_by(|one, other| event(lines, one).cmp(event(lines, other)));
        recorded.sort_by(|one, other| id(movements, one).cmp(id(movements, other)));
        pair(&mut compared, stated, recorded, (lines, of_refunds));
    }
    compared
}

fn event<'a>(lines: &'a [Reported], side: &Side<'_>) -> &'a str {
    lines.get(side.place).map_or("", |line| &line.event)
}

fn id<'a>(movements: &'a [Movement], side: &Side<'_>) -> &'a str {
    movements.get(side.place).map_or("", |movement| &movement.id)
}

fn sum(sides: &[Side<'_>]) -> i64 {
    sides.iter().fold(0, |sum, side| sum.saturating_add(side.amount))
}

/// Pairs the sides: first by number and amount, then by their sum if one was corrected or came in
/// parts, then by number alone, by amount alone, and what remains in its order.
fn pair(
    compared: &mut Compared,
    mut stated: Vec<Side<'_>>,
    mut recorded: Vec<Side<'_>>,
    (lines, of_refunds): (&[Reported], bool),
) {
    let same = |one: &Side<'_>, other: &Side<'_>| one.amount == other.amount;
    let named = |one: &Side<'_>, other: &Side<'_>| one.has_number_of(other);
    take(compared, &mut stated, &mut recorded, None, |one, other| {
        same(one, other) && named(one, other)
    });
    let in_parts =
        stated.len() != recorded.len() || stated.iter().chain(&recorded).any(|side| side.is_change);
    let both = !stated.is_empty() && !recorded.is_empty();
    // A recorded refund that did not take place is undone by another record; no line has either.
    let undone = of_refunds && stated.is_empty() && !recorded.is_empty();
    if (both || undone) && in_parts && sum(&stated) == sum(&recorded) {
        return;
    }
    let differs = Some(Difference::AmountDiffers);
    let whole = |one: &Side<'_>, other: &Side<'_>| !one.is_change && !other.is_change;
    take(compared, &mut stated, &mut recorded, differs, |one, other| {
        whole(one, other) && named(one, other)
    });
    take(compared, &mut stated, &mut recorded, None, same);
    take(compared, &mut stated, &mut recorded, differs, whole);
    for side in stated {
        let kind = lines.get(side.place).map(|line| line.kind);
        let difference = match kind {
            Some(LineKind::Reversed) => Difference::Reversed,
            Some(LineKind::CameBack) => Difference::CameBack,
            Some(LineKind::Refunded) => Difference::RefundNotRecorded,
            _ => Difference::MissingHere,
        };
        set(&mut compared.lines, side.place, None, Some(difference));
    }
    let missing = if of_refunds { Difference::RefundNotSeen } else { Difference::MissingThere };
    for side in recorded {
        set(&mut compared.movements, side.place, None, Some(missing));
    }
}

fn set(
    outcomes: &mut [Outcome],
    place: usize,
    with: Option<usize>,
    difference: Option<Difference>,
) {
    if let Some(outcome) = outcomes.get_mut(place) {
        *outcome = Outcome { with, difference };
    }
}

/// Takes the pairs that fit out of both lists.
fn take(
    compared: &mut Compared,
    stated: &mut Vec<Side<'_>>,
    recorded: &mut Vec<Side<'_>>,
    difference: Option<Difference>,
    fits: impl Fn(&Side<'_>, &Side<'_>) -> bool,
) {
    stated.retain(|line| {
        let Some(at) = recorded.iter().position(|movement| fits(line, movement)) else {
            return true;
        };
        let movement = recorded.remove(at);
        set(&mut compared.lines, line.place, Some(movement.place), difference);
        set(&mut compared.movements, movement.place, Some(line.place), difference);
        false
    });
}

/// The amount that a payout must have: the sum of its lines, net of charges. In đồng.
#[must_use]
pub fn payout(lines: impl Iterator<Item = (LineKind, i64, i64)>) -> i64 {
    lines.fold(0, |sum, (kind, amount, fee)| {
        let signed = match kind {
            LineKind::Received | LineKind::CameBack => amount,
            LineKind::Refunded | LineKind::Reversed | LineKind::Charge => amount.saturating_neg(),
            LineKind::PaidOut | LineKind::PaidIn => 0,
        };
        sum.saturating_add(signed).saturating_sub(fee)
    })
}

/// What arrived of payouts with one number, each with the payout that it is: providers number
/// their payouts by themselves, so that two may have the same number. First by amount, then what
/// remains in its order. In đồng; `None` if nothing was paid out for it.
#[must_use]
pub fn arrivals(sent: &[i64], arrived: &[i64]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = (0..sent.len()).collect();
    let mut with = vec![None; arrived.len()];
    for by_amount in [true, false] {
        for (place, amount) in arrived.iter().enumerate() {
            let free = with.get(place).is_some_and(Option::is_none);
            let fits = |one: &usize| !by_amount || sent.get(*one) == Some(amount);
            let found = open.iter().position(fits).filter(|_| free);
            if let (Some(found), Some(with)) = (found, with.get_mut(place)) {
                *with = Some(open.remove(found));
            }
        }
    }
    with
}

#[cfg(test)]
mod tests;
