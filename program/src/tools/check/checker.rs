//! Checks each event against the events before it, the law at its time, and its cause.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use documents::Documents;
use dossier::State;
use dossier::clock::{self, Deadlines};
use dossier::contract::{ClosedAs, Envelope, EventSet, IntakeEvent, Meta, Vnd};
use dossier::delivery::{DossierResult, Stage};
use dossier::exchange::Subscriber;
use dossier::feedback::{Complaint, Rating};
use dossier::intake::Intake;
use dossier::law::{Law, Void};
use dossier::mandates::{Credential, Mandate};
use dossier::payment::issue_receipt::MONEY;
use dossier::payment::{Attempt, Payment};
use dossier::payment_orders::PaymentOrder;
use dossier::review::Review;
use dossier::services::Category;
use engine::rulebook;
use events::{EventStore, Flaw, Recorded};
use uuid::Uuid;

use super::Report;
use super::finding::Findings;
use super::follows::{self, Causes, Expected};
use super::order::Order;
use super::papers::Named;
use super::shared::Shared;
use super::sums::{self, Sums};
use super::{promises, slips, who};
use crate::data::DataDirectory;

pub(super) struct Checker {
    /// The law when the event was recorded.
    law: Law,
    report: Report,
    found: Findings,
    order: Order,
    causes: Causes,
    sums: Sums,
    shared: Shared,
    named: Named,
    /// Expected events of the newest command of each stream.
    expected: BTreeMap<String, Expected>,
    /// Dossiers that have not ended, as folded so far.
    dossiers: States<Intake>,
    payments: States<Payment>,
    reviews: States<Review>,
    results: States<DossierResult>,
    ratings: States<Rating>,
    complaints: States<Complaint>,
    /// Also those that have ended: steps were taken by them.
    mandates: States<Mandate>,
    orders: States<PaymentOrder>,
    credentials: States<Credential>,
    subscribers: States<Subscriber>,
    /// The number of versions that the form of a dossier had when money came that has no receipt
    /// yet, by the event that brought it.
    forms: BTreeMap<Uuid, usize>,
}

/// States of streams that have not ended, by the id in the stream's name.
type States<S> = BTreeMap<String, S>;

/// The event being checked.
struct Seen<'a> {
    event: &'a Recorded,
    meta: &'a Meta,
    law: &'a Law,
}

impl Checker {
    pub(super) fn new() -> Self {
        Self {
            law: Law::default(),
            report: Report::default(),
            found: Findings::default(),
            order: Order::default(),
            causes: Causes::default(),
            sums: Sums::default(),
            shared: Shared::default(),
            named: Named::default(),
            expected: BTreeMap::new(),
            dossiers: States::new(),
            payments: States::new(),
            reviews: States::new(),
            results: States::new(),
            ratings: States::new(),
            complaints: States::new(),
            mandates: States::new(),
            orders: States::new(),
            credentials: States::new(),
            subscribers: States::new(),
            forms: BTreeMap::new(),
        }
    }

    /// Adds a defect that the engine found.
    pub(super) fn flaw(&mut self, flaw: &Flaw) {
        self.found.flaw(flaw);
    }

