//! The sums of an account on a day, and the metrics of the differences.

use std::sync::Arc;

use dossier::books::BookId;
use dossier::contract::{BookTotals, Vnd};
use engine::Engine;
use engine::view::{Question, View};
use platform::metrics::Counted;
use rusqlite::{Connection, params};

/// Differences that count: those of lines, and those of movements since the first statement of
/// their account, unless a correction explains them. The columns are those of the list.
pub(super) const OPEN: &str = "
SELECT 'line:' || event AS key, agency, account, day, difference, amount, other, dossier, code, at,
  due_at, applicant, acted, kind, event, number, reference
FROM lines WHERE difference IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM accepted WHERE accepted.agency = lines.agency
    AND accepted.account = lines.account AND accepted.key = 'line:' || lines.event)
UNION ALL
SELECT 'movement:' || id, movements.agency, movements.account, day, difference, amount, other,
  dossier, code, at, due_at, applicant, acted, moved, event, number, NULL
FROM movements JOIN accounts ON accounts.agency = movements.agency
  AND accounts.account = movements.account AND accounts.first_day <= movements.day
WHERE difference IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM accepted WHERE accepted.agency = movements.agency
    AND accepted.account = movements.account AND accepted.key = 'movement:' || movements.id)";

/// The sums of an account on a day.
pub(super) fn totals(tables: &Connection, book: &BookId) -> rusqlite::Result<BookTotals> {
    let BookId { day, agency, account } = book;
    let day = day.to_string();
    let of = params![agency.as_str(), account, day];
    let (lines, [stated_in, stated_out, charged, paid_out, paid_in]) = tables
        .prepare_cached(
            "SELECT count(*),
               sum(iif(kind IN ('received', 'came_back'), amount, 0)),
               sum(iif(kind IN ('refunded', 'reversed'), amount, 0)),
               sum(fee + iif(kind = 'charge', amount, 0)),
               sum(iif(kind = 'paid_out', amount, 0)),
               sum(iif(kind = 'paid_in', amount, 0))
             FROM lines WHERE agency = ?1 AND account = ?2 AND day = ?3",
        )?
        .query_row(of, |row| {
            let sum = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            Ok((row.get::<_, i64>(0)?, [sum(1)?, sum(2)?, sum(3)?, sum(4)?, sum(5)?]))
        })?;
    let (movements, [recorded_in, recorded_out, receipted]) = tables
        .prepare_cached(
            "SELECT count(*), sum(iif(moved NOT IN ('refund', 'reversal'), amount, 0)),
               sum(CASE moved WHEN 'refund' THEN amount WHEN 'reversal' THEN -amount ELSE 0 END),
               sum(receipted)
             FROM movements WHERE agency = ?1 AND account = ?2 AND day = ?3",
        )?
        .query_row(of, |row| {
            let sum = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            Ok((row.get::<_, i64>(0)?, [sum(1)?, sum(2)?, sum(3)?]))
        })?;
    let sql =
        format!("SELECT count(*) FROM ({OPEN}) WHERE agency = ?1 AND account = ?2 AND day = ?3");
    let open: i64 = tables.prepare_cached(&sql)?.query_row(of, |row| row.get(0))?;
    Ok(BookTotals {
        lines: lines.cast_unsigned(),
        stated_in: Vnd(stated_in),
        stated_out: Vnd(stated_out),
        charged: Vnd(charged),
        paid_out: Vnd(paid_out),
        paid_in: Vnd(paid_in),
        movements: movements.cast_unsigned(),
        recorded_in: Vnd(recorded_in),
        recorded_out: Vnd(recorded_out),
        receipted: Vnd(receipted),
        open: open.cast_unsigned(),
    })
}

/// Adds the numbers of open and of overdue differences to the metrics.
pub(super) fn offer(engine: &Arc<Engine>, view: &Arc<View>) {
    // Not the engine, which has the metrics: it would never be dropped.
    let (clock, view) = (engine.clock.clone(), Arc::clone(view));
    engine.metrics.asks(move || {
        let (now, view) = (clock.now().as_millisecond(), Arc::clone(&view));
        Box::pin(async move {
            let counted = view.query(Question::List, move |tables| {
                let sql = format!("SELECT count(*), sum(due_at <= ?1) FROM ({OPEN})");
                tables.prepare_cached(&sql)?.query_row([now], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?.unwrap_or_default()))
                })
            });
            let (open, overdue) = counted.await.ok()?;
            let count = |name, help, value: i64| Counted {
                name,
                help,
                label: None,
                value: value.cast_unsigned(),
            };
            Some(vec![
                count(
                    "books_differences",
                    "Differences between statements and recorded payments",
                    open,
                ),
                count(
                    "books_differences_overdue",
                    "Differences that were not settled in time and still are not",
                    overdue,
                ),
            ])
        })
    });
}
