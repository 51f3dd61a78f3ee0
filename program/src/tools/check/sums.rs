//! Checks redundant data: the dossier's summary in every service, money and receipts, lateness and
//! due times.

use std::collections::{BTreeMap, BTreeSet};

use dossier::State as _;
use dossier::contract::{
    AgencyCode, Channel, DeliveryEvent, DossierCode, EventSet, IntakeEvent, Meta, NumberEvent,
    PaymentEvent, PaymentId, PaymentOrderEvent, PaymentOrderId, ProcedureRef, ReceiptEvent,
    Subject, Vnd,
};
use dossier::payment::Payment;
use events::Recorded;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::finding::{Finding, Findings};

/// Immutable data of each dossier, by id.
#[derive(Debug, Default)]
pub(super) struct Sums {
    briefs: BTreeMap<Uuid, Uuid>,
    /// The same digests after each transfer.
    moved: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Money received without a receipt yet, with the largest amount that it can be receipted for.
    money: BTreeMap<Uuid, (PaymentId, Vnd)>,
    /// The newest number of each register of results.
    numbers: BTreeMap<String, u64>,
    /// Numbers reserved for results that are not issued yet.
    taken: BTreeMap<Uuid, Vec<String>>,
    /// Notices of providers that were matched with an attempt.
    matched: BTreeSet<Uuid>,
    /// The parts of payment orders whose dossiers have no attempt yet.
    parts: BTreeMap<PaymentId, (PaymentOrderId, Vnd)>,
    /// The sums of payment orders that are not paid, and the attempts of their dossiers.
    totals: BTreeMap<PaymentOrderId, (Vnd, Vec<PaymentId>)>,
    /// Attempts whose payment order was paid and that have no part of the money yet.
    unpaid: BTreeMap<PaymentId, Unpaid>,
    /// Time of the newest event.
    newest: Timestamp,
}

/// A part of a paid order that its dossier has not got.
#[derive(Debug)]
struct Unpaid {
    /// The event of the order.
    stream: String,
    position: u64,
    /// The provider's name of the payment.
    provider_event: String,
    paid_at: Timestamp,
}

/// A provider's report about an attempt.
#[derive(Deserialize)]
struct Told {
    payment: PaymentId,
    provider_event: String,
}

/// Time after which all parts of a paid order are recorded. They follow at once; a process that was
/// killed in between records them after it was started again.
const PARTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The only kind of event that changes the agency of a dossier.
const TRANSFERRED: &str = "intake.DossierTransferred.v1";

/// Fields of a dossier that every service copies and none changes.
#[derive(Deserialize)]
struct Same {
    brief: Option<BriefOf>,
    /// The agency that transferred the dossier.
    from: Option<AgencyCode>,
}

#[derive(Deserialize)]
struct BriefOf {
    dossier: Uuid,
    code: DossierCode,
    procedure: ProcedureRef,
    agency: AgencyCode,
    channel: Channel,
    applicant: Subject,
    representative: Option<Subject>,
    submitted_at: Timestamp,
}

impl BriefOf {
    /// Kept as a digest: a million dossiers must not take a gigabyte.
    fn digest(&self, agency: &AgencyCode) -> Uuid {
        let Self { code, procedure, channel, applicant, representative, .. } = self;
        let submitted_at = self.submitted_at;
        let text = format!(
            "{code:?}\n{procedure:?}\n{agency:?}\n{channel:?}\n{applicant:?}\n{representative:?}\n{submitted_at}"
        );
        Uuid::new_v5(&self.dossier, text.as_bytes())
    }
}

/// A recorded miss and its lateness.
#[derive(Deserialize)]
struct Late {
    due_at: Timestamp,
    late_by_ms: i64,
}

impl Sums {
    /// Checks an event of any service.
    pub(super) fn look(&mut self, event: &Recorded, meta: &Meta, found: &mut Findings) {
        self.newest = self.newest.max(meta.at());
        self.brief(event, found);
        self.number(event, found);
        self.order(event, meta, found);
        // Foreseen lateness refers to another time than the due time.
        if event.data.contains("\"late_by_ms\"")
            && &*event.kind != "intake.LatenessForeseen.v1"
            && let Ok(Late { due_at, late_by_ms }) = serde_json::from_str(&event.data)
        {
            let since = due_at.checked_add(SignedDuration::from_millis(late_by_ms));
            if late_by_ms < 0 || since.is_ok_and(|since| since > meta.at()) {
                found.of(event, "late-by", "it is not as late as it says");
            }
        }
        // The streams of two dossiers: no append could refuse the second one.
        if let Ok(PaymentEvent::NoticeMatched(matched)) =
            PaymentEvent::decode(&event.kind, &event.data)
            && !self.matched.insert(matched.notice)
        {
            found.of(event, "notice", "the same money was matched with two payments");
        }
        if let Some((payment, most)) = money(event) {
            self.money.insert(event.id, (payment, most));
        }
        if let Ok(ReceiptEvent::ReceiptIssued(receipt)) =
            ReceiptEvent::decode(&event.kind, &event.data)
        {
            if receipt.number != event.version.0 {
                found.of(event, "receipt", "a receipt whose number is not its place");
            }
            let fits = |(payment, most): (PaymentId, Vnd)| {
                payment == receipt.payment && receipt.amount > Vnd::ZERO && receipt.amount <= most
            };
            if !self.money.remove(&receipt.source).is_some_and(fits) {
                found.of(event, "receipt", "a receipt for other money than came in");
            }
        }
    }