    /// Checks the documents and keys; returns a message about what was not checked.
    pub(super) async fn beside(
        &mut self,
        directory: &DataDirectory,
        store: &EventStore,
    ) -> Result<Option<&'static str>> {
        for witness in directory.witnesses(store).await? {
            let head = store.head().0;
            let what =
                format!("the log ends at position {head}, but {witness}: its end is missing");
            self.found.about("log-lost", what);
        }
        if !directory.is_there() && !directory.has_documents_elsewhere() {
            return Ok((!self.named.is_empty()).then_some(
                "documents were not checked: no data directory; set --data or --documents",
            ));
        }
        if directory.is_there() && !directory.has_digest_key() {
            self.found.about(
                "key-missing",
                "the digest key is missing: retried requests will be refused as changed",
            );
        }
        if self.named.is_empty() {
            return Ok(None);
        }
        match directory.documents_to_read().await? {
            Some(documents) => self.compare_documents(&documents).await?,
            None => self.found.about("document-missing", "the folder of documents is missing"),
        }
        Ok(None)
    }

    pub(super) async fn compare_documents(&mut self, documents: &Documents) -> Result<()> {
        self.report.documents = self.named.compare(documents, &mut self.found).await?;
        Ok(())
    }

    pub(super) fn done(mut self) -> Report {
        if self.order.is_empty() {
            self.found.about("log-empty", "the log is empty: nothing was checked");
        }
        for Void { kind, name, version, reason, .. } in self.law.open_voids() {
            let what = format!(
                "{} {name} version {version} is no law, and no later version of it was issued: {reason}",
                kind.as_str()
            );
            self.found.about("law-void", what);
        }
        self.sums.done(&mut self.found);
        self.shared.done(&mut self.found);
        let Findings { listed: findings, count: found, notes, notes_count: noted } = self.found;
        Report { findings, found, notes, noted, ..self.report }
    }

    pub(super) fn look_at(&mut self, event: &Arc<Recorded>) {
        self.report.events += 1;
        self.order.look(event, &mut self.found);
        if !readable(event) {
            self.found.of(event, "unreadable", "a payload that cannot be read");
        }
        if event.kind.starts_with("numbering.") || event.kind.starts_with("bus.") {
            return;
        }
        let Ok(envelope) = serde_json::from_str::<Envelope>(&event.meta) else {
            return self.found.of(event, "unreadable", "metadata that cannot be read");
        };
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        let index = match Category::named(event.stream.category()) {
            Some(Category::Receipts | Category::Unmatched | Category::Numbers) => 0,
            _ => self.order.check_id(event, &meta, &mut self.found),
        };
        if event.kind.starts_with("law.") || event.kind.starts_with("directory.") {
            who::look(event, &meta, None, &self.law, &mut self.found);
            match rulebook::apply(&mut self.law, event) {
                Ok(None) => {}
                Ok(Some(void)) => self.found.note(event, "law-void", &void.reason),
                Err(error) => self.found.of(event, "law", error),
            }
        }
        let known = meta.envelope.cause.is_none_or(|cause| self.order.knows(cause));
        follows::caused(event, &meta, known, &mut self.found);
        self.sums.look(event, &meta, &mut self.found);
        self.shared.look(event, &meta, &mut self.found);
        self.named.look(event);
        self.follow(event, &meta, index);
        who::represents(event, &meta, (&self.mandates, &self.credentials), &mut self.found);
        self.step(event, &meta);
        self.causes.add(event);
    }

    /// Compares a reaction's event with what follows from its cause.
    fn follow(&mut self, event: &Recorded, meta: &Meta, index: usize) {
        let (law, stream) = (&self.law, event.stream.as_str());
        if index == 0 {
            let cause = meta.envelope.cause.and_then(|cause| self.causes.get(cause));
            let id = event.stream.id();
            let seen = Seen { event, meta, law };
            let expected =
                cause.and_then(|cause| match Category::named(event.stream.category())? {
                    Category::Intake => expected(&seen, self.dossiers.get(id), &cause),
                    Category::Payment => expected(&seen, self.payments.get(id), &cause),
                    Category::Review => expected(&seen, self.reviews.get(id), &cause),
                    Category::Delivery => expected(&seen, self.results.get(id), &cause),
                    Category::Rating => expected(&seen, self.ratings.get(id), &cause),
                    _ => None,
                });
            match expected {
                Some(expected) => self.expected.insert(stream.to_owned(), expected),
                None => self.expected.remove(stream),
            };
        }
        let expected = self.expected.get(stream);
        let one = expected.and_then(|expected| expected.get(index));
        follows::compare(event, one, &mut self.found);
        if expected.is_some_and(|expected| expected.len() <= index + 1) {
            self.expected.remove(stream);
        }
    }

    /// Folds the event into its stream, and checks its preconditions and the dates that it sets.
    fn step(&mut self, event: &Recorded, meta: &Meta) {
        let id = event.stream.id();
        let seen = Seen { event, meta, law: &self.law };
        let found = &mut self.found;
        let Some(category) = Category::named(event.stream.category()) else { return };
        let dates = match category {
            Category::Intake => return self.intake(event, meta),
            Category::Payment => {
                if let Some(intake) =
                    self.dossiers.get(id).filter(|_| MONEY.contains(&&*event.kind))
                {
                    self.forms.insert(event.id, intake.forms.len());
                }
                if let Some(before) = self.payments.get(id) {
                    sums::payment(event, before, found);
                    who::second_person(event, meta, before, &self.law, found);
                }
                let dates = folded(&seen, &mut self.payments, found);
                if self.payments.get(id).is_some_and(at_its_end) {
                    self.payments.remove(id);
                }
                dates
            }
            Category::Review => {
                if let Some(before) = self.reviews.get(id) {
                    who::four_eyes(event, meta, before, &self.law, found);
                }
                folded(&seen, &mut self.reviews, found)
            }
            Category::Delivery => {
                let dates = folded(&seen, &mut self.results, found);
                if let Some(result) = self.results.get(id) {
                    slips::label(event, (result, meta), &self.law, (&mut self.report, found));
                }
                // Ended streams without obligations are dropped from memory.
                if self.results.get(id).is_some_and(|result| {
                    result.stage() == Stage::Delivered
                        && clock::open_deadlines(result).next().is_none()
                }) {
                    self.results.remove(id);
                }
                dates
            }
            Category::Receipts => {
                let dossier = meta.envelope.dossier.map(|dossier| dossier.to_string());
                let Some(dossier) = dossier else { return };
                if let Some(payment) = self.payments.get(&dossier) {
                    sums::receipt(event, payment, found);
                }
                if let Some(intake) = self.dossiers.get(&dossier) {
                    let into = (&mut self.report, &mut self.found);
                    slips::receipt(event, (intake, meta), (&self.law, &mut self.forms), into);
                }
                return;
            }
            Category::Rating => return undated(&seen, &mut self.ratings, found),
            Category::Notes => {
                let resource = self.dossiers.get(id).and_then(State::resource);
                who::look(event, meta, resource.as_ref(), &self.law, found);
                return;
            }
            Category::Order => return undated(&seen, &mut self.orders, found),
            Category::Mandate => return undated(&seen, &mut self.mandates, found),
            Category::Credential => return undated(&seen, &mut self.credentials, found),
            Category::Subscriber => return undated(&seen, &mut self.subscribers, found),
            Category::Complaint => folded(&seen, &mut self.complaints, found),
            _ => return,
        };
        promises::compare(event, dates, &mut self.report, &mut self.found);
    }

    fn intake(&mut self, event: &Recorded, meta: &Meta) {
        let id = event.stream.id();
        let seen = Seen { event, meta, law: &self.law };
        if let Some(before) = self.dossiers.get(id) {
            sums::stage(event, before, &mut self.found);
        }
        let dates = folded(&seen, &mut self.dossiers, &mut self.found);
        let Ok(decoded) = IntakeEvent::decode(&event.kind, &event.data) else { return };
        if let Some(wrong) = promises::contradiction(&decoded) {
            self.found.of(event, "promise", wrong);
        }
        promises::compare(event, dates, &mut self.report, &mut self.found);
        if let Some(after) = self.dossiers.get(id) {
            let into = (&mut self.report, &mut self.found);
            slips::slip(event, (after, &decoded, meta), &self.law, into);
            if matches!(decoded, IntakeEvent::DossierDecided(_)) {
                let decision = self.reviews.get(id).and_then(Review::decision);
                let into = (&mut self.report, &mut self.found);
                slips::letter(event, (decision, after), &self.law, into);
            }
        }
        if matches!(
            decoded,
            IntakeEvent::DossierClosed(_)
                | IntakeEvent::DossierWithdrawn(_)
                | IntakeEvent::DossierRefused(_)
        ) {
            // Ended streams are dropped from memory, but money may still have to be returned.
            self.dossiers.remove(id);
            self.reviews.remove(id);
            if self.payments.get(id).is_some_and(at_its_end)
                || matches!(&decoded, IntakeEvent::DossierClosed(closed)
                    if matches!(closed.closed_as, ClosedAs::Delivered | ClosedAs::NoResult))
            {
                self.payments.remove(id);
            }
        }
    }
}

