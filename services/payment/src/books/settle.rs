//! Takes the lines of statements as reports of the provider. A line that names an attempt by our
//! reference is its capture, unless it is known; one that names nothing is kept for a cashier, as
//! any notice that fits no payment.

use std::sync::Arc;

use dossier::books::{BookId, Transfer, partner_of};
use dossier::contract::{
    BookEvent, EventSet, LineKind, NoticeUnmatched, PaymentOrderId, Source, StatementLine,
    UnmatchedEvent, Vnd,
};
use dossier::payment::take_notice::{self, Said, TakeNotice};
use dossier::payment::{Attempt, Payment, Standing};
use dossier::payment_orders::PaymentOrder;
use dossier::payment_orders::take_order_notice::TakeOrderNotice;
use engine::tasks::{Cursors, Follower, Following, Handled, Handler, Progress, Stalled};
use engine::unmatched::{self, Unmatched, UnmatchedError};
use engine::view::{Question, View};
use engine::{CommandEnvelope, Failure, Streams, envelope, tasks};
use events::{Page, Position, Recorded};
use uuid::Uuid;

use super::rows::Account;
use super::twins::{self, Known};
use crate::payment_orders::OfOrder;
use crate::record::{Found, NotRecorded, Reports};
use crate::standing::standing;

/// Follows imported statements and entered corrections.
#[derive(Debug)]
pub(super) struct Settler {
    payments: Arc<Streams<Payment>>,
    view: Arc<View>,
    /// Position that this view has reached.
    shown: Progress,
    /// Finds attempts by their references.
    reports: Reports,
    /// The position that the views must have reached first.
    waits_for: Option<Position>,
}

