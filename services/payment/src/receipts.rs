//! Issues a receipt for all money that the agency keeps, in commit order. The law:
//! `libs/dossier/src/payment/issue_receipt.rs`.
//!
//! A single issuer appends to the stream of a symbol and year at the version that it has read. At
//! the start, and after a conflict, it reads the newest receipt, finds the event for which that was
//! issued, and continues after it. The numbers therefore have neither duplicates nor gaps, even if
//! processes are killed.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::State;
use dossier::contract::{Actor, DossierId, Envelope, EventSet, ReceiptEvent, ReceiptIssued};
use dossier::intake::Intake;
use dossier::law::Law;
use dossier::papers;
use dossier::payment::Payment;
use dossier::payment::issue_receipt::{MONEY, Receipts, owed, receipt};
use engine::tasks::{Cursors, Follower, Following, Handled, Handler, Source, Stalled};
use engine::{Engine, Streams, decode, envelope, fold};
use events::limits::APPEND_EVENTS_MAX;
use events::{
    AppendError, Expected, NewEvent, Page, Position, ReadError, Recorded, StreamName, Version,
};
use jiff::Timestamp;
use uuid::Uuid;

/// State of the stream of a symbol and year.
#[derive(Debug, Clone, Copy)]
struct Standing {
    number: u64,
    version: Option<Version>,
    /// Time of the newest receipt.
    at: Option<Timestamp>,
    /// Events up to this position have their receipts.
    through: Position,
}

/// A receipt without its number.
struct Prepared {
    /// Position of the event that brought the money.
    position: Position,
    receipt: ReceiptIssued,
    /// The dossier in intake, whose form names the payer.
    payer: Intake,
}

impl Prepared {
    /// The receipt with its number, and the record of its paper.
    fn numbered(&self, number: u64, at: Timestamp, law: &Law) -> ReceiptIssued {
        let mut issued = ReceiptIssued { number, ..self.receipt.clone() };
        let printed = papers::receipt(&issued, at, &self.payer, law);
        issued.paper = printed.map(|(receipt, paper)| paper.record_of_receipt(&receipt));
        issued
    }
}

/// Issues receipts.
#[derive(Debug)]
pub(crate) struct Issuer {
    engine: Arc<Engine>,
    payments: Arc<Streams<Payment>>,
    standings: BTreeMap<(String, i16), Standing>,
}

impl Handler for Issuer {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let mut books: BTreeMap<(String, i16), Vec<Prepared>> = BTreeMap::new();
        for event in &page.events {
            if let Some((book, receipt)) = self.prepare_receipt(event).await? {
                books.entry(book).or_default().push(receipt);
            }
        }
        for (book, receipts) in books {
            self.issue(book, receipts).await?;
        }
        Ok(Handled::Done { save: true })
    }
}

