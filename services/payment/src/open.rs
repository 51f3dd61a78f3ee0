//! The view of cashiers' tasks, of money that was received and refunded, and of provider notices
//! that match no payment. The tasks of a payment are derived from its present state, and so do not
//! depend on the order of events.

use std::sync::Arc;

use dossier::State as _;
use dossier::books::{BookId, partner_of};
use dossier::clock::Running;
use dossier::contract::{
    BookEvent, Brief, EventSet, PaymentEvent, PaymentOrderEvent, RefundOutcome, UnmatchedEvent,
    parse_order_reference, party_name,
};
use dossier::payment::{Owed, Payment, Proposed, WayBack};
use dossier::services::Category;
use engine::tasks::{
    Follower, Following, Handled, Handler, Progress, Saved, Source, Stalled, Work,
};
use engine::view::{Shape, View, party_names, text_array};
use engine::{Engine, Streams, recorded_at};
use events::{Page, Position, Recorded};
use partners::Reference;
use platform::metrics::Metrics;
use rusqlite::{Connection, OptionalExtension, params};

use self::facts::{Fact, mark_recorded};
use self::movements::Movement;
use crate::owed::Desk;
use crate::partners::short;

mod facts;
mod movements;

/// Stands behind the name of a provider that would have to return a part of a transaction.
pub(crate) const PART: &str = ":part";

/// Streams of notices that fit no payment.
const UNMATCHED: &str = Category::Unmatched.as_str();

