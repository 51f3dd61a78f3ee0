//! Changes of the view's rows. Whenever a line, an attempt or a movement comes, the payments that
//! it may concern are compared anew as a whole, so that the order in which they come does not
//! matter.

use std::collections::BTreeSet;

use dossier::books::Difference;
use dossier::books::matching::{Moved, Movement, Outcome, Reported, arrivals, compare, payout};
use dossier::contract::LineKind;
use rusqlite::{Connection, OptionalExtension, params};

/// An account of an agency.
pub(super) type Account = (String, String);

/// The attempt that a line is about.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    event: &'a str,
    number: Option<&'a str>,
    reference: Option<&'a str>,
}

/// Finds the attempts of lines anew that may be about another one now, and compares all payments
/// concerned, and `payment`.
pub(super) fn relate(
    tables: &Connection,
    account: &Account,
    payment: Option<&str>,
    numbers: &[Option<&str>],
) -> rusqlite::Result<()> {
    let mut concerned: BTreeSet<String> = payment.map(str::to_owned).into_iter().collect();
    for number in numbers.iter().flatten() {
        for event in lines_with(tables, account, number)? {
            concerned.extend(place(tables, account, &event)?);
        }
    }
    concerned.iter().try_for_each(|payment| judge(tables, account, payment))
}

/// The lines of an account that have this text as name, number or reference.
fn lines_with(
    tables: &Connection,
    (agency, account): &Account,
    text: &str,
) -> rusqlite::Result<Vec<String>> {
    tables
        .prepare_cached(
            "SELECT event FROM lines WHERE agency = ?1 AND account = ?2 AND event = ?3
             UNION SELECT event FROM lines WHERE agency = ?1 AND account = ?2 AND number = ?3
             UNION SELECT event FROM lines WHERE agency = ?1 AND account = ?2 AND reference = ?3",
        )?
        .query_map(params![agency, account, text], |row| row.get(0))?
        .collect()
}

/// Sets the attempt of a line. Returns the attempts that it had and has.
pub(super) fn place(
    tables: &Connection,
    account: &Account,
    event: &str,
) -> rusqlite::Result<Vec<String>> {
    let (agency, name) = account;
    let line = tables
        .prepare_cached(
            "SELECT number, reference, payment, kind FROM lines
             WHERE agency = ?1 AND account = ?2 AND event = ?3",
        )?
        .query_row(params![agency, name, event], |row| {
            let (number, reference) = (row.get(0)?, row.get(1)?);
            let (payment, kind): (Option<String>, String) = (row.get(2)?, row.get(3)?);
            Ok::<(Option<String>, Option<String>, _, _), _>((number, reference, payment, kind))
        })
        .optional()?;
    let Some((number, reference, before, kind)) = line else { return Ok(Vec::new()) };
    if kind_of(&kind).is_none_or(|kind| !is_of_payment(kind)) {
        return Ok(Vec::new());
    }
    let names = Names { event, number: number.as_deref(), reference: reference.as_deref() };
    let now = attempt(tables, account, names)?;
    if now.is_none() {
        let unknown = Difference::Unknown.as_str();
        tables
            .prepare_cached(
                "UPDATE lines SET payment = NULL, dossier = NULL, code = NULL, applicant = '',
                   acted = '[]', other = NULL, difference = ?4
                 WHERE agency = ?1 AND account = ?2 AND event = ?3",
            )?
            .execute(params![agency, name, event, unknown])?;
    } else if now != before {
        tables
            .prepare_cached(
                "UPDATE lines SET payment = ?4,
                   dossier = (SELECT dossier FROM attempts WHERE payment = ?4),
                   code = (SELECT code FROM attempts WHERE payment = ?4),
                   applicant = coalesce((SELECT applicant FROM attempts WHERE payment = ?4), ''),
                   acted = coalesce((SELECT acted FROM attempts WHERE payment = ?4), '[]')
                 WHERE agency = ?1 AND account = ?2 AND event = ?3",
            )?
            .execute(params![agency, name, event, now])?;
    }
    Ok(before.into_iter().chain(now).collect())
}

/// The attempt of a line: by the number or name of a recorded movement, else by our reference. The
/// provider's own number comes first, because payers may mistype references.
fn attempt(
    tables: &Connection,
    (agency, account): &Account,
    Names { event, number, reference }: Names<'_>,
) -> rusqlite::Result<Option<String>> {
    let by_movement = |column: &str, value: &str| {
        tables
            .prepare_cached(&format!(
                "SELECT payment FROM movements WHERE agency = ?1 AND account = ?2 AND {column} = ?3
                 ORDER BY position LIMIT 1"
            ))?
            .query_row(params![agency, account, value], |row| row.get(0))
            .optional()
    };
    let mut found = match number {
        Some(number) => by_movement("number", number)?,
        None => None,
    };
    if found.is_none() {
        found = by_movement("event", event)?;
    }
    for name in [number, Some(event)].into_iter().flatten() {
        if found.is_none() {
            found = by_name(tables, (agency.as_str(), account.as_str()), name)?;
        }
    }
    let Some(reference) = reference.filter(|_| found.is_none()) else { return Ok(found) };
    tables
        .prepare_cached(
            "SELECT payment FROM attempts
             WHERE (reference = ?3 OR short = ?3) AND agency = ?1 AND account = ?2
             ORDER BY position LIMIT 1",
        )?
        .query_row(params![agency, account, reference], |row| row.get(0))
        .optional()
}

/// The attempt of which the money has this other name.
fn by_name(
    tables: &Connection,
    (agency, account): (&str, &str),
    name: &str,
) -> rusqlite::Result<Option<String>> {
    tables
        .prepare_cached(
            "SELECT payment FROM names WHERE agency = ?1 AND account = ?2 AND name = ?3",
        )?
        .query_row(params![agency, account, name], |row| row.get(0))
        .optional()
}