impl Settler {
    pub(super) fn follow(
        payments: &Arc<Streams<Payment>>,
        (view, shown): (&Arc<View>, &Progress),
        cursors: &Arc<Cursors>,
        reports: Reports,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (payments.engine(), "payment-statements");
        let kinds = &["books.StatementImported.v1", "books.CorrectionEntered.v1"];
        let source = tasks::Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, kinds, source, cursors.of(engine, name)?);
        let (payments, view) = (Arc::clone(payments), Arc::clone(view));
        let engine = Arc::clone(payments.engine());
        let (shown, waits_for) = (shown.clone(), None);
        let settler = Self { payments, view, shown, reports, waits_for };
        Ok(Follower::new(&engine, following, settler)?)
    }

    async fn settle(&self, event: &Recorded) -> Result<(), Stalled> {
        let lines = match BookEvent::decode(&event.kind, &event.data) {
            Ok(BookEvent::StatementImported(imported)) => imported.lines,
            Ok(BookEvent::CorrectionEntered(entered)) => entered.lines,
            _ => return Ok(()),
        };
        let Ok(book) = event.stream.id().parse::<BookId>() else { return Ok(()) };
        // What a correction adds to a till is cash, about which no partner reports.
        if book.is_till() {
            return Ok(());
        }
        let (law, at) = (self.payments.engine().law(), envelope(event)?.at);
        let partner = partner_of(&law, &book.agency, &book.account, at);
        let is_reported =
            |line: &&StatementLine| matches!(line.kind, LineKind::Received | LineKind::Reversed);
        for line in lines.iter().filter(is_reported) {
            self.take(event, (&book, &partner), line).await?;
        }
        Ok(())
    }

    async fn take(
        &self,
        event: &Recorded,
        (book, partner): (&BookId, &str),
        line: &StatementLine,
    ) -> Result<(), Stalled> {
        let named = self.attempt(book, line, partner).await?;
        let Some((found, attempt)) = named else {
            // A reversal that names nothing stays listed as a difference.
            if line.kind == LineKind::Reversed {
                return Ok(());
            }
            return self.keep(book, partner, line).await;
        };
        if knows(&attempt, line) {
            return Ok(());
        }
        let is_reversal = line.kind == LineKind::Reversed;
        if !is_reversal && self.is_perhaps_counted(book, line, &attempt).await? {
            return self.keep(book, partner, line).await;
        }
        let dossier = match found {
            Found::Attempt(dossier, _) => dossier,
            Found::Order(order) => {
                return self.take_for_order(event, (book, partner, line), order).await;
            }
        };
        let said = if is_reversal {
            Said::Reversed(line.amount, standing(&self.payments, dossier).await?)
        } else {
            Said::Captured(line.amount)
        };
        let command = TakeNotice {
            payment: attempt.started.payment,
            provider: partner.to_owned(),
            provider_event: line.event.clone(),
            transaction: line.transaction.clone(),
            source: Source::Settlement,
            said,
            paid_at: Some(line.booked_at),
            message: None,
        };
        let stream = Streams::<Payment>::of(dossier.0);
        let id = Uuid::new_v5(&event.id, line.event.as_bytes());
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id)
            .about(Some(dossier))
            .caused_by(event.id);
        match self.payments.execute(&envelope, &command).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(take_notice::Refusal::NotOurs) | Failure::Missing) => {
                if is_reversal {
                    Ok(())
                } else {
                    self.keep(book, partner, line).await
                }
            }
            Err(Failure::Append(error)) => Err(error.into()),
            Err(Failure::Read(error)) => Err(error.into()),
            Err(Failure::Clock(error)) => Err(error.into()),
            Err(error) if error.is_retryable() => Err(Stalled::Defect(format!("{error:?}"))),
            // It stays listed as a difference.
            Err(error) => {
                tracing::error!(stream = %event.stream, ?error, "line of a statement could not be taken");
                self.payments.engine().metrics.defect(crate::NAME);
                Ok(())
            }
        }
    }

    /// A line about a payment order: the exact sum pays its dossiers, or is taken back of all of
    /// them; anything else is kept.
    async fn take_for_order(
        &self,
        event: &Recorded,
        (book, partner, line): (&BookId, &str, &StatementLine),
        order: PaymentOrderId,
    ) -> Result<(), Stalled> {
        let is_reversal = line.kind == LineKind::Reversed;
        let command = TakeOrderNotice {
            provider: partner.to_owned(),
            provider_event: line.event.clone(),
            transaction: line.transaction.clone(),
            source: Source::Settlement,
            said: if is_reversal {
                // The dossiers are looked at one by one.
                Said::Reversed(line.amount, Standing::Unanswered)
            } else {
                Said::Captured(line.amount)
            },
            paid_at: Some(line.booked_at),
            message: None,
        };
        let id = Uuid::new_v5(&event.id, line.event.as_bytes());
        let taken = self.reports.take_for_order((order, id), &command).await.map_err(stalled)?;
        match taken {
            OfOrder::Taken | OfOrder::Known => Ok(()),
            // It is about a part of the payment: it stays listed as a difference.
            OfOrder::Differs | OfOrder::NotOurs if is_reversal => Ok(()),
            OfOrder::Differs | OfOrder::NotOurs => self.keep(book, partner, line).await,
        }
    }

    /// The attempt that the reference of a line names, if it was started with this provider for an
    /// agency that the book is for; of a payment order, the whole of it.
    async fn attempt(
        &self,
        book: &BookId,
        line: &StatementLine,
        partner: &str,
    ) -> Result<Option<(Found, Attempt)>, Stalled> {
        let Some(reference) = line.reference.as_deref() else { return Ok(None) };
        let found = self.reports.find(reference).await.map_err(stalled)?;
        let (dossier, payment) = match found {
            Some(Found::Attempt(dossier, payment)) => (dossier, payment),
            Some(Found::Order(order)) => {
                let loaded =
                    self.reports.orders.load(&Streams::<PaymentOrder>::of(order.0)).await?;
                let started = loaded.state.started();
                let is_of_book = started.is_some_and(|started| {
                    book.agency.covers(&started.agency) && started.provider == partner
                });
                let attempt = loaded.state.attempt().filter(|_| is_of_book);
                return Ok(attempt.map(|attempt| (Found::Order(order), attempt.clone())));
            }
            None => return Ok(None),
        };
        let loaded = self.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
        let assessed = loaded.state.assessed();
        if !assessed.is_some_and(|assessed| book.agency.covers(&assessed.brief.agency)) {
            return Ok(None);
        }
        let attempt = loaded.state.attempts.get(&payment);
        let attempt = attempt.filter(|attempt| attempt.started.provider == partner);
        Ok(attempt.map(|attempt| (Found::Attempt(dossier, payment), attempt.clone())))
    }

    /// Whether the money may be that of a notice without a reference, which a cashier has matched
    /// with another attempt. Waiting for a cashier costs the payer a day, counting it twice costs
    /// the state money.
    async fn is_perhaps_counted(
        &self,
        book: &BookId,
        line: &StatementLine,
        attempt: &Attempt,
    ) -> Result<bool, Stalled> {
        let of: Account = (book.agency.to_string(), book.account.clone());
        let (line, payment) = (line.clone(), attempt.started.payment.to_string());
        let found = self.view.query(Question::List, move |tables| {
            twins::counted(tables, &of, (Known::Matched, &payment), &transfer(&line))
        });
        Ok(!found.await?.is_empty())
    }

    /// Keeps a line that names nothing of ours, unless it is about money that is recorded, or a
    /// notice with its number is on the list.
    async fn keep(
        &self,
        book: &BookId,
        partner: &str,
        line: &StatementLine,
    ) -> Result<(), Stalled> {
        let of = (book.agency.to_string(), book.account.clone());
        let (event, number) = (line.event.clone(), line.transaction.clone());
        let known = self.view.query(Question::List, move |tables| {
            let sql = "SELECT EXISTS (
                 SELECT 1 FROM movements WHERE agency = ?1 AND account = ?2 AND number = ?3
                 UNION ALL
                 SELECT 1 FROM movements WHERE agency = ?1 AND account = ?2 AND event = ?4)";
            tables.prepare_cached(sql)?.query_row((of.0, of.1, number, event), |row| row.get(0))
        });
        if known.await? {
            return Ok(());
        }
        let own = transfer(line);
        let listed = twins::kept(&self.reports.open, partner, &own).await?;
        if listed.iter().any(|(_, twin)| twin.transfer().is_some_and(|twin| twin.is(&own))) {
            return Ok(());
        }
        let reference = line.reference.clone().unwrap_or_default();
        let notice = UnmatchedEvent::from(NoticeUnmatched {
            provider: partner.to_owned(),
            provider_event: line.event.clone(),
            reference: reference.clone(),
            amount: Vnd(line.amount.0),
            said: Some("captured".to_owned()),
            transaction: line.transaction.clone(),
            paid_at: Some(line.booked_at),
            findings: Vec::new(),
            message: None,
        });
        let (service, reference) = (crate::NAME, &*reference);
        let kept = Unmatched { service, partner, reference, notice: &notice };
        match unmatched::keep(self.payments.engine(), kept).await {
            Ok(()) => Ok(()),
            Err(UnmatchedError::Clock(error)) => Err(error.into()),
            Err(UnmatchedError::Append(error)) => Err(error.into()),
            Err(UnmatchedError::Read(error)) => Err(error.into()),
        }
    }
}