const SHAPE: Shape = Shape {
    name: "payment-open",
    version: 12,
    tables: "
CREATE TABLE tasks (
  dossier TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  code    TEXT    NOT NULL,
  agency  TEXT    NOT NULL,
  applicant TEXT  NOT NULL,
  acted   TEXT    NOT NULL,
  why     TEXT    NOT NULL,
  amount  INTEGER NOT NULL,
  due_at  INTEGER NOT NULL,
  dated   INTEGER NOT NULL,
  missed  INTEGER NOT NULL,
  since   INTEGER NOT NULL,
  state   TEXT,
  refused TEXT,
  providers TEXT  NOT NULL,
  payment_order TEXT,
  PRIMARY KEY (dossier, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_due ON tasks (due_at, dossier, kind);
CREATE TABLE movements (
  position  INTEGER PRIMARY KEY,
  dossier   TEXT    NOT NULL,
  code      TEXT    NOT NULL,
  agency    TEXT    NOT NULL,
  applicant TEXT    NOT NULL,
  acted     TEXT    NOT NULL,
  kind      TEXT    NOT NULL,
  amount    INTEGER NOT NULL,
  provider  TEXT,
  officer   TEXT,
  day       TEXT    NOT NULL,
  at        INTEGER NOT NULL
) STRICT;
CREATE INDEX movements_by_day ON movements (day, agency, position);
CREATE TABLE attempts (
  reference TEXT NOT NULL,
  payment   TEXT NOT NULL,
  dossier   TEXT NOT NULL,
  provider  TEXT NOT NULL,
  PRIMARY KEY (reference, payment)
) STRICT, WITHOUT ROWID;
CREATE TABLE unmatched (
  position    INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  version     INTEGER NOT NULL,
  provider    TEXT    NOT NULL,
  event       TEXT    NOT NULL,
  reference   TEXT    NOT NULL,
  payment_order TEXT,
  said        TEXT,
  number      TEXT,
  amount      INTEGER NOT NULL,
  paid_at     INTEGER,
  findings    TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  matched     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX unmatched_open ON unmatched (position) WHERE matched = 0;
CREATE INDEX unmatched_of_orders ON unmatched (position)
  WHERE matched = 0 AND payment_order IS NOT NULL;
CREATE TABLE facts (
  position INTEGER PRIMARY KEY,
  provider TEXT    NOT NULL,
  said     TEXT    NOT NULL,
  number   TEXT    NOT NULL,
  amount   INTEGER NOT NULL
) STRICT;
CREATE INDEX facts_by_number ON facts (provider, number);",
};

/// Kinds of events that may change the tasks of a payment.
const KINDS: [&str; 34] = [
    "books.CorrectionEntered.v1",
    "payment.PaymentStarted.v1",
    "payment.OrderStarted.v1",
    "payment.DiscrepancyFound.v1",
    "payment.DiscrepancyResolved.v1",
    "payment.DiscrepancyOverdue.v1",
    "payment.RefundOwed.v1",
    "payment.RepaymentMissed.v1",
    "payment.ResolutionProposed.v1",
    "payment.ResolutionRejected.v1",
    "payment.ProposalOverdue.v1",
    "payment.RefundProposed.v1",
    "payment.RefundRejected.v1",
    "payment.PaymentRefunded.v1",
    "payment.RefundRequested.v1",
    "payment.RefundEnded.v1",
    "payment.RefundCorrected.v1",
    "payment.EntryProposed.v1",
    "payment.EntryRejected.v1",
    "payment.PaymentReversed.v1",
    "payment.DebtArisen.v1",
    "payment.DebtWrittenOff.v1",
    "payment.DebtOverdue.v1",
    "payment.PaymentDisputed.v1",
    "payment.DisputeAnswered.v1",
    "payment.DisputeEnded.v1",
    "payment.DisputeOverdue.v1",
    "payment.PeriodExtended.v1",
    "payment.NoticeUnmatched.v1",
    "payment.NoticeMatched.v1",
    "payment.FeeReassessed.v1",
    "payment.FurtherFeeCharged.v1",
    "payment.CashReceived.v1",
    "payment.PaymentCaptured.v1",
];

/// A row of the table `tasks`.
struct Row {
    dossier: String,
    code: String,
    agency: String,
    applicant: String,
    acted: String,
    kind: &'static str,
    why: String,
    amount: i64,
    /// Unix time in milliseconds; the tasks are sorted by it.
    due_at: i64,
    /// Whether `due_at` is a due instant. Proposals recorded before there was a period are sorted
    /// by their own time.
    dated: bool,
    missed: bool,
    /// Unix time in milliseconds.
    since: i64,
    /// Where the refund of a repayment is.
    state: Option<&'static str>,
    /// The provider's code of the newest refund, if that was refused.
    refused: Option<String>,
    /// How the money of a repayment would return, as JSON: providers, with `:part` behind their
    /// names if it is a part of a transaction.
    providers: String,
    /// The payment order by which the money of a repayment came.
    order: Option<String>,
}

/// Maintains the view.
#[derive(Debug)]
pub(crate) struct OpenTasks {
    engine: Arc<Engine>,
    payments: Arc<Streams<Payment>>,
    desk: Arc<Desk>,
}

impl Handler for OpenTasks {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let (mut rows, mut moved, mut facts) = (Vec::new(), Vec::new(), Vec::new());
        for event in page.events.iter().filter(|event| event.stream.category() == Payment::CATEGORY)
        {
            let loaded = self.payments.load(&event.stream).await?;
            rows.push((event.stream.id().to_owned(), tasks(&loaded.state, event)));
            moved.extend(Movement::of(&self.engine, &loaded.state, event));
            facts.extend(Fact::of(&loaded.state, event));
        }
        let (engine, desk) = (Arc::clone(&self.engine), Arc::clone(&self.desk));
        Ok(Handled::Rows(Box::new(move |tables| {
            rows.iter().try_for_each(|(dossier, rows)| replace(tables, dossier, rows))?;
            moved.iter().try_for_each(|movement: &Movement| movement.insert(tables))?;
            let unmatched = page.events.iter().filter(|e| e.stream.category() == UNMATCHED);
            // A notice names what began before.
            page.events.iter().try_for_each(|event| refer(tables, event))?;
            unmatched.into_iter().try_for_each(|event| keep(&engine.metrics, tables, event))?;
            facts.iter().try_for_each(|fact: &Fact| fact.insert(tables))?;
            page.events.iter().try_for_each(|event| mark_matched(tables, event))?;
            page.events.iter().try_for_each(|event| mark_explained(&engine, tables, event))?;
            measure(&engine, &desk, tables)
        })))
    }
}

impl OpenTasks {
    pub(crate) fn follow(
        payments: &Arc<Streams<Payment>>,
        desk: &Arc<Desk>,
    ) -> Result<(Follower<Self>, Arc<View>, Progress), Stalled> {
        let engine = Arc::clone(payments.engine());
        let view = Arc::new(View::open(engine.view_folder(), SHAPE, &engine.store)?);
        view.peek(|tables| measure(&engine, desk, tables))?;
        let saved = Saved::View(Arc::clone(&view));
        let following = Following::new(SHAPE.name, &KINDS, Source::Every, saved);
        let (payments, desk) = (Arc::clone(payments), Arc::clone(desk));
        let open = Self { engine: Arc::clone(&engine), payments, desk };
        let follower = Follower::new(&engine, following, open)?;
        let progress = follower.progress();
        Ok((follower, view, progress))
    }
}

/// The tasks of a payment in its present state.
fn tasks(payment: &Payment, event: &Recorded) -> Vec<Row> {
    let Some(brief) = payment.assessed().map(|assessed| &assessed.brief) else {
        return Vec::new();
    };
    let row = |kind, why: String, amount: i64, owed: Owed| Row {
        dossier: brief.dossier.to_string(),
        code: brief.code.to_string(),
        agency: brief.agency.to_string(),
        applicant: party_name(brief.applicant.as_str()),
        acted: acted(payment, brief),
        kind,
        why,
        amount,
        due_at: owed.running.due_at.as_millisecond(),
        dated: true,
        missed: owed.missed,
        since: owed.running.since.as_millisecond(),
        state: None,
        refused: None,
        providers: text_array(&[]),
        order: None,
    };
    let mut rows = Vec::new();
    if let Some((owed, why)) = payment.owed_repayment() {
        let amount = payment.owed_back().0.saturating_add(payment.on_its_way().0);
        let (state, refused) = refund(payment);
        let row = row("repayment", word(&why), amount, owed);
        let ways = payment.ways_back();
        let order = ways.iter().find_map(|way| way.order).map(|order| order.to_string());
        let providers: Vec<String> = ways.iter().map(way_name).collect();
        let providers = text_array(&providers);
        rows.push(Row { state: Some(state), refused, providers, order, ..row });
    }
    if let Some(owed) = payment.discrepancy {
        let mut doubts = payment.attempts.values().flat_map(|attempt| &attempt.doubts);
        if let Some(first) = doubts.next() {
            rows.push(row("discrepancy", word(&first.doubt), first.word.amount.0, owed));
        }
    }
    if let Some((_, dispute)) = payment.due_dispute() {
        rows.push(row("dispute", "disputed".to_owned(), dispute.amount.0, dispute.owed));
    }
    if let Some(debt) = payment.due_debt() {
        rows.push(row("debt", "reversed".to_owned(), payment.debt().0, debt.owed));
    }
    if let Some(proposal) = &payment.proposal {
        let at = proposal.at;
        let undated = || Owed { running: Running::new(at, at, event.id, at), missed: false };
        let owed = proposal.owed.unwrap_or_else(undated);
        let (why, amount) = match &proposal.what {
            Proposed::Refund(amount) => ("refund_proposed", *amount),
            Proposed::Resolution(_, captured) => ("resolution_proposed", *captured),
            Proposed::Entry(entry) => ("entry_proposed", payment.amount_of(entry)),
        };
        let dated = proposal.owed.is_some();
        rows.push(Row { dated, ..row("approval", why.to_owned(), amount.0, owed) });
    }
    rows
}

/// A way back in the table of tasks. Names of providers have no colon.
fn way_name(way: &WayBack<'_>) -> String {
    format!("{}{}", way.provider, if way.is_part { PART } else { "" })
}

/// Where the refund of a repayment is, and the provider's code if it refused the newest one.
fn refund(payment: &Payment) -> (&'static str, Option<String>) {
    let newest = payment.sent_refunds.last();
    let refused = newest.filter(|sent| sent.outcome() == Some(RefundOutcome::Refused));
    if payment.on_its_way().0 > 0 {
        ("on_its_way", None)
    } else if let Some(sent) = refused {
        ("refused", sent.ended.as_ref().and_then(|(ended, _)| ended.code.clone()))
    } else {
        ("owed", None)
    }
}

/// Who filed the dossier or acted for the applicant, as far as the payment knows.
fn acted(payment: &Payment, brief: &Brief) -> String {
    let acted = brief.representative.iter().chain(&brief.mandated).chain(&payment.mandated);
    text_array(&party_names(acted))
}

/// Updates the metrics.
fn measure(engine: &Engine, desk: &Desk, tables: &Connection) -> rusqlite::Result<()> {
    let count = |sql: &str| tables.query_row(sql, [], |row| row.get(0));
    let set = |name, help, count: i64| {
        engine.metrics.set(name, help, None, u64::try_from(count).unwrap_or(0));
    };
    set(
        "payments_unmatched",
        "Captures that providers told and that name none of our payments",
        count(
            "SELECT count(*) FROM unmatched
             WHERE matched = 0 AND coalesce(said, 'captured') = 'captured'",
        )?,
    );
    set(
        "payments_to_give_back",
        "Dossiers of which money has to go back",
        count("SELECT count(*) FROM tasks WHERE kind = 'repayment'")?,
    );
    let returning = desk.returning();
    let parts = returning.parts.iter().map(|name| format!("{name}{PART}"));
    let returning: Vec<String> = returning.whole.iter().cloned().chain(parts).collect();
    let sql = "SELECT count(*) FROM tasks WHERE kind = 'repayment' AND providers <> '[]'
         AND NOT EXISTS (SELECT 1 FROM json_each(providers) AS has
           WHERE has.value IN (SELECT able.value FROM json_each(?1) AS able))";
    let stuck = tables.query_row(sql, [text_array(&returning)], |row| row.get(0))?;
    set(
        "payments_not_returnable",
        "Dossiers of which money has to go back and whose providers do not return it at present",
        stuck,
    );
    set(
        "payments_discrepancies",
        "Dossiers of which a provider said what does not agree",
        count("SELECT count(*) FROM tasks WHERE kind = 'discrepancy'")?,
    );
    set(
        "payments_disputes",
        "Dossiers with a dispute that is not answered",
        count("SELECT count(*) FROM tasks WHERE kind = 'dispute'")?,
    );
    set(
        "payments_debts",
        "Dossiers whose payers owe money that was taken back",
        count("SELECT count(*) FROM tasks WHERE kind = 'debt'")?,
    );
    set(
        "payments_missed",
        "Tasks of cashiers that were not done in time and still are not",
        count("SELECT count(*) FROM tasks WHERE missed = 1")?,
    );
    Ok(())
}

/// The name of a variant in the JSON of events.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

fn replace(tables: &Connection, dossier: &str, rows: &[Row]) -> rusqlite::Result<()> {
    tables.prepare_cached("DELETE FROM tasks WHERE dossier = ?1")?.execute([dossier])?;
    let mut insert = tables.prepare_cached(
        "INSERT OR REPLACE INTO tasks
           (dossier, kind, code, agency, why, amount, due_at, missed, applicant, acted, dated, since,
            state, refused, providers, payment_order)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    for row in rows {
        insert.execute(params![
            row.dossier,
            row.kind,
            row.code,
            row.agency,
            row.why,
            row.amount,
            row.due_at,
            row.missed,
            row.applicant,
            row.acted,
            row.dated,
            row.since,
            row.state,
            row.refused,
            row.providers,
            row.order,
        ])?;
    }
    Ok(())
}

fn keep(metrics: &Metrics, tables: &Connection, event: &Recorded) -> rusqlite::Result<()> {
    let decoded = UnmatchedEvent::decode(&event.kind, &event.data);
    let Ok(UnmatchedEvent::NoticeUnmatched(notice)) = decoded else {
        tracing::error!(position = event.position.0, "a notice cannot be read and is not listed");
        metrics.defect(Work::Shows.name());
        return Ok(());
    };
    tables
        .prepare_cached(
            "INSERT INTO unmatched
               (position, id, version, provider, event, reference, said, number, amount, at, paid_at,
                findings, payment_order)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            event.position.0.cast_signed(),
            event.id.to_string(),
            event.version.0.cast_signed(),
            notice.provider,
            notice.provider_event,
            notice.reference,
            notice.said,
            notice.transaction,
            notice.amount.0,
            recorded_at(event).map_or(0, jiff::Timestamp::as_millisecond),
            notice.paid_at.map(jiff::Timestamp::as_millisecond),
            serde_json::to_string(&notice.findings).unwrap_or_default(),
            named_order(tables, &notice.reference)?,
        ])?;
    // It may be recorded already.
    for number in notice.transaction.iter().chain([&notice.provider_event]) {
        mark_recorded(tables, &notice.provider, number)?;
    }
    Ok(())
}

/// The payment order that a reference names; `None` if it names none, or if two things have it.
fn named_order(tables: &Connection, reference: &str) -> rusqlite::Result<Option<String>> {
    let long = parse_order_reference(reference).map(|order| short(order.0));
    let Some(text) = long.or_else(|| Reference::parse(reference).map(|one| one.to_string())) else {
        return Ok(None);
    };
    let sql = "SELECT min(payment) FROM attempts WHERE reference = ?1
               GROUP BY reference HAVING count(*) = 1 AND min(dossier) = ''";
    tables.prepare_cached(sql)?.query_row([text], |row| row.get(0)).optional()
}

/// Keeps the reference by which partners name an attempt, or a payment order: that has no dossier.
fn refer(tables: &Connection, event: &Recorded) -> rusqlite::Result<()> {
    let order = PaymentOrderEvent::decode(&event.kind, &event.data);
    let attempt = PaymentEvent::decode(&event.kind, &event.data);
    let (id, dossier, provider) = match (order, attempt) {
        (Ok(PaymentOrderEvent::OrderStarted(started)), _) => {
            (started.order.0, "", started.provider)
        }
        (_, Ok(PaymentEvent::PaymentStarted(started))) if started.order.is_none() => {
            (started.payment.0, event.stream.id(), started.provider)
        }
        _ => return Ok(()),
    };
    let mut insert = tables.prepare_cached(
        "INSERT INTO attempts (reference, payment, dossier, provider) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    insert.execute(params![short(id), id.to_string(), dossier, provider]).map(drop)
}

/// Removes the notices of lines of statements that a correction of the books explains, for example
/// because the money was returned.
fn mark_explained(engine: &Engine, tables: &Connection, event: &Recorded) -> rusqlite::Result<()> {
    let decoded = BookEvent::decode(&event.kind, &event.data);
    let Ok(BookEvent::CorrectionEntered(entered)) = decoded else { return Ok(()) };
    let book = event.stream.id().parse::<BookId>();
    let (Ok(BookId { agency, account, .. }), Some(at)) = (book, recorded_at(event)) else {
        return Ok(());
    };
    let partner = partner_of(&engine.law(), &agency, &account, at);
    let mut mark = tables
        .prepare_cached("UPDATE unmatched SET matched = 1 WHERE provider = ?1 AND event = ?2")?;
    let mut lines = entered.accepts.iter().filter_map(|key| key.strip_prefix("line:"));
    lines.try_for_each(|line| mark.execute([&*partner, line]).map(drop))
}

/// Removes the notice that was matched from the list. Its row stays, for a repeated request.
fn mark_matched(tables: &Connection, event: &Recorded) -> rusqlite::Result<()> {
    let decoded = PaymentEvent::decode(&event.kind, &event.data);
    let Ok(PaymentEvent::NoticeMatched(matched)) = decoded else { return Ok(()) };
    let mut mark = tables.prepare_cached("UPDATE unmatched SET matched = 1 WHERE id = ?1")?;
    mark.execute([matched.notice.to_string()]).map(drop)
}