/// Whether a payment has ended.
fn at_its_end(payment: &Payment) -> bool {
    payment.closed().is_some_and(|closed| closed.dossier_ended)
        && payment.owed_back() == Vnd::ZERO
        && payment.owed_repayment().is_none()
        && payment.discrepancy.is_none()
        && payment.proposal.is_none()
        && !payment.attempts.values().any(Attempt::is_open)
}

/// Events that follow by the law, if the stream's state is known.
fn expected<S: State>(seen: &Seen<'_>, before: Option<&S>, cause: &Recorded) -> Option<Expected> {
    let begins = S::default();
    let before = before.or_else(|| (seen.event.version.0 == 1).then_some(&begins))?;
    follows::expected(seen.event, seen.meta, (before, seen.law), cause)
}

/// Checks who recorded the event, folds it, and returns the dates that it set.
fn folded<S: Deadlines>(
    seen: &Seen<'_>,
    states: &mut States<S>,
    found: &mut Findings,
) -> promises::Dates {
    let state = fold(seen, states, found);
    state.map_or(Ok(Vec::new()), |state| clock::check(state, seen.law, seen.meta))
}

/// Checks who recorded the event, and folds it, in a stream without dates.
fn undated<S: State>(seen: &Seen<'_>, states: &mut States<S>, found: &mut Findings) {
    fold(seen, states, found);
}

/// Checks who recorded the event, and folds it. States of ended streams are not kept.
fn fold<'s, S: State>(
    Seen { event, meta, law }: &Seen<'_>,
    states: &'s mut States<S>,
    found: &mut Findings,
) -> Option<&'s S> {
    let (id, first) = (event.stream.id(), event.version.0 == 1);
    let decoded = S::Event::decode(&event.kind, &event.data).ok()?;
    if !first && !states.contains_key(id) {
        return None;
    }
    let state = states.entry(id.to_owned()).or_default();
    who::look(event, meta, state.resource().as_ref(), law, found);
    if let Some((_, agency)) = state.received_under() {
        who::deputy(event, meta, (agency, law), found);
    }
    state.evolve(&decoded, meta);
    Some(state)
}

fn readable(event: &Recorded) -> bool {
    let (kind, data) = (&*event.kind, &*event.data);
    let Some(category) = Category::named(event.stream.category()) else { return false };
    match (category.events(), category) {
        (Some(events), _) => events.decode(kind, data).is_ok(),
        (None, Category::Cursor) => data.parse::<u64>().is_ok(),
        (None, Category::Letters) => serde_json::from_str::<serde_json::Value>(data).is_ok(),
        (None, _) => serde_json::from_str::<engine::codes::CodesTaken>(data).is_ok(),
    }
}
