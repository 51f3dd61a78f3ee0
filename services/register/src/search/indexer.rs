//! Keeps the index up to date with the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::State;
use dossier::contract::{
    Address, Brief, Delivery, DeliveryEvent, DossierId, IntakeEvent, PaymentEvent, ProcedureRef,
    ReceiptNumbered, tax_code,
};
use dossier::delivery::DossierResult;
use dossier::feedback::Complaint;
use dossier::intake::{Filed, Intake};
use dossier::payment::Payment;
use dossier::search::{Fields, Terms};
use dossier::services::Category;
use engine::tasks::{Handled, Handler, Rest, Rows, Stalled, Work};
use engine::{Engine, Streams, decode, fold, stream_id};
use events::{Page, Position, ReadError, Recorded, StreamName};
use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::index::{self, Inserts, Kind, Words};
use super::key::{Key, Part};
use super::merge::Merge;

/// The kinds of events whose texts are found.
pub(super) const KINDS: &[&str] = &[
    "intake.DossierSubmitted",
    "intake.SupplementSubmitted",
    "intake.DossierTransferred",
    "payment.ReceiptNumbered",
    "delivery.ResultIssued",
    "delivery.ResultHandedToCarrier",
    "delivery.DeliveryChannelChosen",
    "feedback.ComplaintFiled",
    "feedback.ComplaintForwarded",
];

/// Handles events by changes of the index.
#[derive(Debug)]
pub(crate) struct Indexer {
    engine: Arc<Engine>,
    key: Key,
    fields: BTreeMap<ProcedureRef, Arc<Fields>>,
    merge: Merge,
}

/// A change of the index.
enum Change {
    /// A record, and all its papers if its rights have changed.
    Record {
        id: Uuid,
        words: Words,
        rights: String,
        papers: Option<Vec<Words>>,
    },
    Paper {
        id: Uuid,
        words: Words,
    },
}

impl Handler for Indexer {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let (mut changes, mut read) = (Vec::new(), BTreeSet::new());
        let mut drafts = Drafts::default();
        // The papers of a dossier that is transferred are read with it, up to the end of the page.
        let moved: BTreeSet<Uuid> =
            page.events.iter().filter_map(|event| transferred(event)).collect();
        for event in &page.events {
            match drafts.take(event) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    self.leave_out(event, &error);
                    continue;
                }
            }
            match paper(event) {
                Ok(Some((id, _))) if moved.contains(&id) && !drafts.has(id) => {}
                Ok(Some((id, words))) => changes.push(Change::Paper { id, words }),
                Ok(None) => {}
                Err(error) => self.leave_out(event, &error),
            }
            let is_complaint = event.stream.category() == Complaint::CATEGORY;
            let is_read = is_complaint || corrects(event);
            if is_read && read.insert(event.stream.clone()) {
                changes.extend(if is_complaint {
                    self.complaint(&event.stream).await?
                } else {
                    let is_moved = stream_id(event).is_ok_and(|id| moved.contains(&id));
                    self.corrected((&event.stream, is_moved), page.through).await?
                });
            }
        }
        let key = self.key.clone();
        let new = drafts.filed.into_values();
        let new: Vec<Change> =
            new.map(|filed| self.dossier(&filed.brief, filed.form.known(), None)).collect();
        self.merge.add(new.len() + changes.len());
        Ok(Handled::Rows(Box::new(move |rows| {
            let mut inserts = Inserts::default();
            for change in new.iter().chain(&changes) {
                change.apply((rows, &mut inserts), &key)?;
            }
            inserts.write(rows)
        })))
    }

    async fn rest(&mut self, _at: Position) -> Result<Rest, Stalled> {
        let save = self.merge.is_due();
        Ok(Rest::Until { wake_at: save.then(|| self.engine.clock.now()), save })
    }

    async fn state(&mut self) -> Result<Rows, Stalled> {
        Ok(self.merge.step())
    }

    fn saved(&mut self) {
        self.merge.done();
    }
}

