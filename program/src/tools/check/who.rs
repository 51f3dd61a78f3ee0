//! Checks permissions: every recorded step was allowed for the person who took it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dossier::access::{self, Caller, Denied, May, Resource};
use dossier::contract::{
    Actor, AgencyCode, Assigned, Brief, Entry, EventSet, Meta, PaymentEvent, PaymentReversed,
    RefundCorrected, RefundOutcome, ReviewEvent, Role, Subject,
};
use dossier::law::Law;
use dossier::mandates::{Credential, Mandate};
use dossier::payment::{Payment, Proposed};
use dossier::review::Review;
use dossier::services::ServiceName;
use events::Recorded;
use serde::Deserialize;

use super::finding::Findings;

/// Permissions for the steps that record a kind of event.
#[derive(Debug, Default)]
struct Allowed {
    mays: Vec<May>,
    /// Whether the service itself may take it.
    itself: bool,
}

/// Kinds that the service records itself apart from its own steps: a provider's response to a
/// query, and shipped rules.
const ALSO_ITSELF: [&str; 16] = [
    "payment.PaymentCaptured.v1",
    "payment.CaptureConfirmed.v1",
    "payment.DiscrepancyFound.v1",
    "payment.PaymentFailed.v1",
    "payment.FeeSettled.v1",
    "payment.RefundEnded.v1",
    "payment.PaymentRefunded.v1",
    "payment.FeeOwedAgain.v1",
    "payment.PaymentReversed.v1",
    "payment.DebtArisen.v1",
    "payment.PaymentDisputed.v1",
    "payment.DisputeEnded.v1",
    "delivery.WaybillTaken.v1",
    "delivery.NumberTaken.v1",
    "delivery.CarrierNoticeUnmatched.v1",
    "law.RulesIssued.v1",
];

static ALLOWED: LazyLock<BTreeMap<&'static str, Allowed>> = LazyLock::new(|| {
    let mut allowed: BTreeMap<&'static str, Allowed> = BTreeMap::new();
    for step in ServiceName::ALL.into_iter().flat_map(ServiceName::steps) {
        for kind in step.events {
            let allowed = allowed.entry(kind).or_default();
            allowed.mays.extend(step.may);
            allowed.itself |= step.may.is_empty() || ALSO_ITSELF.contains(kind);
        }
    }
    allowed
});

/// Checks who recorded an event; `resource` is its stream before it.
pub(super) fn look(
    event: &Recorded,
    meta: &Meta,
    resource: Option<&Resource>,
    law: &Law,
    found: &mut Findings,
) {
    let actor = &meta.envelope.actor;
    // Every kind belongs to a step; other kinds cannot be decoded and are reported as such.
    let Some(allowed) = ALLOWED.get(&*event.kind) else { return };
    if actor.role == Role::System {
        if !allowed.itself {
            found.of(event, "role", "recorded by the service itself, which takes no such step");
        }
        return;
    }
    if meta.envelope.digest.is_empty() {
        found.of(event, "digest", "a caller's step without a digest of the request");
    }
    let predecessors =
        actor.agency.as_ref().map_or(Vec::new(), |own| law.predecessors(own, meta.at()));
    let caller = caller(actor, predecessors);
    match access::decide(&caller, &allowed.mays, resource) {
        Ok(_) => {}
        Err(Denied::Role) => {
            found.of(
                event,
                "role",
                format!("recorded as {:?}, who takes no such step", actor.role),
            );
        }
        // Logs may be older than the rule, and it is unknown since when it applied: it may have
        // been correct.
        Err(Denied::Party) => {
            found.note(event, "own-matter", "recorded by an officer who is a party to it");
        }
        Err(Denied::Scope) if by_the_old_rule(actor, &allowed.mays, resource) => {}
        Err(Denied::Scope) => {
            found.of(event, "reach", format!("recorded as {:?} of somebody else's", actor.role));
        }
    }
    named(event, actor, found);
}

/// Whether an applicant's step was allowed by the rule of older versions: whoever had filed for an
/// applicant had the applicant's access, and represented persons were not considered.
fn by_the_old_rule(actor: &Actor, mays: &[May], resource: Option<&Resource>) -> bool {
    actor.role == Role::Applicant
        && mays.iter().any(|may| may.role == Role::Applicant)
        && resource.is_some_and(|resource| {
            let mut parties = resource.owners.iter().chain(&resource.representatives);
            parties.any(|party| *party == actor.subject)
        })
}

