//! The visible state of a dossier, and the fingerprint that tells states apart.

use anyhow::Result;
use dossier::contract::Role;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::procedures::{Subject, bearer};
use crate::world::World;

/// The visible state of a dossier.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    pub(crate) dossier: Value,
    pub(crate) review: Value,
    pub(crate) payment: Value,
    pub(crate) delivery: Value,
    pub(crate) obligations: Value,
    pub(crate) complaint: Value,
    pub(crate) outages: Value,
    pub(crate) complaint_id: Option<String>,
    etags: [String; 5],
    /// Answers with status 5xx, and what nobody has to do.
    pub(crate) failed: Vec<String>,
}

impl Seen {
    /// Reads everything about a dossier.
    pub(crate) async fn look(
        world: &mut World,
        subject: &Subject,
        id: &str,
        complaint_id: Option<String>,
    ) -> Result<Self> {
        let mut failed = Vec::new();
        let mut etags: [String; 5] = Default::default();
        let mut found: [Value; 7] = Default::default();
        let complaint = complaint_id.as_deref().unwrap_or_default();
        let paths = [
            format!("/v1/dossiers/{id}"),
            format!("/v1/reviews/{id}"),
            format!("/v1/payments/{id}"),
            format!("/v1/deliveries/{id}"),
            format!("/v1/complaints/{complaint}"),
            format!("/v1/register/dossiers/{id}/obligations"),
            "/v1/outages".to_owned(),
        ];
        let auditor = bearer(Role::Auditor, "auditor-1", &subject.top_agency());
        for (place, path) in paths.iter().enumerate() {
            if complaint.is_empty() && path.ends_with("complaints/") {
                continue;
            }
            let answer = world.office.get(path, auditor.clone()).await?;
            if answer.status.is_server_error() {
                failed.push(format!("GET {path}: {} {}", answer.status, answer.body));
            }
            if answer.status.is_success() {
                if let Some(etag) = etags.get_mut(place) {
                    *etag = answer.etag();
                }
                found[place] = answer.body;
            }
        }
        let [dossier, review, payment, delivery, complaint, obligations, outages] = found;
        failed.extend(nobodys(&dossier, &obligations));
        let (id, now) = (id.to_owned(), world.now());
        Ok(Self {
            id,
            now,
            dossier,
            review,
            payment,
            delivery,
            obligations,
            complaint,
            outages,
            complaint_id,
            etags,
            failed,
        })
    }

    /// Reads what is computed for it: deadline, timeline, durations.
    pub(crate) async fn look_closer(&mut self, world: &mut World, subject: &Subject) -> Result<()> {
        let auditor = bearer(Role::Auditor, "auditor-1", &subject.top_agency());
        let of = |what| format!("/v1/register/dossiers/{}/{what}", self.id);
        let mut paths = vec![of("timeline"), of("elapsed")];
        let parts = ["deadline", "slips", "labels", "notes", "messages"];
        paths.extend(parts.map(|part| format!("/v1/dossiers/{}/{part}", self.id)));
        paths.extend(self.complaint_id.iter().map(|id| format!("/v1/complaints/{id}/deadline")));
        for path in paths {
            let answer = world.office.get(&path, auditor.clone()).await?;
            if answer.status.is_server_error() {
                self.failed.push(format!("GET {path}: {} {}", answer.status, answer.body));
            }
        }
        Ok(())
    }

    /// The version for `If-Match` of a step at this path.
    pub(crate) fn etag(&self, path: &str) -> &str {
        let kinds = [
            "/v1/dossiers/",
            "/v1/reviews/",
            "/v1/payments/",
            "/v1/deliveries/",
            "/v1/complaints/",
        ];
        let place = kinds.iter().position(|kind| path.starts_with(kind));
        place.and_then(|place| self.etags.get(place)).map_or("", String::as_str)
    }

