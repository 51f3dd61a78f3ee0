//! What an event changes in the view, before it is written.

use std::collections::BTreeSet;

use dossier::State;
use dossier::books::{Book, BookId, account_of, due};
use dossier::contract::{
    AgencyCode, BookEvent, Brief, EventSet, PaymentEvent, PaymentId, StatementLine, party_name,
};
use dossier::law::{Law, TILL};
use dossier::payment::Payment;
use engine::view::{party_names, text_array};
use engine::{Engine, envelope};
use events::Recorded;
use jiff::Timestamp;
use partners::Reference;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{Account, judge_payout, place, relate};
use crate::partners::{Partners, reference};

/// A change of the view.
pub(super) enum Change {
    Attempt {
        whose: Whose,
        payment: String,
        account: Account,
        reference: String,
        /// The reference in messages of partners and memos of transfers.
        short: String,
    },
    Movement(Movement),
    /// Valid amounts of receipts, by the event that brought the money.
    Receipts(Vec<(String, i64)>),
    Lines {
        book: BookId,
        lines: Vec<(StatementLine, i64)>,
    },
    Accepted {
        account: Account,
        keys: Vec<String>,
    },
    Stage {
        book: BookId,
        stage: &'static str,
    },
}

/// The dossier of a payment and its parties.
pub(super) struct Whose {
    position: i64,
    dossier: String,
    code: String,
    applicant: String,
    acted: String,
}

/// Money that moved.
pub(super) struct Movement {
    whose: Whose,
    id: String,
    moved: &'static str,
    amount: i64,
    /// The account and the attempt; those of the dossier's newest money for a refund.
    of: Option<(Account, String)>,
    number: Option<String>,
    event: Option<String>,
    day: String,
    at: i64,
    due_at: i64,
}

/// What an event of a dossier's payment changes.
pub(super) fn of_payment(
    (engine, partners): (&Engine, &Partners),
    payment: &Payment,
    event: &Recorded,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(brief) = payment.assessed().map(|assessed| &assessed.brief) else { return changes };
    let (Ok(recorded), Ok(decoded)) =
        (envelope(event), PaymentEvent::decode(&event.kind, &event.data))
    else {
        return changes;
    };
    let law = engine.law();
    let account = |provider: &str| account((&law, partners), brief, provider, recorded.at);
    let of_attempt = |id: &PaymentId| {
        let attempt = payment.attempts.get(id)?;
        Some((account(&attempt.started.provider), id.to_string()))
    };
    let whose = || Whose::of(payment, brief, event);
    let mut moved = |moved, amount: i64, of, (number, name)| {
        let agency = &brief.agency;
        let Some(calendar) = law.calendar_of(agency).filter(|_| amount != 0) else { return };
        let due_at = due(&law, agency, recorded.at).unwrap_or(recorded.at);
        changes.push(Change::Movement(Movement {
            whose: whose(),
            id: event.id.to_string(),
            moved,
            amount,
            of,
            number,
            event: name,
            day: calendar.date_of(recorded.at).to_string(),
            at: recorded.at.as_millisecond(),
            due_at: due_at.as_millisecond(),
        }));
    };
    match decoded {
        PaymentEvent::PaymentStarted(started) => changes.push(Change::Attempt {
            whose: whose(),
            payment: started.payment.to_string(),
            account: account(&started.provider),
            reference: started.reference,
            short: reference(started.payment),
        }),
        PaymentEvent::PaymentCaptured(captured) => {
            let of = Some((account(&captured.provider), captured.payment.to_string()));
            let names = (captured.transaction, Some(captured.provider_event));
            moved("capture", captured.amount.0, of, names);
        }
        PaymentEvent::CashReceived(cash) => {
            let till = (brief.agency.to_string(), TILL.to_owned());
            moved("cash", cash.amount.0, Some((till, cash.payment.to_string())), (None, None));
        }
        PaymentEvent::DiscrepancyResolved(resolved) => {
            let more = resolved.captured.0.saturating_sub(resolved.counted.0);
            moved("correction", more, of_attempt(&resolved.payment), (None, None));
        }
        PaymentEvent::PaymentRefunded(refunded) => {
            moved("refund", refunded.amount.0, None, (None, None));
        }
        _ => {}
    }
    changes.push(receipts(payment));
    changes
}

/// The account on which a payment through a provider arrives.
fn account(
    (law, partners): (&Law, &Partners),
    brief: &Brief,
    provider: &str,
    at: Timestamp,
) -> Account {
    let (agency, account) = account_of(law, brief, provider, at);
    // An account that no rule names may be described by the partner's file.
    let known = partners.get(provider).filter(|_| account == provider);
    let of_file = known.and_then(|known| known.partner.account(agency.as_str()));
    (of_file.map_or_else(|| agency.to_string(), |of_file| of_file.agency.clone()), account)
}

