//! What a role may read of a dossier's events, in their order, with what each of them changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::{Role, readable};
use crate::feedback::INTERNAL;
use crate::notes;

/// Changed values of one event at most; further ones are left out.
const CHANGES_MAX: usize = 200;

/// A value that an event changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// JSON Pointer of the value: `/promise/due_at`, `/due_at`, `/valid_until`, or below `/form`,
    /// `/documents` (by component) and `/delivery`.
    pub field: String,
    /// `None` if there was none.
    pub before: Option<Value>,
    /// `None` if it was removed.
    pub after: Option<Value>,
}

/// Whether a role is not told of events of this kind at all: a complainant does not read how the
/// agency organises its work, and labels and internal notes are for their readers alone.
#[must_use]
pub fn hides(role: Role, kind: &str) -> bool {
    role == Role::Applicant && INTERNAL.contains(&kind) || notes::are_hidden(role, kind)
}

/// What a role may read of one event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// The payload, without `$personal`; erased values are null.
    pub data: Value,
    /// JSON Pointers of the erased values.
    pub erased: Vec<String>,
    pub changes: Vec<Change>,
}

/// Follows the events of a dossier for one role.
#[derive(Debug)]
pub struct Timeline {
    role: Role,
    /// The newest values by pointer, as far as the role may read them.
    known: BTreeMap<&'static str, Value>,
}

impl Timeline {
    /// Before the first event.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        Self { role, known: BTreeMap::new() }
    }

    /// The next event. Changes are found in what the role may read, so they reveal no more.
    pub fn next(&mut self, kind: &str, data: &Value) -> Entry {
        let shown = readable(kind, data, self.role);
        let mut changes = Vec::new();
        for (field, value) in tracked(kind, &shown.data) {
            let before = self.known.get(field);
            if let Some(before) = before {
                compare(field.to_owned(), Some(before), Some(&value), &mut changes);
            }
            let merged = match (before, value) {
                // A supplement names only the documents that it adds or replaces.
                (Some(Value::Object(before)), Value::Object(more)) if field == "/documents" => {
                    Value::Object(before.clone().into_iter().chain(more).collect())
                }
                (_, value) => value,
            };
            self.known.insert(field, merged);
        }
        let (was, now) = (shown.data.get("was_due_at"), shown.data.get("due_at"));
        if let (Some(was), Some(now)) = (was, now) {
            compare("/due_at".to_owned(), Some(was), Some(now), &mut changes);
        }
        changes.truncate(CHANGES_MAX);
        Entry { data: shown.data, erased: shown.erased, changes }
    }
}

/// The values of an event whose history is followed.
fn tracked(kind: &str, data: &Value) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    for pointer in ["/promise/due_at", "/form", "/valid_until"] {
        found.extend(data.pointer(pointer).map(|value| (pointer, value.clone())));
    }
    if let Some(documents) = data.get("documents").and_then(Value::as_array) {
        let by_component = documents.iter().filter_map(|document| {
            let component = document.get("component")?.as_str()?.to_owned();
            Some((component, document.get("document")?.clone()))
        });
        found.push(("/documents", Value::Object(by_component.collect())));
    }
    // Briefs repeat the delivery that was wanted at submission; only a submission states it.
    let chosen = data.get("delivery");
    let wanted = data.pointer("/brief/delivery").filter(|_| kind == "intake.DossierSubmitted.v1");
    found.extend(chosen.or(wanted).map(|value| ("/delivery", value.clone())));
    found
}

