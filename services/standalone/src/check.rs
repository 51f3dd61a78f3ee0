//! `dossier check`: reads the whole log again and verifies what can be verified.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Result, bail};
use clap::Parser;
use dossier::clock;
use dossier::contract::{
    ComplaintEvent, DeliveryEvent, Envelope, EventSet, IntakeEvent, LawEvent, Meta, PaymentEvent,
    Promise, RatingEvent, ReceiptEvent, ReviewEvent, UnmatchedEvent,
};
use dossier::delivery::{DossierResult, Stage};
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use dossier::law::Law;
use dossier::payment::Payment;
use dossier::review::Review;
use dossier::{LawError, Rule, State};
use events::{EventStore, Filter, NewEvent, Position, Recorded};
use jiff::Timestamp;
use service_kit::rulebook;
use uuid::Uuid;

/// Check the log.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
}

/// What was looked at and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Events that were read.
    pub events: u64,
    /// Promised dates that were computed again.
    pub promises: u64,
    /// Other periods that were computed again.
    pub periods: u64,
    /// What is wrong, at most a thousand.
    pub findings: Vec<String>,
}

const FINDINGS_MAX: usize = 1_000;

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let store = arguments.data.open()?.store().await?;
    let report = check(&store).await?;
    let mut out = std::io::stdout();
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(
        out,
        "{} events, {} promised dates and {} other periods computed again, {} findings",
        report.events,
        report.promises,
        report.periods,
        report.findings.len()
    )?;
    if report.findings.is_empty() {
        Ok(())
    } else {
        bail!("the log has {} findings", report.findings.len())
    }
}

/// Reads the whole log of `store`.
pub async fn check(store: &EventStore) -> Result<Report> {
    let mut checker = Checker::default();
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await?;
        if page.through == after {
            return Ok(checker.report);
        }
        for event in &page.events {
            checker.look_at(event, after);
            after = event.position;
        }
        after = page.through;
    }
}

#[derive(Default)]
struct Checker {
    /// As it was when the event was recorded.
    law: Law,
    report: Report,
    versions: BTreeMap<String, u64>,
    ids: BTreeSet<Uuid>,
    /// Index of the event within its command, by stream.
    commands: BTreeMap<String, (Uuid, usize)>,
    /// Dossiers that are not at their end, as folded so far.
    dossiers: BTreeMap<String, Intake>,
    payments: BTreeMap<String, Payment>,
    reviews: BTreeMap<String, Review>,
    results: BTreeMap<String, DossierResult>,
    complaints: BTreeMap<String, Complaint>,
}

impl Checker {
    fn find(&mut self, event: &Recorded, what: &str) {
        if self.report.findings.len() < FINDINGS_MAX {
            let position = event.position.0;
            self.report
                .findings
                .push(format!("{position} {} {}: {what}", event.stream, event.kind));
        }
    }

    fn look_at(&mut self, event: &Recorded, after: Position) {
        self.report.events += 1;
        if event.position <= after {
            self.find(event, "a position that does not grow");
        }
        let version = self.versions.entry(event.stream.to_string()).or_default();
        *version += 1;
        if *version != event.version.0 {
            self.find(event, "a version that does not follow the one before it");
        }
        if !self.ids.insert(event.id) {
            self.find(event, "an id that stands in the log twice");
        }
        if !readable(event) {
            self.find(event, "a payload that cannot be read");
        }
        if event.kind.starts_with("numbering.") || event.kind.starts_with("bus.") {
            return;
        }
        let Ok(envelope) = serde_json::from_str::<Envelope>(&event.meta) else {
            return self.find(event, "metadata that cannot be read");
        };
        match event.stream.category() {
            "receipts" => self.check_receipt(event),
            "unmatched" => {}
            _ => self.check_id(event, envelope.command),
        }
        if event.kind.starts_with("law.")
            && let Err(error) = rulebook::take(&mut self.law, event)
        {
            self.find(event, &error.to_string());
        }
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        match self.said(event, &meta) {
            Ok(None) => {}
            Ok(Some((due_at, end))) => {
                self.report.periods += 1;
                if due_at != end {
                    self.find(
                        event,
                        &format!("a period said to end {due_at}, the law gives {end}"),
                    );
                }
            }
            Err(error) => self.find(event, &error.to_string()),
        }
    }

    /// The period that the event opened or made longer.
    fn said(&mut self, event: &Recorded, meta: &Meta) -> Said {
        let (law, id) = (&self.law, event.stream.id());
        match event.stream.category() {
            "intake" => {
                self.check_promise(event, meta);
                match self.dossiers.get(id) {
                    Some(intake) => said_period(&self.law, intake, event, meta),
                    None => {
                        // What is at its end needs no memory any more.
                        self.payments.remove(id);
                        self.reviews.remove(id);
                        Ok(None)
                    }
                }
            }
            "payment" => period_of(law, &mut self.payments, event, meta),
            "review" => period_of(law, &mut self.reviews, event, meta),
            "delivery" => {
                let said = period_of(law, &mut self.results, event, meta);
                // Nor does that of which nothing is owed.
                if self.results.get(id).is_some_and(|result| {
                    result.stage == Stage::Delivered && result.obligations().is_empty()
                }) {
                    self.results.remove(id);
                }
                said
            }
            "complaint" => period_of(law, &mut self.complaints, event, meta),
            _ => Ok(None),
        }
    }

    /// The id follows from command, stream and index.
    fn check_id(&mut self, event: &Recorded, command: Uuid) {
        let stream = event.stream.to_string();
        let index = match self.commands.get(&stream) {
            Some((last, index)) if *last == command => index + 1,
            _ => 0,
        };
        let expected = NewEvent::id_of(&event.stream, command, index);
        self.commands.insert(stream, (command, index));
        if expected != event.id {
            self.find(event, "an id that does not follow from its command");
        }
    }