impl Issuer {
    pub(crate) fn follow(
        payments: &Arc<Streams<Payment>>,
        cursors: &Arc<Cursors>,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (Arc::clone(payments.engine()), "payment-receipts");
        let source = Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, MONEY, source, cursors.of(&engine, name)?);
        let (payments, standings) = (Arc::clone(payments), BTreeMap::new());
        let issuer = Self { engine: Arc::clone(&engine), payments, standings };
        Ok(Follower::new(&engine, following, issuer)?)
    }

    /// The receipt for an event that brought money, without its number, and its symbol and year.
    async fn prepare_receipt(
        &self,
        event: &Recorded,
    ) -> Result<Option<((String, i16), Prepared)>, Stalled> {
        let loaded = self.payments.load(&event.stream).await?;
        let Some(assessed) = loaded.state.assessed() else { return Ok(None) };
        let Some(source) = owed(&loaded.state, event.id) else { return Ok(None) };
        let recorded_at = envelope(event)?.at;
        let law = self.engine.law();
        let agency = law.present(&assessed.brief.agency, recorded_at);
        let (Some(agency), Some(calendar)) = (law.agency(agency), law.calendar_of(agency)) else {
            // Money without a possible receipt must stop the issuer, so that it is noticed.
            return Err(Stalled::Defect(format!("no agency {agency} to receipt for")));
        };
        let book = (agency.receipt_symbol.clone(), calendar.date_of(recorded_at).year());
        let receipt = receipt(0, (&book.0, book.1), &assessed.brief, &assessed.lines, source);
        let payer = payer(&self.engine, receipt.dossier, event.position).await?;
        Ok(Some((book, Prepared { position: event.position, receipt, payer })))
    }

    async fn issue(&mut self, book: (String, i16), receipts: Vec<Prepared>) -> Result<(), Stalled> {
        let name = format!("{}-{}-{}", Receipts::CATEGORY, book.0, book.1);
        let stream = StreamName::new(&name)?;
        loop {
            let standing = match self.standings.get(&book) {
                Some(standing) => *standing,
                None => self.find(&stream).await?,
            };
            let open = receipts.iter().filter(|receipt| receipt.position > standing.through);
            let new: Vec<(&Prepared, u64)> =
                open.take(APPEND_EVENTS_MAX / 2).zip(standing.number + 1..).collect();
            let Some((through, last)) = new.last().map(|(last, number)| (last.position, *number))
            else {
                self.standings.insert(book, standing);
                return Ok(());
            };
            let (at, law) = (self.engine.time_after(standing.at)?, self.engine.law());
            let numbered = new.iter().map(|(receipt, number)| receipt.numbered(*number, at, &law));
            let events = numbered.map(|receipt| recorded(receipt, at)).collect();
            match self.engine.store.append(&stream, Expected::from(standing.version), events).await
            {
                Ok(appended) => {
                    let version = Some(appended.version);
                    self.standings.insert(
                        book.clone(),
                        Standing { number: last, version, at: Some(at), through },
                    );
                }
                Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => {
                    self.standings.remove(&book);
                }
                Err(error) => {
                    self.standings.remove(&book);
                    return Err(error.into());
                }
            }
        }
    }

    /// The state of a stream, from its newest receipt and the event for which that was issued.
    async fn find(&self, stream: &StreamName) -> Result<Standing, Stalled> {
        let Some(newest) = self.engine.store.last(stream).await? else {
            return Ok(Standing { number: 0, version: None, at: None, through: Position::START });
        };
        let ReceiptEvent::ReceiptIssued(receipt) = decode(&newest)?;
        let payments = Streams::<Payment>::of(receipt.dossier.0);
        let events = self.engine.store.read_whole(&payments).await?;
        let source = events.iter().find(|event| event.id == receipt.source);
        let through = source.map(|event| event.position).ok_or_else(|| {
            Stalled::Defect(format!("receipt {} names no payment", receipt.number))
        })?;
        let (version, at) = (Some(newest.version), Some(envelope(&newest)?.at));
        Ok(Standing { number: receipt.number, version, at, through })
    }
}

/// The dossier in intake before a position of the log. Its form names the payer, also on a receipt
/// that is printed after a correction of the form.
pub(crate) async fn payer(
    engine: &Engine,
    dossier: DossierId,
    before: Position,
) -> Result<Intake, ReadError> {
    let mut recorded = engine.store.read_whole(&Streams::<Intake>::of(dossier.0)).await?;
    recorded.retain(|event| event.position < before);
    fold(&recorded)
}

/// A receipt as an event. Its id is derived from the event that brought the money, so that this
/// cannot have two receipts.
fn recorded(receipt: ReceiptIssued, at: Timestamp) -> NewEvent {
    let envelope = Envelope {
        at,
        actor: Actor::system(crate::NAME),
        command: receipt.source,
        digest: String::new(),
        cause: Some(receipt.source),
        dossier: Some(receipt.dossier),
        trace: None,
    };
    let id = Uuid::new_v5(&receipt.source, b"receipt");
    let event = ReceiptEvent::from(receipt);
    NewEvent { id, kind: event.kind().into(), data: event.encode(), meta: envelope.encode() }
}
