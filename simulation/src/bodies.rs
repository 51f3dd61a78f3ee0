//! What is in the bodies of actions, from what is seen of a dossier.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::forms;
use crate::procedures::{Subject, document};
use crate::seen::{Seen, number, text};

/// The present outage, if there is one.
pub(crate) fn lasting(seen: &Seen) -> Option<&Value> {
    let mut outages = seen.outages.as_array()?.iter();
    outages.find(|outage| outage.get("to").is_none_or(Value::is_null))
}

#[expect(clippy::unnecessary_wraps, reason = "as the table of actions has it")]
pub(crate) fn nothing(_: &Seen, _: &Subject) -> Option<Value> {
    Some(json!({}))
}

#[expect(clippy::unnecessary_wraps, reason = "as the table of actions has it")]
pub(crate) fn because(_: &Seen, _: &Subject) -> Option<Value> {
    Some(json!({ "reason": "because" }))
}

pub(crate) fn later(seen: &Seen, hours: i64) -> Timestamp {
    seen.now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(seen.now)
}

pub(crate) fn first_component(subject: &Subject) -> Option<&str> {
    subject.procedure.documents.first().map(|component| component.code.as_str())
}

pub(crate) fn wanted(seen: &Seen) -> Vec<Value> {
    let components = seen.dossier.pointer("/supplement/components").and_then(Value::as_array);
    components.into_iter().flatten().filter_map(Value::as_str).map(document).collect()
}

pub(crate) fn supply(seen: &Seen, subject: &Subject) -> Option<Value> {
    seen.dossier.get("supplement")?;
    let mut documents = wanted(seen);
    if documents.is_empty() {
        documents.extend(first_component(subject).map(document));
    }
    Some(json!({ "documents": documents }))
}

pub(crate) fn supply_form(seen: &Seen, subject: &Subject) -> Option<Value> {
    seen.dossier.get("supplement")?;
    let form = forms::plain(&subject.procedure.form);
    Some(json!({ "documents": wanted(seen), "form": form }))
}

pub(crate) fn supply_with(seen: &Seen, subject: &Subject, edge: &str) -> Option<Value> {
    seen.dossier.get("supplement")?;
    let mut all = forms::at_edges(&subject.procedure.form).into_iter();
    let (_, form) = all.find(|(what, _)| what.contains(edge))?;
    Some(json!({ "documents": wanted(seen), "form": form }))
}

pub(crate) fn parcel(seen: &Seen, kind: &str) -> Option<Value> {
    let reference = seen.delivery.get("parcel_reference").filter(|r| !r.is_null())?;
    Some(json!({ "carrier": "vnpost", "event": "e$serial", "kind": kind, "reference": reference }))
}

pub(crate) fn notice(seen: &Seen, kind: &str, amount: fn(i64) -> i64) -> Option<Value> {
    let attempt = seen.payment.pointer("/attempts/0")?;
    Some(json!({
        "provider": attempt.get("provider"), "event": "e$serial", "transaction": "t$serial", "kind": kind,
        "reference": attempt.get("reference"), "amount_vnd": amount(number(attempt, "/amount_vnd")),
    }))
}

pub(crate) fn refund(seen: &Seen, amount: i64) -> Option<Value> {
    seen.payment.get("dossier")?;
    (amount > 0).then(|| json!({ "amount_vnd": amount, "reason": "because" }))
}

pub(crate) fn proposed_refund(seen: &Seen) -> Option<Value> {
    let refund = seen.payment.pointer("/proposed_refund/refund")?;
    Some(json!({ "refund": refund, "reason": "because" }))
}

pub(crate) fn proposed_entry(seen: &Seen) -> Option<Value> {
    let entry = seen.payment.pointer("/proposed_entry/entry")?;
    Some(json!({ "entry": entry, "reason": "because" }))
}

/// The other outcome of the first refund through a provider whose outcome is recorded.
pub(crate) fn other_outcome(seen: &Seen) -> Option<Value> {
    let sent = seen.payment.pointer("/sent_refunds/0")?;
    let (refund, reason) = (sent.get("refund")?, "because");
    Some(match sent.get("state")?.as_str()? {
        "refunded" => json!({ "refund": refund, "outcome": "refused", "reason": reason }),
        "refused" => json!({
            "refund": refund, "outcome": "refunded", "transaction": "T2", "reason": reason,
        }),
        _ => return None,
    })
}

/// That the whole amount of the first attempt is taken back or disputed, under a number in `field`.
pub(crate) fn taken(seen: &Seen, field: &str) -> Option<Value> {
    let attempt = seen.payment.pointer("/attempts/0")?;
    let amount = attempt.get("captured_vnd")?.as_i64().filter(|amount| *amount > 0)?;
    let payment = attempt.get("payment")?;
    Some(json!({ "payment": payment, "amount_vnd": amount, field: "N1", "reason": "because" }))
}

/// The first dispute of the first attempt.
pub(crate) fn dispute(seen: &Seen) -> Option<Value> {
    let dispute = seen.payment.pointer("/attempts/0/disputes/0/dispute")?;
    Some(json!({ "dispute": dispute, "reason": "because" }))
}

pub(crate) fn proposed_resolution(seen: &Seen) -> Option<Value> {
    let resolution = seen.payment.pointer("/proposed_resolution/resolution")?;
    Some(json!({ "resolution": resolution, "reason": "because" }))
}

pub(crate) fn duty(seen: &Seen) -> Option<Value> {
    let duties = seen.delivery.get("duties")?.as_array()?;
    let open = duties.iter().find(|duty| duty.get("met_at").is_none_or(Value::is_null))?;
    Some(json!({ "duty": open.get("duty"), "note": "done" }))
}

/// Decisions on the claims to groups that reduce the fee which have this outcome.
pub(crate) fn claims(seen: &Seen, outcome: &str, confirmed: bool) -> Vec<Value> {
    let claims = seen.dossier.get("claims").and_then(Value::as_array).into_iter().flatten();
    let found = claims.filter(|claim| text(claim, "/outcome") == outcome);
    let decide = |claim: &Value| json!({ "group": claim.get("group"), "confirmed": confirmed, "reason": "looked up" });
    found.map(decide).collect()
}

pub(crate) fn outcome(outcome: &str) -> Value {
    json!({ "outcome": outcome, "reason": "appraised" })
}

pub(crate) fn to_channel(seen: &Seen, delivery: Value) -> Option<Value> {
    seen.delivery.get("dossier")?;
    Some(json!({ "delivery": delivery }))
}

pub(crate) fn doubtful(seen: &Seen) -> Option<&Value> {
    let mut attempts = seen.payment.get("attempts")?.as_array()?.iter();
    attempts.find(|attempt| attempt["doubts"].as_array().is_some_and(|doubts| !doubts.is_empty()))
}

pub(crate) fn resolution(seen: &Seen, captured: i64) -> Option<Value> {
    let attempt = doubtful(seen)?;
    Some(
        json!({ "payment": attempt.get("payment"), "captured_vnd": captured, "reason": "the statement says so" }),
    )
}