fn caller(actor: &Actor, predecessors: Vec<AgencyCode>) -> Caller {
    Caller {
        subject: actor.subject.clone(),
        roles: vec![actor.role],
        agency: actor.agency.clone(),
        predecessors,
        on_behalf_of: actor.on_behalf_of.clone(),
        mandate: None,
        credential: actor.credential,
    }
}

/// Checks that whoever acted by a recorded mandate or credential was its holder. One that ended
/// while the step was being decided is a note.
pub(super) fn represents(
    event: &Recorded,
    meta: &Meta,
    (mandates, credentials): (&BTreeMap<String, Mandate>, &BTreeMap<String, Credential>),
    found: &mut Findings,
) {
    let actor = &meta.envelope.actor;
    if let Some(id) = actor.mandate {
        let granted = mandates.get(&id.to_string()).and_then(|m| Some((m, m.granted()?)));
        match granted {
            Some((mandate, granted))
                if actor.on_behalf_of.as_ref().is_some_and(|of| granted.terms.principal.is(of)) =>
            {
                if mandate.in_force(meta.at()).is_none() {
                    found.note(event, "mandate", "recorded by a mandate that was not in force");
                }
            }
            _ => found.of(event, "mandate", "recorded by a mandate that was not granted"),
        }
    }
    if let Some(id) = actor.credential {
        let credential = credentials.get(&id.to_string());
        let registered = credential.and_then(|credential| credential.registered.as_ref());
        if registered.is_none_or(|registered| registered.machine != actor.subject) {
            found.of(event, "credential", "recorded by a program that was not registered");
        } else if credential.is_none_or(|credential| credential.valid(meta.at()).is_none()) {
            found.note(event, "credential", "recorded by a program that was not registered then");
        }
    }
}

/// Checks that a deputy was named for the officer in whose place the event was recorded. Another
/// process may have recorded it before it knew that the absence had ended.
pub(super) fn deputy(
    event: &Recorded,
    meta: &Meta,
    (agency, law): (&AgencyCode, &Law),
    found: &mut Findings,
) {
    let Actor { subject, deputy_for, .. } = &meta.envelope.actor;
    let Some(officer) = deputy_for else { return };
    if !law.is_deputy(agency, (subject, officer), meta.at()) {
        found.note(event, "deputy", "recorded by a deputy whom the directory does not name");
    }
}

/// Events that contain the acting officer.
const BY_OFFICER: [&str; 4] = [
    "review.ReviewClaimed.v1",
    "review.ActivityCompleted.v1",
    "review.DecisionProposed.v1",
    "delivery.ResultIssued.v1",
];

/// Checks that the officer in an event is the one who recorded it.
fn named(event: &Recorded, actor: &Actor, found: &mut Findings) {
    #[derive(Deserialize)]
    struct Named {
        officer: Option<Subject>,
        /// Present if another officer or a rule chose the officer.
        assigned: Option<Assigned>,
        complainant: Option<Subject>,
        brief: Option<Brief>,
    }
    let kind = &*event.kind;
    let submitted = kind == "intake.DossierSubmitted.v1" && actor.role == Role::Applicant;
    if !submitted && !BY_OFFICER.contains(&kind) && kind != "feedback.ComplaintFiled.v1" {
        return;
    }
    let Ok(named) = serde_json::from_str::<Named>(&event.data) else { return };
    let person = actor.on_behalf_of.as_ref().unwrap_or(&actor.subject);
    let applicant = named.brief.filter(|_| submitted).map(|brief| brief.applicant);
    let acting = named.officer.filter(|_| named.assigned.is_none());
    if acting.is_some_and(|officer| officer != actor.subject) {
        found.of(event, "actor", "it names another officer than the one who recorded it");
    }
    if applicant.is_some_and(|applicant| applicant != *person) {
        found.of(event, "actor", "it names another applicant than the one who submitted it");
    }
    let known = |subject: &Subject| *subject == *person || *subject == actor.subject;
    if actor.role == Role::Applicant && named.complainant.is_some_and(|subject| !known(&subject)) {
        found.of(event, "actor", "it names another complainant than the one who filed it");
    }
}

