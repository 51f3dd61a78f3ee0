//! What an event changes in the view, before it is written.

use dossier::State;
use dossier::books::{Book, BookId, account_of, due};
use dossier::contract::{
    BookEvent, Brief, EventSet, PaymentEvent, PaymentId, RefundOutcome, StatementLine, party_name,
};
use dossier::law::{Law, TILL};
use dossier::payment::{Attempt, Payment};
use engine::view::{party_names, text_array};
use engine::{Engine, envelope};
use events::Recorded;
use jiff::Timestamp;

use super::rows::Account;
use crate::partners::{Partners, reference};

mod write;

/// A change of the view.
pub(super) enum Change {
    Attempt {
        whose: Whose,
        payment: String,
        account: Account,
        reference: String,
        /// The reference in messages of partners and memos of transfers.
        short: String,
        /// The sum of the payment order that it is a part of.
        ordered: Option<i64>,
    },
    Movement(Movement),
    /// Other names of the money of an attempt.
    Names {
        account: Account,
        payment: String,
        names: Vec<String>,
        /// Whether a person found that they name it.
        by_hand: bool,
    },
    /// The present sums of a dossier.
    Sums(Sums),
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
        /// The number of movements that were closed.
        closed: Option<u64>,
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
    /// The account and the attempt; those of the dossier's newest money for a refund by a cashier.
    of: Option<(Account, String)>,
    number: Option<String>,
    event: Option<String>,
    day: String,
    at: i64,
    /// When it moved, by the clock of the provider; when it was recorded, if that is not known.
    paid_at: i64,
    due_at: i64,
}

/// What a dossier owes, has brought and has got back, in đồng.
pub(super) struct Sums {
    dossier: String,
    total: i64,
    /// Unix time in milliseconds.
    settled_at: Option<i64>,
    received: i64,
    refunded: i64,
    receipted: i64,
    owed_back: i64,
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
        Some((account(&attempt.started.provider), attempt.at_provider().to_string()))
    };
    let whose = || Whose::of(payment, brief, event);
    let mut moved = |moved, amount: i64, of, (number, name, paid_at): Named| {
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
            paid_at: paid_at.unwrap_or(recorded.at).as_millisecond(),
            due_at: due_at.as_millisecond(),
        }));
    };
    match decoded {
        PaymentEvent::PaymentStarted(started) => changes.push(Change::Attempt {
            whose: whose(),
            payment: started.at_provider().to_string(),
            account: account(&started.provider),
            short: reference(&started),
            ordered: started.order.as_ref().map(|share| share.total.0),
            reference: started.reference,
        }),
        PaymentEvent::PaymentCaptured(captured) => {
            let of = Some((account(&captured.provider), at_provider(payment, captured.payment)));
            let names = (captured.transaction, Some(captured.provider_event), captured.paid_at);
            moved("capture", captured.amount.0, of, names);
        }
        PaymentEvent::CaptureConfirmed(confirmed) => {
            let names = confirmed.transaction.into_iter().chain([confirmed.provider_event]);
            let of = (account(&confirmed.provider), at_provider(payment, confirmed.payment));
            changes.push(other_names(of, names.collect(), false));
        }
        PaymentEvent::NoticeMatched(matched) => {
            let of = (account(&matched.provider), at_provider(payment, matched.payment));
            changes.push(other_names(of, vec![matched.provider_event], true));
        }
        PaymentEvent::CashReceived(cash) => {
            let till = (brief.agency.to_string(), TILL.to_owned());
            moved("cash", cash.amount.0, Some((till, cash.payment.to_string())), Named::default());
        }
        other => {
            if let Some(Undone { kind, amount, payment, names }) = undone(other) {
                let of = payment.as_ref().and_then(of_attempt);
                moved(kind, amount, of, names);
            }
        }
    }
    changes.extend([receipts(payment), Change::Sums(sums(payment, brief))]);
    changes
}

/// Money that was corrected, went back or was taken back, or did not go back after all.
struct Undone {
    kind: &'static str,
    amount: i64,
    /// The attempt; `None` if a cashier returned it.
    payment: Option<PaymentId>,
    names: Named,
}

fn undone(event: PaymentEvent) -> Option<Undone> {
    match event {
        PaymentEvent::DiscrepancyResolved(resolved) => {
            let amount = resolved.captured.0.saturating_sub(resolved.counted.0);
            let payment = Some(resolved.payment);
            Some(Undone { kind: "correction", amount, payment, names: Named::default() })
        }
        PaymentEvent::PaymentRefunded(refunded) => {
            let names = (refunded.transaction, None, None);
            let (amount, payment) = (refunded.amount.0, refunded.payment);
            Some(Undone { kind: "refund", amount, payment, names })
        }
        PaymentEvent::PaymentReversed(reversed) => {
            let name = Some(reversed.provider_event).filter(|_| reversed.source.is_some());
            let names = (reversed.transaction, name, reversed.reversed_at);
            let (amount, payment) = (reversed.amount.0.saturating_neg(), Some(reversed.payment));
            Some(Undone { kind: "reversal", amount, payment, names })
        }
        // The refund that was booked did not take place. One that did is booked by itself.
        PaymentEvent::RefundCorrected(corrected) if corrected.outcome == RefundOutcome::Refused => {
            let (amount, payment) = (corrected.amount.0.saturating_neg(), Some(corrected.payment));
            Some(Undone { kind: "refund", amount, payment, names: Named::default() })
        }
        _ => None,
    }
}

/// The attempt of the money; the payment order if it is a part of one: a line of a statement has
/// the parts of all its dossiers.
fn at_provider(payment: &Payment, id: PaymentId) -> String {
    payment.attempts.get(&id).map_or(id.0, Attempt::at_provider).to_string()
}

/// Other names of the money of an attempt on an account.
fn other_names((account, payment): (Account, String), names: Vec<String>, by_hand: bool) -> Change {
    Change::Names { account, payment, names, by_hand }
}

/// The provider's number and name of a movement, and its time by the provider's clock.
type Named = (Option<String>, Option<String>, Option<Timestamp>);

/// The present sums of a dossier.
fn sums(payment: &Payment, brief: &Brief) -> Sums {
    let receipted = payment.receipts.iter();
    let receipted = receipted.fold(0_i64, |sum, one| sum.saturating_add(one.left().0));
    Sums {
        dossier: brief.dossier.to_string(),
        total: payment.total().0,
        settled_at: payment.settled_at().map(Timestamp::as_millisecond),
        received: payment.received.0,
        refunded: payment.refunded.0,
        receipted,
        owed_back: payment.owed_back().0,
    }
}

/// The account on which a payment through a provider arrives.
pub(crate) fn account(
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
    let receipted = payment.receipted().into_iter();
    Change::Receipts(receipted.map(|(source, amount)| (source.to_string(), amount.0)).collect())
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
    let stage = |stage| vec![Change::Stage { book: book.clone(), stage, closed: None }];
    Some(match decoded {
        BookEvent::StatementImported(imported) => vec![lines(imported.lines)],
        BookEvent::ClosingProposed(_) => stage("proposed"),
        BookEvent::ClosingRejected(_) => stage("open"),
        BookEvent::DayClosed(closed) => {
            let closed = Some(closed.totals.movements);
            vec![Change::Stage { book: book.clone(), stage: "closed", closed }]
        }
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
