//! Money that may be one transfer under two names: a partner has reported it in one way, and a
//! statement in another. What cannot be decided is asked of a cashier, and is never counted twice
//! before.

use dossier::books::Transfer;
use dossier::books::limits::SAME_TRANSFER_WITHIN;
use dossier::contract::Vnd;
use engine::Engine;
use engine::tasks::Progress;
use engine::view::{Question, View, ViewError};
use events::Filter;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use web::Problem;

use super::rows::Account;

/// Transfers that are compared with one; of more, the oldest.
const TWINS_MAX: usize = 20;
/// Events that are looked through to find out whether the view has all that matter.
const TAIL_MAX: usize = 1_000;

/// Money that is counted for an attempt, or is on the list of unmatched notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Twin {
    /// The partner's or bank's name of it.
    pub(crate) event: String,
    pub(crate) number: Option<String>,
    pub(crate) amount: i64,
    /// Unix time in milliseconds.
    pub(crate) at: i64,
}

impl Twin {
    pub(crate) fn transfer(&self) -> Option<Transfer<'_>> {
        let at = Timestamp::from_millisecond(self.at).ok()?;
        let number = self.number.as_deref();
        Some(Transfer { event: &self.event, number, amount: Vnd(self.amount), at })
    }

    /// Whether it may be the same money as `transfer`.
    pub(crate) fn may_be(&self, transfer: &Transfer<'_>) -> bool {
        self.transfer().is_some_and(|own| own.may_be(transfer))
    }
}

/// Waits until a view has all events about money and statements.
pub(crate) async fn catch_up(engine: &Engine, shown: &Progress) -> Result<(), Problem> {
    let after = shown.now();
    let filter = Filter { kinds: vec!["payment.".into(), "books.".into()] };
    let page = engine.store.read_all(after, &filter, TAIL_MAX).await?;
    let lags = page.through < engine.store.head();
    // Which dossier a notice is assigned to is read from the log, and is in no view.
    let is_shown = |kind: &str| !kind.starts_with("payment.NoticeAssigned.");
    let newest = page.events.iter().rfind(|event| is_shown(&event.kind));
    let newest = newest.map(|event| event.position);
    let upto = if lags { Some(page.through) } else { newest };
    match upto {
        Some(position) if !shown.reach(position).await => Err(Problem::not_yet_consistent()),
        Some(_) | None => Ok(()),
    }
}

/// The account of an attempt; `None` if the view has no such attempt.
pub(crate) fn account_of(tables: &Connection, payment: &str) -> rusqlite::Result<Option<Account>> {
    tables
        .prepare_cached("SELECT agency, account FROM attempts WHERE payment = ?1")?
        .query_row([payment], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether a statement of the account has a line with this name.
pub(crate) fn is_line(
    tables: &Connection,
    (agency, account): &Account,
    event: &str,
) -> rusqlite::Result<bool> {
    tables
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM lines WHERE agency = ?1 AND account = ?2 AND event = ?3)",
        )?
        .query_row(params![agency, account, event], |row| row.get(0))
}

/// Which of the counted money is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// By reports of the partner only: no line is about it.
    Reported,
    /// As [`Known::Reported`], and a person has matched it with its attempt.
    Matched,
    /// By a line of a statement only.
    Stated,
}

impl Known {
    const fn condition(self) -> &'static str {
        match self {
            Self::Reported => "difference = 'missing_there'",
            Self::Matched => {
                "difference = 'missing_there' AND EXISTS (
                   SELECT 1 FROM names WHERE names.agency = movements.agency
                     AND names.account = movements.account AND names.name = movements.event
                     AND by_hand = 1)"
            }
            Self::Stated => {
                "EXISTS (SELECT 1 FROM lines WHERE lines.agency = movements.agency
                   AND lines.account = movements.account AND lines.event = movements.event)"
            }
        }
    }
}