/// An attempt could not be looked up; it is tried again.
fn stalled(error: NotRecorded) -> Stalled {
    match error {
        NotRecorded::View(view) => view.into(),
        NotRecorded::Read(read) => read.into(),
        NotRecorded::Lags | NotRecorded::Unmatched(_) | NotRecorded::Append(_) => {
            Stalled::Defect(error.to_string())
        }
    }
}

/// The transfer of a line.
fn transfer(line: &StatementLine) -> Transfer<'_> {
    let number = line.transaction.as_deref();
    Transfer { event: &line.event, number, amount: line.amount, at: line.booked_at }
}

/// Whether the capture that a line reports is recorded.
fn knows(attempt: &Attempt, line: &StatementLine) -> bool {
    if line.kind == LineKind::Reversed {
        let number = line.transaction.as_deref();
        return attempt.knows_reversal(&line.event, number, line.amount);
    }
    let is_named = |known: &Option<String>| {
        known.is_some() && *known == line.transaction || known.as_ref() == Some(&line.event)
    };
    let is_it = |event: &String, number: &Option<String>, amount: Vnd| {
        amount == line.amount && (*event == line.event || is_named(number))
    };
    attempt.captures.iter().any(|one| is_it(&one.event, &one.transaction, one.amount))
        || attempt
            .doubts
            .iter()
            .any(|one| is_it(&one.word.event, &one.word.transaction, one.word.amount))
}

impl Handler for Settler {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        self.payments.engine().time()?;
        let last = page.events.last().map(|last| last.position);
        // A line is compared with all money that was recorded before it.
        let lags = |shown: &Progress| last.is_some_and(|last| shown.now() < last);
        self.waits_for = last.filter(|_| lags(&self.shown) || lags(&self.reports.shown));
        if self.waits_for.is_some() {
            return Ok(Handled::NotYet);
        }
        for event in &page.events {
            self.settle(event).await?;
        }
        Ok(Handled::Done { save: true })
    }

    async fn woken(&mut self) {
        let Some(position) = self.waits_for else { return std::future::pending().await };
        let before = Position(position.0.saturating_sub(1));
        self.shown.past(before).await;
        self.reports.shown.past(before).await;
    }
}