    /// When the next obligation falls due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let of_dossier = self.obligations.as_array().into_iter().flatten();
        let due = of_dossier
            .chain([&self.complaint])
            .filter_map(|owed| owed.get("due_at")?.as_str()?.parse::<Timestamp>().ok());
        due.filter(|due| *due > self.now).min()
    }

    /// Whether an outage is in effect.
    pub(crate) fn is_in_outage(&self) -> bool {
        let lasts = |outage: &Value| outage.get("to").is_none_or(Value::is_null);
        self.outages.as_array().is_some_and(|outages| outages.iter().any(lasts))
    }

    /// Obligations that are overdue and not suspended by an outage.
    pub(crate) fn overdue(&self) -> Vec<String> {
        if self.is_in_outage() {
            return Vec::new();
        }
        let passed = |owed: &&Value| {
            let due = text(owed, "/due_at").parse::<Timestamp>();
            due.is_ok_and(|due| due <= self.now)
        };
        let owed = self.obligations.as_array().into_iter().flatten().filter(passed);
        owed.map(|owed| format!("{} of {}", text(owed, "/kind"), text(owed, "/service"))).collect()
    }

    /// Whether nothing is left to do: it has ended, and no money is owed back.
    pub(crate) fn is_at_its_end(&self) -> bool {
        let ended = ["refused", "withdrawn", "closed"].contains(&text(&self.dossier, "/stage"));
        let owed_back = number(&self.payment, "/owed_back_vnd") > 0;
        ended && !owed_back && self.payment.pointer("/proposed_refund").is_none_or(Value::is_null)
    }

    /// A text that is equal for states to be treated as equal.
    pub(crate) fn fingerprint(&self) -> String {
        let has =
            |value: &Value, field: &str| value.pointer(field).is_some_and(|found| !found.is_null());
        let list = |value: &Value, field: &str, what: fn(&Value) -> Value| {
            let mut all: Vec<String> = value
                .pointer(field)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|item| what(item).to_string())
                .collect();
            all.sort();
            all.dedup();
            all
        };
        let received =
            number(&self.payment, "/received_vnd") - number(&self.payment, "/refunded_vnd");
        let d = &self.dossier;
        let v = &self.delivery;
        json!({
            "dossier": [text(d, "/stage"), text(d, "/closed_as"), text(d, "/outcome"), d["suspended"], d["fee_received"],
                d["deadline_missed"], has(d, "/due_at"), has(d, "/answer_due_at"), has(d, "/supplement"),
                d.pointer("/supplement/after_acceptance"), d.pointer("/supplement/request")],
            "review": [text(&self.review, "/stage"), has(&self.review, "/officer"), text(&self.review, "/activity"),
                text(&self.review, "/proposal/outcome"), text(&self.review, "/outcome")],
            "asked": list(&self.review, "/consultations", |c| json!([c["silent"]])),
            "paid": [received.signum(), (number(&self.payment, "/total_vnd") - received).signum(),
                number(&self.payment, "/outstanding_vnd").signum(), number(&self.payment, "/owed_back_vnd").signum()],
            "payment": [has(&self.payment, "/settled_at"), has(&self.payment, "/proposed_refund"),
                has(&self.payment, "/repayment"), has(&self.payment, "/discrepancy_due_at")],
            "attempts": list(&self.payment, "/attempts", |a| json!([a["state"], a["doubts"].as_array().map(Vec::is_empty)])),
            "delivery": [text(v, "/stage"), text(v, "/outcome"), text(v, "/channel"), v["expired"], v["renewals"],
                has(v, "/renewal_decided_by"), has(v, "/valid_until")],
            "duties": list(v, "/duties", |d| json!([d["duty"], d["missed"], d["met_at"].is_null()])),
            "parcels": list(v, "/parcels", |p| json!([p["state"], p["contradicted"]])),
            "owed": list(&self.obligations, "", |o| json!([o["service"], o["kind"]])),
            "complaint": [text(&self.complaint, "/stage"), text(&self.complaint, "/class")],
            "outages": list(&self.outages, "", |o| json!(o.get("to").is_none_or(Value::is_null))),
        })
        .to_string()
    }
}

/// Obligations that are not a step of somebody: what the service does by itself, and those of which
/// the step is due earlier.
const OF_THE_SERVICE: [&str; 6] =
    ["foresee", "deadline", "activity", "query-payment", "repayment-announcement", "validity"];

/// What is open and is nobody's next step: the dossier itself, or an obligation.
fn nobodys(dossier: &Value, obligations: &Value) -> Vec<String> {
    if dossier.is_null() {
        return Vec::new();
    }
    let next = || dossier["next"].as_array().into_iter().flatten();
    let mut found = Vec::new();
    if text(dossier, "/waiting_on") == "system" {
        found.push(format!("an open dossier waits on nobody: {dossier}"));
    }
    for owed in obligations.as_array().into_iter().flatten() {
        let is_somebodys = next().any(|step| step["due_at"] == owed["due_at"]);
        if !is_somebodys && !OF_THE_SERVICE.contains(&text(owed, "/kind")) {
            found.push(format!("{} is nobody's next step", text(owed, "/kind")));
        }
    }
    found
}

/// A text in an answer; empty if absent.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A number in an answer; 0 if absent.
pub(crate) fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}