/// Adds the differences of two values, by pointer.
fn compare(at: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    if before == after || found.len() >= CHANGES_MAX {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            // What a supplement does not name stays.
            let removed = before.keys().filter(|name| !after.contains_key(*name));
            let removed = removed.filter(|_| at != "/documents");
            let names: Vec<&String> = removed.chain(after.keys()).collect();
            for name in names {
                let token = name.replace('~', "~0").replace('/', "~1");
                compare(format!("{at}/{token}"), before.get(name), after.get(name), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() == after.len() => {
            for (place, (before, after)) in before.iter().zip(after).enumerate() {
                compare(format!("{at}/{place}"), Some(before), Some(after), found);
            }
        }
        _ => found.push(Change { field: at, before: before.cloned(), after: after.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(field: &str, before: Value, after: Value) -> Change {
        Change { field: field.to_owned(), before: Some(before), after: Some(after) }
    }

    fn submission() -> Value {
        json!({
            "brief": { "delivery": { "channel": "download" } },
            "form": { "$personal": { "invoice": "INV-1", "goods": [{ "hs": "1" }], "old": 1 } },
            "documents": [{ "component": "invoice", "document": "A", "file_name": { "$personal": "a" } }],
        })
    }

    fn supplement() -> Value {
        json!({
            "request": 1,
            "form": { "$personal": { "invoice": "INV-2", "goods": [{ "hs": "2" }], "new": true } },
            "documents": [
                { "component": "invoice", "document": "B", "file_name": { "$personal": "b" } },
                { "component": "bill", "document": "C", "file_name": { "$personal": "c" } },
            ],
        })
    }

    #[test]
    fn a_corrected_form_and_replaced_documents_are_shown_before_and_after() {
        let mut timeline = Timeline::of(Role::Applicant);
        let first = timeline.next("intake.DossierSubmitted.v1", &submission());
        assert_eq!(first.changes, []);
        let second = timeline.next("intake.SupplementSubmitted.v1", &supplement());
        let new = |field: &str, after| Change { field: field.into(), before: None, after };
        let expected = [
            Change { field: "/form/old".into(), before: Some(json!(1)), after: None },
            change("/form/goods/0/hs", json!("1"), json!("2")),
            change("/form/invoice", json!("INV-1"), json!("INV-2")),
            new("/form/new", Some(json!(true))),
            new("/documents/bill", Some(json!("C"))),
            change("/documents/invoice", json!("A"), json!("B")),
        ];
        assert_eq!(second.changes, expected);
    }

    #[test]
    fn a_role_that_may_not_read_the_form_sees_no_change_of_it() {
        let mut timeline = Timeline::of(Role::Cashier);
        timeline.next("intake.DossierSubmitted.v1", &submission());
        let second = timeline.next("intake.SupplementSubmitted.v1", &supplement());
        assert_eq!((second.changes, second.data), (Vec::new(), json!({ "request": 1 })));
    }

    #[test]
    fn a_new_appointment_is_shown_with_the_one_before_it() {
        let mut timeline = Timeline::of(Role::Applicant);
        let promise = |due_at: &str| json!({ "due_at": due_at, "provisional": false });
        let accepted = json!({ "promise": promise("2026-11-20T10:00:00Z") });
        timeline.next("intake.DossierAccepted.v1", &accepted);
        let moved = json!({
            "promise": promise("2026-11-23T10:00:00Z"), "was_due_at": "2026-11-20T10:00:00Z",
            "reason": { "$personal": null },
        });
        let moved = timeline.next("intake.AppointmentMoved.v1", &moved);
        let (before, after) = (json!("2026-11-20T10:00:00Z"), json!("2026-11-23T10:00:00Z"));
        assert_eq!(moved.changes, [change("/promise/due_at", before, after)]);
        assert_eq!(moved.erased, ["/reason"]);
    }

    #[test]
    fn another_period_that_ends_later_is_shown_with_its_earlier_end() {
        let data =
            json!({ "period": "fee_window", "due_at": "b", "was_due_at": "a", "outages": [] });
        let entry = Timeline::of(Role::Clerk).next("payment.PeriodExtended.v1", &data);
        assert_eq!(entry.changes, [change("/due_at", json!("a"), json!("b"))]);
    }

    #[test]
    fn another_delivery_channel_is_shown_with_the_one_before_it() {
        let mut timeline = Timeline::of(Role::Reviewer);
        timeline.next("intake.DossierSubmitted.v1", &submission());
        let address = json!({ "$personal": { "name": "Trần B", "lines": ["x"], "phone": "1" } });
        let chosen = json!({ "delivery": { "channel": "post", "address": address } });
        let kind = "delivery.DeliveryChannelChosen.v1";
        let expected = change("/delivery/channel", json!("download"), json!("post"));
        assert_eq!(timeline.next(kind, &chosen).changes, [expected], "without the address");
    }
}