/// The dossier that an event transfers to another agency.
fn transferred(event: &Recorded) -> Option<Uuid> {
    (&*event.kind == Filed::TRANSFERRED).then(|| stream_id(event).ok()).flatten()
}

/// The dossiers that were submitted in a page, as the page leaves them: indexed once, before the
/// papers in the page. In the order of submission.
#[derive(Default)]
struct Drafts {
    filed: BTreeMap<Position, Filed>,
    positions: BTreeMap<StreamName, Position>,
}

impl Drafts {
    /// Whether the event is one of a dossier that was submitted in this page, and no paper.
    fn take(&mut self, event: &Recorded) -> Result<bool, ReadError> {
        let at = if &*event.kind == Filed::SUBMITTED {
            *self.positions.entry(event.stream.clone()).or_insert(event.position)
        } else if let Some(at) = self.positions.get(&event.stream) {
            *at
        } else {
            return Ok(false);
        };
        let event = decode(event)?;
        if let Some(filed) = Filed::after(self.filed.remove(&at), event) {
            self.filed.insert(at, filed);
        }
        Ok(true)
    }

    fn has(&self, dossier: Uuid) -> bool {
        self.positions.contains_key(&Streams::<Intake>::of(dossier))
    }
}

impl Indexer {
    pub(super) fn new(engine: Arc<Engine>, key: Key) -> Self {
        Self { engine, key, fields: BTreeMap::new(), merge: Merge::default() }
    }

    /// An index can be rebuilt, so an event that cannot be decoded does not stop it.
    fn leave_out(&self, event: &Recorded, error: &ReadError) {
        let kind = &*event.kind;
        tracing::error!(kind, %error, "event could not be indexed; not found by its words");
        self.engine.metrics.defect(Work::Shows.name());
    }

    /// The dossier of a stream of intake with its newest form and agency. After a transfer also its
    /// papers up to `through`: the rows of papers have the rights of their dossier.
    async fn corrected(
        &mut self,
        (stream, transferred): (&StreamName, bool),
        through: Position,
    ) -> Result<Option<Change>, ReadError> {
        let mut filed = None;
        for event in &self.engine.store.read_whole(stream).await? {
            if Filed::is_changed_by(&event.kind) {
                match decode(event) {
                    Ok(event) => filed = Filed::after(filed, event),
                    Err(error) => self.leave_out(event, &error),
                }
            }
        }
        let Some(Filed { brief, form }) = filed else { return Ok(None) };
        let papers =
            if transferred { Some(self.papers(brief.dossier, through).await?) } else { None };
        Ok(Some(self.dossier(&brief, form.known(), papers)))
    }

    /// The words of all papers of a dossier up to a position.
    async fn papers(
        &self,
        DossierId(id): DossierId,
        through: Position,
    ) -> Result<Vec<Words>, ReadError> {
        let mut papers = Vec::new();
        for stream in [Streams::<Payment>::of(id), Streams::<DossierResult>::of(id)] {
            let events = self.engine.store.read_whole(&stream).await?;
            for event in events.iter().filter(|event| event.position <= through) {
                match paper(event) {
                    Ok(paper) => papers.extend(paper.map(|(_, words)| words)),
                    Err(error) => self.leave_out(event, &error),
                }
            }
        }
        Ok(papers)
    }

    fn dossier(
        &mut self,
        brief: &Brief,
        form: Option<&Value>,
        papers: Option<Vec<Words>>,
    ) -> Change {
        let mut terms = Terms::default();
        terms.code(brief.code.as_str());
        terms.id(&brief.dossier.to_string());
        for party in std::iter::once(&brief.applicant).chain(&brief.representative) {
            if let Ok(code) = tax_code(party.as_str()) {
                terms.number(&code);
            }
        }
        let (mut address, mut content) = (Terms::default(), Terms::default());
        of_recipient(&brief.delivery, &mut address);
        if let Some(form) = form {
            self.fields_of(&brief.procedure).index(form, &mut content);
        }
        let words = vec![(Part::Open, terms), (Part::Address, address), (Part::Content, content)];
        let DossierId(id) = brief.dossier;
        let rights = index::rights(&self.key, Kind::Dossier, &brief.resource());
        Change::Record { id, words, rights, papers }
    }