/// Checks that a decision of two officers equals the proposal of another one.
pub(super) fn four_eyes(
    event: &Recorded,
    meta: &Meta,
    before: &Review,
    law: &Law,
    found: &mut Findings,
) {
    let Ok(ReviewEvent::DecisionMade(made)) = ReviewEvent::decode(&event.kind, &event.data) else {
        return;
    };
    let actor = &meta.envelope.actor;
    if actor.role == Role::System {
        return;
    }
    if let Some(proposed) = before.proposal() {
        if proposed.officer == actor.subject {
            found.of(event, "four-eyes", "decided by the officer who proposed it");
        }
        if proposed.outcome != made.outcome || made.reason.as_ref() != Some(&proposed.reason) {
            found.of(event, "four-eyes", "decided otherwise than was proposed");
        }
        return;
    }
    let rule = law.rule(&made.brief.procedure, &made.brief.agency, meta.at());
    if rule.is_some_and(|rule| rule.procedure.review.four_eyes) {
        found.of(event, "four-eyes", "decided by one person, where two have to");
    }
}

/// Checks that a refund that needs two persons equals the proposal of another one. A single
/// person's decision above the limit is a note, because logs may be older than the rule.
pub(super) fn second_person(
    event: &Recorded,
    meta: &Meta,
    before: &Payment,
    law: &Law,
    found: &mut Findings,
) {
    let (what, proposed_by, alone) = match PaymentEvent::decode(&event.kind, &event.data) {
        // Who may send it back was decided when it was requested.
        Ok(PaymentEvent::PaymentRefunded(refund)) if refund.payment.is_some() => {
            let is_same = before.sent_refund(refund.refund).is_some_and(|sent| {
                let of = &sent.requested;
                sent.outcome() == Some(RefundOutcome::Refunded)
                    && refund.payment == Some(of.payment)
                    && refund.amount == of.amount
                    && refund.proposed_by == of.proposed_by
            });
            if !is_same {
                found.of(event, "refund", "otherwise than was requested of the provider");
            }
            return;
        }
        Ok(PaymentEvent::RefundCorrected(corrected)) => {
            let RefundCorrected { refund, outcome, transaction, proposed_by, .. } = corrected;
            let what = Entry::RefundOutcome { refund, outcome, transaction };
            (Proposed::Entry(what), Some(proposed_by), 0)
        }
        Ok(PaymentEvent::PaymentReversed(reversed)) if reversed.entry.is_some() => {
            let amount = reversed.whole();
            let PaymentReversed { payment, transaction, reversed_at, order, .. } = reversed;
            let transaction = transaction.unwrap_or_default();
            let order = order.map(|order| order.order);
            let what = Entry::Reversal { payment, amount, transaction, reversed_at, order };
            (Proposed::Entry(what), reversed.proposed_by, i64::MAX)
        }
        Ok(PaymentEvent::DebtWrittenOff(off)) => {
            let what = Entry::DebtWrittenOff { debt: off.debt };
            (Proposed::Entry(what), Some(off.proposed_by), 0)
        }
        Ok(PaymentEvent::RefundRequested(sent)) => {
            let alone = before.returned_alone().0.saturating_add(sent.amount.0);
            (Proposed::Refund(sent.amount), sent.proposed_by, alone)
        }
        Ok(PaymentEvent::PaymentRefunded(refund)) => {
            let alone = before.returned_alone().0.saturating_add(refund.amount.0);
            (Proposed::Refund(refund.amount), refund.proposed_by, alone)
        }
        Ok(PaymentEvent::DiscrepancyResolved(resolved)) => {
            let attempt = before.attempts.get(&resolved.payment);
            let above = attempt.map_or(0, |attempt| attempt.above(resolved.captured).0);
            let alone = if above > 0 { before.resolved_alone.0.saturating_add(above) } else { 0 };
            (Proposed::Resolution(resolved.payment, resolved.captured), resolved.proposed_by, alone)
        }
        _ => return,
    };
    let Some(proposed_by) = proposed_by else {
        let rules = law.payments(meta.at());
        if rules.is_some_and(|rules| alone > rules.second_person_above.0) {
            found.note(event, "four-eyes", "one person did alone what two have to agree on");
        }
        return;
    };
    if proposed_by == meta.envelope.actor.subject {
        found.of(event, "four-eyes", "agreed to by whoever proposed it");
    }
    let proposed = before.proposal.as_ref();
    if proposed.is_none_or(|proposal| proposal.by != proposed_by || proposal.what != what) {
        found.of(event, "four-eyes", "otherwise than was proposed, or by another one");
    }
}