/// Money of an account that is counted for other attempts than `payment`, and may be `transfer`.
/// The parts of a payment order are one transfer.
pub(crate) fn counted(
    tables: &Connection,
    (agency, account): &Account,
    (known, payment): (Known, &str),
    transfer: &Transfer<'_>,
) -> rusqlite::Result<Vec<Twin>> {
    let which = format!(
        "movements.agency = ?1 AND movements.account = ?2 AND moved = 'capture'
         AND movements.payment <> ?4 AND event IS NOT NULL
         AND (paid_at BETWEEN ?5 AND ?6 OR number = ?7 OR number = ?8 OR event = ?8) AND {}",
        known.condition()
    );
    let alone = format!(
        "SELECT event, number, amount, paid_at FROM movements
         WHERE amount = ?3 AND {which} AND NOT EXISTS (
           SELECT 1 FROM attempts
           WHERE attempts.payment = movements.payment AND ordered IS NOT NULL)
         ORDER BY paid_at, event LIMIT {TWINS_MAX}"
    );
    let in_parts = format!(
        "SELECT event, max(number), sum(amount), min(paid_at) FROM attempts
         JOIN movements ON movements.payment = attempts.payment
         WHERE ordered = ?3 AND {which}
         GROUP BY movements.payment, event HAVING sum(amount) = ?3
         ORDER BY min(paid_at), event LIMIT {TWINS_MAX}"
    );
    let (from, to) = around(transfer.at);
    let values = params![
        agency,
        account,
        transfer.amount.0,
        payment,
        from,
        to,
        transfer.event,
        transfer.number
    ];
    let mut twins = rows(tables, &alone, values)?;
    twins.extend(rows(tables, &in_parts, values)?);
    twins.retain(|twin| twin.may_be(transfer));
    Ok(twins)
}

/// Lines about money that came in, that no report of a partner has and that may be `transfer`.
fn lines(tables: &Connection, transfer: &Transfer<'_>) -> rusqlite::Result<Vec<Twin>> {
    let sql = format!(
        "SELECT event, number, amount, at FROM lines
         WHERE kind = 'received' AND amount = ?1 AND at BETWEEN ?2 AND ?3
           AND (payment IS NULL OR EXISTS (
             SELECT 1 FROM movements WHERE movements.agency = lines.agency
               AND movements.account = lines.account AND movements.event = lines.event))
         ORDER BY at, event LIMIT {TWINS_MAX}"
    );
    let (from, to) = around(transfer.at);
    let mut twins = rows(tables, &sql, params![transfer.amount.0, from, to])?;
    twins.retain(|twin| twin.may_be(transfer));
    Ok(twins)
}

/// Names of money by the other side that may be that of an unmatched notice.
pub(crate) fn names(tables: &Connection, transfer: &Transfer<'_>) -> rusqlite::Result<Vec<String>> {
    let accounts: Vec<Account> = tables
        .prepare_cached("SELECT agency, account FROM lines WHERE event = ?1 LIMIT 5")?
        .query_map([transfer.event], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut twins = Vec::new();
    for account in &accounts {
        twins.extend(counted(tables, account, (Known::Reported, ""), transfer)?);
    }
    if accounts.is_empty() {
        twins = lines(tables, transfer)?;
    }
    Ok(twins.into_iter().map(|twin| twin.event).collect())
}

/// Other notices of a partner that are kept, with the ids of their events, and may be `transfer`.
pub(crate) async fn kept(
    open: &View,
    partner: &str,
    transfer: &Transfer<'_>,
) -> Result<Vec<(Uuid, Twin)>, ViewError> {
    let (partner, amount) = (partner.to_owned(), transfer.amount.0);
    let (from, to) = around(transfer.at);
    let event = transfer.event.to_owned();
    let found = open.query(Question::List, move |tables| {
        let sql = format!(
            "SELECT id, event, number, amount, coalesce(paid_at, at) FROM unmatched
             WHERE provider = ?1 AND amount = ?2 AND coalesce(said, 'captured') = 'captured'
               AND event <> ?3 AND coalesce(paid_at, at) BETWEEN ?4 AND ?5
             ORDER BY position LIMIT {TWINS_MAX}"
        );
        tables
            .prepare_cached(&sql)?
            .query_map(params![partner, amount, event, from, to], |row| {
                let id: String = row.get(0)?;
                let (event, number) = (row.get(1)?, row.get(2)?);
                let twin = Twin { event, number, amount: row.get(3)?, at: row.get(4)? };
                Ok((id.parse().unwrap_or_default(), twin))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let mut found = found.await?;
    found.retain(|(_, twin)| twin.may_be(transfer));
    Ok(found)
}

/// The times in which money may have moved that is booked at `at`, in milliseconds.
fn around(at: Timestamp) -> (i64, i64) {
    let (at, within) = (at.as_millisecond(), SAME_TRANSFER_WITHIN.as_millis());
    let within = i64::try_from(within).unwrap_or(i64::MAX);
    (at.saturating_sub(within), at.saturating_add(within))
}

fn rows(
    tables: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Vec<Twin>> {
    tables
        .prepare_cached(sql)?
        .query_map(values, |row| {
            let (event, number) = (row.get(0)?, row.get(1)?);
            Ok(Twin { event, number, amount: row.get(2)?, at: row.get(3)? })
        })?
        .collect()
}