    /// The complaint of a stream: its number, and the complainant's name, telephone number and
    /// e-mail address.
    async fn complaint(&self, stream: &StreamName) -> Result<Option<Change>, ReadError> {
        let events = self.engine.store.read_whole(stream).await?;
        let complaint: Complaint = match fold(&events) {
            Ok(complaint) => complaint,
            Err(error) => {
                events.last().inspect(|event| self.leave_out(event, &error));
                return Ok(None);
            }
        };
        let Some((filed, resource)) = complaint.filed.as_ref().zip(complaint.resource()) else {
            return Ok(None);
        };
        let mut terms = Terms::default();
        terms.id(&filed.complaint.to_string());
        if let Some(number) = &filed.number {
            terms.number(&number.to_string());
        }
        let mut who = Terms::default();
        if let Some(contact) = filed.contact.known() {
            who.text(&contact.name);
            who.number(&contact.phone);
        }
        if let Some(email) = filed.email.as_ref().and_then(|email| email.known()) {
            who.text(email);
        }
        let rights = index::rights(&self.key, Kind::Complaint, &resource);
        let words = vec![(Part::Open, terms), (Part::Contact, who)];
        Ok(Some(Change::Record { id: filed.complaint.0, words, rights, papers: None }))
    }

    /// The fields of a procedure's form; none if the procedure is unknown.
    fn fields_of(&mut self, procedure: &ProcedureRef) -> Arc<Fields> {
        if let Some(known) = self.fields.get(procedure) {
            return Arc::clone(known);
        }
        let law = self.engine.law();
        let Some(found) = law.procedure(procedure) else { return Arc::default() };
        let fields = Arc::new(Fields::of(found));
        self.fields.insert(procedure.clone(), Arc::clone(&fields));
        fields
    }
}