    /// A payment order is the sum of its parts, is paid by exactly this sum, each attempt in it is
    /// for the part that it says, and each dossier gets its part.
    fn order(&mut self, event: &Recorded, meta: &Meta, found: &mut Findings) {
        match PaymentOrderEvent::decode(&event.kind, &event.data) {
            Ok(PaymentOrderEvent::OrderStarted(started)) => {
                let parts = started.members.iter().map(|member| member.amount);
                if Vnd::sum(parts) != Ok(started.total) {
                    found.of(event, "order", "a payment order that is not the sum of its parts");
                }
                let parts = started.members.iter();
                self.parts.extend(parts.map(|one| (one.payment, (started.order, one.amount))));
                let attempts = started.members.iter().map(|member| member.payment).collect();
                self.totals.insert(started.order, (started.total, attempts));
            }
            Ok(PaymentOrderEvent::OrderPaid(paid)) => {
                let (total, attempts) = self.totals.remove(&paid.order).unwrap_or_default();
                if total != paid.amount {
                    found.of(event, "order", "a payment order that another sum has paid");
                }
                self.unpaid.extend(attempts.into_iter().map(|attempt| {
                    let (stream, position) = (event.stream.to_string(), event.position.0);
                    let (provider_event, paid_at) = (paid.provider_event.clone(), meta.at());
                    (attempt, Unpaid { stream, position, provider_event, paid_at })
                }));
            }
            _ => {}
        }
        self.part(event);
        if let Ok(PaymentEvent::PaymentStarted(started)) =
            PaymentEvent::decode(&event.kind, &event.data)
            && let Some(share) = &started.order
            && self.parts.remove(&started.payment) != Some((share.order, started.amount))
        {
            found.of(event, "order", "an attempt for another part than its payment order has");
        }
    }

    /// A dossier has got its part of a paid order.
    fn part(&mut self, event: &Recorded) {
        if self.unpaid.is_empty() || event.stream.category() != Payment::CATEGORY {
            return;
        }
        if let Ok(Told { payment, provider_event }) = serde_json::from_str(&event.data)
            && self.unpaid.get(&payment).is_some_and(|one| one.provider_event == provider_event)
        {
            self.unpaid.remove(&payment);
        }
    }

    /// Adds what is missing at the end of the log.
    pub(super) fn done(&self, found: &mut Findings) {
        for (payment, Unpaid { stream, position, paid_at, .. }) in &self.unpaid {
            let what = format!("the attempt {payment} has no part of the money of its order");
            let is_late = self.newest.duration_since(*paid_at) > PARTS_WITHIN;
            let finding =
                Finding { kind: "order", stream: stream.clone(), position: *position, what };
            if is_late { found.add(finding) } else { found.add_note(finding) }
        }
    }

    /// Numbers of a register are consecutive, and a result has the number that was reserved for it.
    /// Before registers existed, none was reserved.
    fn number(&mut self, event: &Recorded, found: &mut Findings) {
        if let Ok(NumberEvent::NumberTaken(taken)) = NumberEvent::decode(&event.kind, &event.data) {
            self.taken.entry(taken.dossier.0).or_default().push(taken.number);
            let Some(sequence) = taken.sequence else { return };
            let before = self.numbers.insert(event.stream.id().to_owned(), sequence).unwrap_or(0);
            if before.checked_add(1) != Some(sequence) {
                found.of(event, "number", format!("{sequence} follows {before} in the register"));
            }
        } else if let Ok(DeliveryEvent::ResultIssued(issued)) =
            DeliveryEvent::decode(&event.kind, &event.data)
            && let Ok(dossier) = event.stream.id().parse::<Uuid>()
            && let Some(taken) = self.taken.remove(&dossier)
            && !taken.contains(&issued.number)
        {
            found.of(event, "number", "issued under another number than was taken for it");
        }
    }