/// Compares the lines about an attempt with its movements, and notes the differences.
fn judge(tables: &Connection, (agency, account): &Account, payment: &str) -> rusqlite::Result<()> {
    let lines: Vec<Reported> = tables
        .prepare_cached(
            "SELECT event, kind, amount, number FROM lines
             WHERE payment = ?3 AND agency = ?1 AND account = ?2",
        )?
        .query_map(params![agency, account, payment], |row| {
            let kind: String = row.get(1)?;
            Ok(Reported {
                event: row.get(0)?,
                kind: kind_of(&kind).unwrap_or(LineKind::Charge),
                amount: row.get(2)?,
                transaction: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let movements: Vec<Movement> = tables
        .prepare_cached(
            "SELECT id, moved, amount, number, event FROM movements
             WHERE payment = ?3 AND agency = ?1 AND account = ?2",
        )?
        .query_map(params![agency, account, payment], |row| {
            let moved: String = row.get(1)?;
            let moved = match &*moved {
                "refund" => Moved::Refunded,
                "correction" => Moved::Corrected,
                "reversal" => Moved::Reversed,
                _ => Moved::Captured,
            };
            let (id, amount) = (row.get(0)?, row.get(2)?);
            Ok(Movement { id, moved, amount, transaction: row.get(3)?, event: row.get(4)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let compared = compare(&lines, &movements);
    let other = |outcome: &Outcome, amounts: &[i64]| {
        outcome.with.and_then(|place| amounts.get(place).copied())
    };
    let stated: Vec<i64> = lines.iter().map(|line| line.amount).collect();
    let recorded: Vec<i64> = movements.iter().map(|movement| movement.amount).collect();
    let mut set_line = tables.prepare_cached(
        "UPDATE lines SET difference = ?4, other = ?5
         WHERE agency = ?1 AND account = ?2 AND event = ?3",
    )?;
    for (line, outcome) in lines.iter().zip(&compared.lines) {
        let difference = outcome.difference.map(Difference::as_str);
        let other = other(outcome, &recorded);
        set_line.execute(params![agency, account, line.event, difference, other])?;
    }
    let mut set_movement =
        tables.prepare_cached("UPDATE movements SET difference = ?2, other = ?3 WHERE id = ?1")?;
    for (movement, outcome) in movements.iter().zip(&compared.movements) {
        // An amount that differs is listed once, with the line of the statement.
        let is_listed = |difference: &Difference| *difference != Difference::AmountDiffers;
        let difference = outcome.difference.filter(is_listed).map(Difference::as_str);
        set_movement.execute(params![movement.id, difference, other(outcome, &stated)])?;
    }
    Ok(())
}

/// Compares a payout with its lines, and with the statement of the bank on whose account it
/// arrived.
pub(super) fn judge_payout(
    tables: &Connection,
    agency: &str,
    number: &str,
) -> rusqlite::Result<()> {
    struct Row {
        account: Account,
        event: String,
        kind: LineKind,
        amount: i64,
        fee: i64,
    }
    let rows: Vec<Row> = tables
        .prepare_cached(
            "SELECT agency, account, event, kind, amount, fee FROM lines
             WHERE payout = ?1 AND agency = ?2 ORDER BY account, event",
        )?
        .query_map([number, agency], |row| {
            let kind: String = row.get(3)?;
            Ok(Row {
                account: (row.get(0)?, row.get(1)?),
                event: row.get(2)?,
                kind: kind_of(&kind).unwrap_or(LineKind::Charge),
                amount: row.get(4)?,
                fee: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut set = tables.prepare_cached(
        "UPDATE lines SET difference = ?4, other = ?5
         WHERE agency = ?1 AND account = ?2 AND event = ?3",
    )?;
    let of_kind = |kind: LineKind| rows.iter().filter(move |row| row.kind == kind);
    let amounts = |kind: LineKind| -> Vec<i64> { of_kind(kind).map(|row| row.amount).collect() };
    let sent = amounts(LineKind::PaidOut);
    let with = arrivals(&sent, &amounts(LineKind::PaidIn));
    let out = of_kind(LineKind::PaidOut).map(|row| {
        let of_account = rows.iter().filter(|one| one.account == row.account);
        let net = payout(of_account.map(|one| (one.kind, one.amount, one.fee)));
        (row, Some(Difference::PayoutDiffers).filter(|_| net != row.amount), net)
    });
    let came = of_kind(LineKind::PaidIn).zip(&with).map(|(row, with)| {
        let sent = with.and_then(|place| sent.get(place).copied());
        let difference = match sent {
            Some(sent) if sent == row.amount => None,
            Some(_) => Some(Difference::AmountDiffers),
            None => Some(Difference::Unknown),
        };
        (row, difference, sent.unwrap_or(0))
    });
    for (row, difference, other) in out.chain(came) {
        let (agency, account) = &row.account;
        set.execute(params![
            agency,
            account,
            row.event,
            difference.map(Difference::as_str),
            other
        ])?;
    }
    Ok(())
}

/// The kind with this name.
pub(super) fn kind_of(name: &str) -> Option<LineKind> {
    use LineKind::{CameBack, Charge, PaidIn, PaidOut, Received, Refunded, Reversed};
    let all = [Received, Refunded, Reversed, CameBack, PaidOut, PaidIn, Charge];
    all.into_iter().find(|kind| kind.as_str() == name)
}

/// Whether such a line is about the payment of a dossier.
const fn is_of_payment(kind: LineKind) -> bool {
    !matches!(kind, LineKind::PaidOut | LineKind::PaidIn | LineKind::Charge)
}