/// The dossier of an event that gives a paper, and the paper's words.
fn paper(event: &Recorded) -> Result<Option<(Uuid, Words)>, ReadError> {
    let mut terms = Terms::default();
    let part = match Category::named(event.stream.category()) {
        Some(Category::Payment) => match decode(event)? {
            PaymentEvent::ReceiptNumbered(receipt) => {
                of_receipt(&receipt, &mut terms);
                Part::Money
            }
            _ => return Ok(None),
        },
        Some(Category::Delivery) => match decode(event)? {
            DeliveryEvent::ResultIssued(issued) => {
                terms.number(&issued.number);
                Part::Open
            }
            DeliveryEvent::ResultHandedToCarrier(parcel) => {
                terms.number(&parcel.waybill);
                Part::Parcels
            }
            DeliveryEvent::DeliveryChannelChosen(chosen) => {
                of_recipient(&chosen.delivery, &mut terms);
                Part::Address
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let id = stream_id(event)?;
    Ok((!terms.is_empty()).then(|| (id, vec![(part, terms)])))
}

/// Whether the form or the agency of a dossier may be another one after this event. Most
/// supplements have documents only.
fn corrects(event: &Recorded) -> bool {
    Filed::CORRECTIONS.contains(&&*event.kind)
        && match decode(event) {
            Ok(IntakeEvent::SupplementSubmitted(supplement)) => {
                supplement.brief.is_some() || supplement.form.is_some()
            }
            // What cannot be decoded is reported when the stream is read.
            _ => true,
        }
}

/// A receipt is found by symbol, year and number, which is printed with seven digits.
fn of_receipt(receipt: &ReceiptNumbered, terms: &mut Terms) {
    let ReceiptNumbered { symbol, year, number, .. } = receipt;
    terms.code(&format!("{symbol}/{year}/{number:07}"));
    terms.id(&number.to_string());
}

/// A dossier is found by name and telephone number of the recipient of its result.
fn of_recipient(delivery: &Delivery, terms: &mut Terms) {
    let address = delivery.address.as_ref().and_then(|address| address.known());
    if let Some(Address { name, phone, .. }) = address {
        terms.text(name);
        terms.number(phone);
    }
}

impl Change {
    fn apply(
        &self,
        (rows, inserts): (&Connection, &mut Inserts),
        key: &Key,
    ) -> rusqlite::Result<()> {
        match self {
            Self::Record { id, words, rights, papers } => {
                inserts.put(rows, *id, (&index::tokens(key, words), rights))?;
                let Some(papers) = papers else { return Ok(()) };
                inserts.remove_papers(rows, *id)?;
                papers
                    .iter()
                    .try_for_each(|paper| inserts.add_paper(rows, *id, &index::tokens(key, paper)))
            }
            Self::Paper { id, words } => inserts.add_paper(rows, *id, &index::tokens(key, words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use events::Version;
    use serde_json::json;

    use super::*;

    fn recorded(position: u64, stream: &str, kind: &str, data: &Value) -> Recorded {
        Recorded {
            position: Position(position),
            stream: StreamName::new(stream).unwrap(),
            version: Version(position),
            id: Uuid::from_u128(position.into()),
            kind: kind.into(),
            data: data.to_string(),
            meta: "{}".to_owned(),
        }
    }

    fn submitted(position: u64, dossier: u128, form: &Value) -> Recorded {
        let id = Uuid::from_u128(dossier);
        let brief = json!({
            "dossier": id, "code": format!("G02.001-261126-{dossier:010}"),
            "procedure": { "code": "CO.D", "version": 1 }, "agency": "G02.001",
            "channel": "online", "applicant": "c1", "public": {}, "groups": [],
            "delivery": { "channel": "download" }, "submitted_at": "2026-11-26T02:00:00Z",
        });
        let data = json!({
            "brief": brief, "form": { "$personal": form }, "documents": [], "fee_first": false,
        });
        recorded(position, &format!("intake-{id}"), Filed::SUBMITTED, &data)
    }

    fn supplement(position: u64, dossier: u128, form: Option<&Value>) -> Recorded {
        let mut data = json!({
            "request": 1, "documents": [], "started_at": "2026-11-26T02:00:00Z",
            "resumes_clock": false,
        });
        if let Some(form) = form {
            data["form"] = json!({ "$personal": form });
        }
        let stream = format!("intake-{}", Uuid::from_u128(dossier));
        recorded(position, &stream, "intake.SupplementSubmitted.v1", &data)
    }

    #[test]
    fn a_dossier_that_is_submitted_and_corrected_in_a_page_is_indexed_once_with_its_last_form() {
        let mut drafts = Drafts::default();
        let (first, last) = (json!({ "name": "Lan" }), json!({ "name": "Mai" }));
        assert!(drafts.take(&submitted(1, 7, &first)).unwrap());
        assert!(drafts.take(&submitted(2, 5, &first)).unwrap());
        assert!(drafts.take(&supplement(3, 7, Some(&last))).unwrap());
        assert!(drafts.take(&supplement(4, 5, None)).unwrap());
        assert!(!drafts.take(&supplement(5, 9, Some(&last))).unwrap(), "of an earlier page");
        let forms: Vec<_> =
            drafts.filed.values().map(|filed| filed.form.known().cloned()).collect();
        assert_eq!(forms, [Some(last), Some(first)], "in the order of submission");
    }

    #[test]
    fn a_dossier_is_read_again_only_after_what_changes_its_form_or_agency() {
        assert!(!corrects(&supplement(1, 7, None)));
        assert!(corrects(&supplement(1, 7, Some(&json!({})))));
        assert!(!corrects(&submitted(1, 7, &json!({}))));
    }
}