/// The valid amounts of all receipts of a payment.
fn receipts(payment: &Payment) -> Change {
    let receipts = payment.receipts.iter();
    let receipts = receipts.map(|receipt| (receipt.source.to_string(), receipt.left().0));
    Change::Receipts(receipts.collect())
}

/// What an event of the books changes.
pub(super) fn of_book(engine: &Engine, event: &Recorded) -> Option<Vec<Change>> {
    let decoded = BookEvent::decode(&event.kind, &event.data).ok()?;
    let book: BookId = event.stream.id().parse().ok()?;
    let law = engine.law();
    let lines = |lines: Vec<StatementLine>| {
        let due_at = |at: Timestamp| due(&law, &book.agency, at).unwrap_or(at).as_millisecond();
        let lines = lines.into_iter().map(|line| {
            let due_at = due_at(line.booked_at);
            (line, due_at)
        });
        Change::Lines { book: book.clone(), lines: lines.collect() }
    };
    let stage = |stage| vec![Change::Stage { book: book.clone(), stage }];
    Some(match decoded {
        BookEvent::StatementImported(imported) => vec![lines(imported.lines)],
        BookEvent::ClosingProposed(_) => stage("proposed"),
        BookEvent::ClosingRejected(_) => stage("open"),
        BookEvent::DayClosed(_) => stage("closed"),
        BookEvent::CorrectionProposed(_) | BookEvent::CorrectionRejected(_) => Vec::new(),
        BookEvent::CorrectionEntered(entered) => {
            let account = (book.agency.to_string(), book.account.clone());
            let accepted = Change::Accepted { account, keys: entered.accepts };
            vec![lines(entered.lines), accepted]
        }
    })
}

/// Whether a stream is one of the books.
pub(super) fn is_book(event: &Recorded) -> bool {
    event.stream.category() == Book::CATEGORY
}

impl Whose {
    fn of(payment: &Payment, brief: &Brief, event: &Recorded) -> Self {
        let acted = brief.representative.iter().chain(&brief.mandated).chain(&payment.mandated);
        Self {
            position: event.position.0.cast_signed(),
            dossier: brief.dossier.to_string(),
            code: brief.code.to_string(),
            applicant: party_name(brief.applicant.as_str()),
            acted: text_array(&party_names(acted)),
        }
    }
}

impl Change {
    pub(super) fn write(&self, tables: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Attempt { whose, payment, account, reference, short } => {
                let (agency, name) = account;
                let Whose { position, dossier, code, applicant, acted } = whose;
                tables
                    .prepare_cached(
                        "INSERT OR IGNORE INTO attempts
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    )?
                    .execute(params![
                        payment, position, agency, name, dossier, code, applicant, acted,
                        reference, short
                    ])?;
                let references = [Some(reference.as_str()), Some(short.as_str())];
                relate(tables, account, Some(payment.as_str()), &references)
            }
            Self::Movement(movement) => movement.write(tables),
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
            Self::Stage { book, stage } => {
                let BookId { day, agency, account } = book;
                tables
                    .prepare_cached(
                        "INSERT INTO books VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT DO UPDATE SET stage = excluded.stage",
                    )?
                    .execute(params![
                        book.to_string(),
                        agency.as_str(),
                        account,
                        day.to_string(),
                        stage
                    ])
                    .map(drop)
            }
        }
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
        tables
            .prepare_cached(
                "INSERT OR IGNORE INTO movements
                   (id, position, agency, account, day, payment, dossier, code, applicant, acted,
                    moved, amount, number, event, at, due_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?
            .execute(params![
                self.id,
                position,
                agency,
                name,
                self.day,
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
             WHERE dossier = ?1 AND position < ?2 AND moved <> 'refund'
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
        let concerned = place(tables, &of, &line.event)?;
        concerned
            .iter()
            .try_for_each(|payment| relate(tables, &of, Some(payment.as_str()), &[]))?;
    }
    let payouts: BTreeSet<&String> =
        lines.iter().filter_map(|(line, _)| line.payout.as_ref()).collect();
    payouts.into_iter().try_for_each(|payout| judge_payout(tables, book.agency.as_str(), payout))
}

/// From the day of its first statement on, what is recorded on an account is compared with them.
fn begin(tables: &Connection, book: &BookId, day: &str) -> rusqlite::Result<()> {
    let (agency, account) = (AgencyCode::as_str(&book.agency), &book.account);
    tables
        .prepare_cached(
            "INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
             SET first_day = min(first_day, excluded.first_day)",
        )?
        .execute(params![agency, account, day])?;
    tables
        .prepare_cached("INSERT OR IGNORE INTO books VALUES (?1, ?2, ?3, ?4, 'open')")?
        .execute(params![book.to_string(), agency, account, day])
        .map(drop)
}
