//! Writes changes into the view.

use std::collections::BTreeSet;

use dossier::books::BookId;
use dossier::contract::{AgencyCode, StatementLine};
use dossier::law::TILL;
use partners::Reference;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Change, Movement, Sums, Whose};
use crate::books::rows::{Account, judge_payout, place, relate};
use crate::books::till;

impl Change {
    pub(in crate::books) fn write(&self, tables: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Attempt { whose, payment, account, reference, short, ordered } => {
                let (agency, name) = account;
                let Whose { position, dossier, code, applicant, acted } = whose;
                tables
                    .prepare_cached(
                        "INSERT OR IGNORE INTO attempts
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    )?
                    .execute(params![
                        payment, position, agency, name, dossier, code, applicant, acted,
                        reference, short, ordered
                    ])?;
                let references = [Some(reference.as_str()), Some(short.as_str())];
                relate(tables, account, Some(payment.as_str()), &references)
            }
            Self::Movement(movement) => movement.write(tables),
            Self::Names { account, payment, names, by_hand } => {
                write_names(tables, account, payment, (names, *by_hand))
            }
            Self::Sums(sums) => sums.write(tables),
            Self::Receipts(receipts) => {
                let mut set =
                    tables.prepare_cached("UPDATE movements SET receipted = ?2 WHERE id = ?1")?;
                receipts
                    .iter()
                    .try_for_each(|(source, left)| set.execute(params![source, left]).map(drop))
            }
            Self::Lines { book, lines } => write_lines(tables, book, lines),
            Self::Accepted { account: (agency, account), keys } => {
                let mut insert =
                    tables.prepare_cached("INSERT OR IGNORE INTO accepted VALUES (?1, ?2, ?3)")?;
                keys.iter()
                    .try_for_each(|key| insert.execute(params![agency, account, key]).map(drop))
            }
            Self::Stage { book, stage, closed } => {
                set_stage(tables, book, stage)?;
                let is_late = closed.filter(|_| book.is_till());
                is_late.map_or(Ok(()), |closed| till::move_on(tables, book, closed))
            }
        }
    }
}

fn set_stage(tables: &Connection, book: &BookId, stage: &str) -> rusqlite::Result<()> {
    let BookId { day, agency, account } = book;
    let id = book.to_string();
    tables
        .prepare_cached(
            "INSERT INTO books VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET stage = excluded.stage",
        )?
        .execute(params![id, agency.as_str(), account, day.to_string(), stage])
        .map(drop)
}

fn write_names(
    tables: &Connection,
    account: &Account,
    payment: &str,
    (names, by_hand): (&[String], bool),
) -> rusqlite::Result<()> {
    let mut insert = tables.prepare_cached(
        "INSERT INTO names VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET by_hand = max(by_hand, excluded.by_hand)",
    )?;
    let (agency, name) = account;
    for one in names {
        insert.execute(params![agency, name, one, payment, by_hand])?;
    }
    let names: Vec<Option<&str>> = names.iter().map(|one| Some(&**one)).collect();
    relate(tables, account, Some(payment), &names)
}

impl Sums {
    fn write(&self, tables: &Connection) -> rusqlite::Result<()> {
        let Self { dossier, total, settled_at, received, refunded, receipted, owed_back } = self;
        tables
            .prepare_cached("INSERT OR REPLACE INTO dossiers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![dossier, total, settled_at, received, refunded, receipted, owed_back])
            .map(drop)
    }
}

impl Movement {
    fn write(&self, tables: &Connection) -> rusqlite::Result<()> {
        let Whose { position, dossier, code, applicant, acted } = &self.whose;
        let of = match &self.of {
            Some(of) => Some(of.clone()),
            None => newest_of(tables, dossier, *position)?,
        };
        // Money whose attempt is unknown cannot be compared; old logs only.
        let Some((account, payment)) = of else { return Ok(()) };
        let (agency, name) = &account;
        let day = if name == TILL { till::open_day(tables, agency, &self.day)? } else { None };
        let day = day.as_deref().unwrap_or(&self.day);
        tables
            .prepare_cached(
                "INSERT OR IGNORE INTO movements
                   (id, position, agency, account, day, payment, dossier, code, applicant, acted,
                    moved, amount, number, event, at, due_at, paid_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?
            .execute(params![
                self.id,
                position,
                agency,
                name,
                day,
                payment,
                dossier,
                code,
                applicant,
                acted,
                self.moved,
                self.amount,
                self.number,
                self.event,
                self.at,
                self.due_at,
                self.paid_at,
            ])?;
        let names = [self.number.as_deref(), self.event.as_deref()];
        relate(tables, &account, Some(payment.as_str()), &names)
    }
}

/// The account and the attempt of the newest money that a dossier brought before a position.
fn newest_of(
    tables: &Connection,
    dossier: &str,
    before: i64,
) -> rusqlite::Result<Option<(Account, String)>> {
    tables
        .prepare_cached(
            "SELECT agency, account, payment FROM movements
             WHERE dossier = ?1 AND position < ?2 AND moved NOT IN ('refund', 'reversal')
             ORDER BY position DESC LIMIT 1",
        )?
        .query_row(params![dossier, before], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
        .optional()
}

fn write_lines(
    tables: &Connection,
    book: &BookId,
    lines: &[(StatementLine, i64)],
) -> rusqlite::Result<()> {
    let BookId { day, agency, account } = book;
    let (of, day) = ((agency.to_string(), account.clone()), day.to_string());
    if !lines.is_empty() {
        begin(tables, book, &day)?;
    }
    let mut insert = tables.prepare_cached(
        "INSERT OR IGNORE INTO lines
           (agency, account, event, day, kind, amount, fee, reference, number, payout, at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for (line, due_at) in lines {
        // Payers write it in lower case or with spaces.
        let reference = line.reference.as_deref().map(|text| {
            Reference::parse(text).map_or_else(|| text.to_owned(), |found| found.to_string())
        });
        insert.execute(params![
            of.0,
            of.1,
            line.event,
            day,
            line.kind.as_str(),
            line.amount.0,
            line.fee.0,
            reference,
            line.transaction,
            line.payout,
            line.booked_at.as_millisecond(),
            due_at,
        ])?;
        // A line of a correction in a till is cash of no dossier.
        let concerned = if book.is_till() { Vec::new() } else { place(tables, &of, &line.event)? };
        concerned
            .iter()
            .try_for_each(|payment| relate(tables, &of, Some(payment.as_str()), &[]))?;
    }
    let payouts = lines.iter().filter(|_| !book.is_till());
    let payouts: BTreeSet<&String> = payouts.filter_map(|(line, _)| line.payout.as_ref()).collect();
    payouts.into_iter().try_for_each(|payout| judge_payout(tables, book.agency.as_str(), payout))
}

/// From the day of its first statement on, what is recorded on an account is compared with them.
fn begin(tables: &Connection, book: &BookId, day: &str) -> rusqlite::Result<()> {
    let (agency, account) = (AgencyCode::as_str(&book.agency), &book.account);
    // A till has no statements: its cash is counted.
    if !book.is_till() {
        tables
            .prepare_cached(
                "INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                 SET first_day = min(first_day, excluded.first_day)",
            )?
            .execute(params![agency, account, day])?;
    }
    tables
        .prepare_cached("INSERT OR IGNORE INTO books VALUES (?1, ?2, ?3, ?4, 'open')")?
        .execute(params![book.to_string(), agency, account, day])
        .map(drop)
}