    /// Every service copies the submitted summary unchanged; only a transfer changes its agency.
    fn brief(&mut self, event: &Recorded, found: &mut Findings) {
        if !event.data.contains("\"brief\"") {
            return;
        }
        let Ok(Same { brief: Some(brief), from }) = serde_json::from_str(&event.data) else {
            return;
        };
        // What follows from events before a transfer has the earlier agency.
        let from = from.filter(|_| &*event.kind == TRANSFERRED);
        let digest = brief.digest(from.as_ref().unwrap_or(&brief.agency));
        let submitted = *self.briefs.entry(brief.dossier).or_insert(digest);
        let moved = self.moved.get(&brief.dossier);
        let is_known = submitted == digest || moved.is_some_and(|all| all.contains(&digest));
        if from.is_some() {
            let after = brief.digest(&brief.agency);
            self.moved.entry(brief.dossier).or_default().insert(after);
        }
        if !is_known || brief.dossier.to_string() != event.stream.id() {
            found.of(event, "brief", "it tells of another dossier than was submitted");
        }
    }
}

/// The payment that received money by this event, and the largest amount.
fn money(event: &Recorded) -> Option<(PaymentId, Vnd)> {
    match PaymentEvent::decode(&event.kind, &event.data).ok()? {
        PaymentEvent::PaymentCaptured(captured) => Some((captured.payment, captured.amount)),
        PaymentEvent::CashReceived(cash) => Some((cash.payment, cash.amount)),
        PaymentEvent::DiscrepancyResolved(found) => Some((found.payment, found.captured)),
        _ => None,
    }
}

/// A receipt has the amount that the law gives; in older logs, all that the event received. A
/// smaller amount is valid only with a recorded reason: the rest is disputed or must be returned.
pub(super) fn receipt(event: &Recorded, payment: &Payment, found: &mut Findings) {
    let Ok(ReceiptEvent::ReceiptIssued(receipt)) = ReceiptEvent::decode(&event.kind, &event.data)
    else {
        return;
    };
    let fits = payment.receipt_for(receipt.source).is_some_and(|owed| {
        let in_part = owed.amount == receipt.amount && !payment.owes_unannounced();
        owed.brought == receipt.amount || in_part
    });
    if !fits {
        found.of(event, "receipt", "a receipt for another amount than is receipted");
    }
}

/// A settled fee was received, and no more is returned than was received.
pub(super) fn payment(event: &Recorded, before: &Payment, found: &mut Findings) {
    match PaymentEvent::decode(&event.kind, &event.data) {
        Ok(PaymentEvent::FeeSettled(_)) if before.outstanding() > Vnd(0) => {
            found.of(event, "sum", format!("settled, with {} outstanding", before.outstanding().0));
        }
        Ok(PaymentEvent::PaymentRefunded(refund)) => {
            let refunded = before.refunded.0.saturating_add(refund.amount.0);
            if refunded > before.received.0 {
                found.of(event, "sum", "more goes back than came in");
            }
        }
        Ok(PaymentEvent::PaymentReversed(reversed))
            if reversed.amount > before.reversible(reversed.payment) =>
        {
            found.of(event, "sum", "more was taken back than the attempt had left");
        }
        _ => {}
    }
}

/// Checks that the stage allows the step.
pub(super) fn stage(event: &Recorded, before: &dossier::intake::Intake, found: &mut Findings) {
    use dossier::intake::Stage;
    let Ok(decoded) = IntakeEvent::decode(&event.kind, &event.data) else { return };
    let fits = match decoded {
        IntakeEvent::DossierSubmitted(_) => before.stage() == Stage::Empty,
        IntakeEvent::DossierAccepted(_) | IntakeEvent::DossierRefused(_) => {
            before.stage() == Stage::Submitted
        }
        IntakeEvent::DossierDecided(_)
        | IntakeEvent::AppointmentMoved(_)
        | IntakeEvent::AppointmentFixed(_)
        | IntakeEvent::DeadlineExtended(_) => before.stage() == Stage::Processing,
        IntakeEvent::SupplementRequested(_) => before.is_open(),
        IntakeEvent::SupplementSubmitted(_) => before.open_request().is_some(),
        // A period to answer begins only before acceptance, while no supplement is awaited.
        IntakeEvent::FeeReceived(fee) if fee.answer_due_at.is_some() => {
            before.stage() == Stage::Submitted && before.open_request().is_none()
        }
        _ => before.stage() != Stage::Empty,
    };
    if !fits {
        found.of(event, "step", format!("no step leads here from {:?}", before.stage()));
    }
}