    /// The number is the receipt's place in its stream.
    fn check_receipt(&mut self, event: &Recorded) {
        if let Ok(ReceiptEvent::ReceiptIssued(receipt)) =
            ReceiptEvent::decode(&event.kind, &event.data)
            && receipt.number != event.version.0
        {
            self.find(event, "a receipt whose number is not its place");
        }
    }

    /// What was promised is what start, budget, ledger and calendar give.
    fn check_promise(&mut self, event: &Recorded, meta: &Meta) {
        let Ok(decoded) = IntakeEvent::decode(&event.kind, &event.data) else { return };
        let intake = self.dossiers.entry(event.stream.id().to_owned()).or_default();
        intake.evolve(&decoded, meta);
        let (promise, fixed_at) = match &decoded {
            IntakeEvent::DossierAccepted(accepted) => (accepted.promise.clone(), None),
            IntakeEvent::SupplementSubmitted(supplement) => (supplement.promise.clone(), None),
            IntakeEvent::DeadlineExtended(extended) => (Some(extended.promise.clone()), None),
            IntakeEvent::TimeNotCounted(span) => (span.promise.clone(), None),
            IntakeEvent::FeeReceived(fee) => (fee.promise.clone(), None),
            IntakeEvent::AppointmentFixed(fixed) => (Some(fixed.promise.clone()), Some(fixed.at)),
            // A date that stood although the law would now give an earlier one was compared when it was promised.
            IntakeEvent::DeadlineRestated(restated)
                if restated.promise.due_at > restated.was_due_at =>
            {
                (Some(restated.promise.clone()), None)
            }
            IntakeEvent::DossierClosed(_)
            | IntakeEvent::DossierWithdrawn(_)
            | IntakeEvent::DossierRefused(_) => {
                self.dossiers.remove(event.stream.id());
                return;
            }
            _ => return,
        };
        let Some(promise) = promise else { return };
        self.report.promises += 1;
        if let Some(wrong) = contradiction(&self.law, intake, &promise, fixed_at, meta.at()) {
            self.find(event, &wrong);
        }
    }
}

/// The period that an event opened or made longer: when it was said to end, and when the law ends it.
type Said = Result<Option<(Timestamp, Timestamp)>, LawError>;

/// Folds the event in and looks at what it opened.
fn period_of<S: State>(
    law: &Law,
    states: &mut BTreeMap<String, S>,
    event: &Recorded,
    meta: &Meta,
) -> Said {
    let Ok(decoded) = S::Event::decode(&event.kind, &event.data) else { return Ok(None) };
    let state = states.entry(event.stream.id().to_owned()).or_default();
    state.evolve(&decoded, meta);
    said_period(law, state, event, meta)
}

fn said_period<S: State>(law: &Law, state: &S, event: &Recorded, meta: &Meta) -> Said {
    let extends = event.kind.ends_with(".PeriodExtended.v1");
    for obligation in state.obligations() {
        let Some(period) = state.period(&obligation.kind, law)? else { continue };
        let running = period.running;
        let extended = extends && running.extended && running.known_at == meta.at();
        if extended || running.opened_by == meta.id && !running.extended {
            return Ok(Some((running.due_at, period.end()?.due_at)));
        }
    }
    Ok(None)
}

/// What the law gives instead of what was promised.
fn contradiction(
    law: &Law,
    intake: &Intake,
    promise: &Promise,
    fixed_at: Option<Timestamp>,
    at: Timestamp,
) -> Option<String> {
    if let Some(fixed_at) = fixed_at {
        return (promise.due_at != fixed_at)
            .then(|| format!("{fixed_at} was fixed, {} promised", promise.due_at));
    }
    let brief = &intake.submission.as_ref()?.brief;
    let Some(rule) = law.rule(&brief.procedure, &brief.agency, at) else {
        return Some("the law for it is not loaded".to_owned());
    };
    // An imposed date rests on no calendar.
    let calendar = law.calendar_in(&brief.agency, promise.calendar?);
    let Some(calendar) = calendar else {
        return Some("its calendar is not loaded".to_owned());
    };
    match clock::promise(Rule { calendar, ..rule }, brief.channel, &intake.ledger()?) {
        Ok(Some(computed)) if computed == *promise => None,
        Ok(computed) => {
            let computed = computed.map(|computed| computed.due_at);
            Some(format!("{} was promised, the law gives {computed:?}", promise.due_at))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn readable(event: &Recorded) -> bool {
    let (kind, data) = (&*event.kind, &*event.data);
    match event.stream.category() {
        "intake" => IntakeEvent::decode(kind, data).is_ok(),
        "payment" => PaymentEvent::decode(kind, data).is_ok(),
        "receipts" => ReceiptEvent::decode(kind, data).is_ok(),
        "unmatched" => UnmatchedEvent::decode(kind, data).is_ok(),
        "review" => ReviewEvent::decode(kind, data).is_ok(),
        "delivery" => DeliveryEvent::decode(kind, data).is_ok(),
        "rating" => RatingEvent::decode(kind, data).is_ok(),
        "complaint" => ComplaintEvent::decode(kind, data).is_ok(),
        "law" | "outage" => LawEvent::decode(kind, data).is_ok(),
        "cursor" => data.parse::<u64>().is_ok(),
        "letters" => serde_json::from_str::<serde_json::Value>(data).is_ok(),
        "codes" => serde_json::from_str::<service_kit::codes::CodesTaken>(data).is_ok(),
        _ => false,
    }
}
