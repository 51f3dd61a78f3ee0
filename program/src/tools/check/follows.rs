//! Recomputes reactions from the events that caused them. Only fields that both have are compared:
//! a later program may record more or decide differently, and old logs stay valid.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dossier::contract::{Envelope, EventSet, Meta, Role};
use dossier::delivery::prepare_result::PrepareResult;
use dossier::law::Law;
use dossier::{Decision, Facts, Incoming, State, Subscription};
use events::Recorded;
use serde_json::Value;
use uuid::Uuid;

use super::finding::Findings;

/// Window of recent events in which causes are searched, in number and bytes: most reactions follow
/// at once.
const EVENTS_MAX: usize = 50_000;
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Recent events by id.
#[derive(Debug, Default)]
pub(super) struct Causes {
    by_id: BTreeMap<Uuid, Arc<Recorded>>,
    order: VecDeque<Arc<Recorded>>,
    bytes: usize,
}

impl Causes {
    pub(super) fn get(&self, id: Uuid) -> Option<Arc<Recorded>> {
        self.by_id.get(&id).cloned()
    }

    pub(super) fn add(&mut self, event: &Arc<Recorded>) {
        self.bytes += event.data.len() + event.meta.len();
        self.by_id.insert(event.id, Arc::clone(event));
        self.order.push_back(Arc::clone(event));
        while self.order.len() > EVENTS_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.data.len() + oldest.meta.len());
            self.by_id.remove(&oldest.id);
        }
    }
}

/// Expected events of a command: kind and data.
pub(super) type Expected = Vec<(&'static str, String)>;

/// Events that follow from `cause` by the law, if the command of `meta` is its reaction; otherwise
/// `None`.
pub(super) fn expected<S: State>(
    event: &Recorded,
    meta: &Meta,
    (before, law): (&S, &Law),
    cause: &Recorded,
) -> Option<Expected> {
    let envelope: Envelope = serde_json::from_str(&cause.meta).ok()?;
    let (kind, data) = (&*cause.kind, &*cause.data);
    let incoming = Incoming { id: cause.id, kind, data, envelope: &envelope };
    let follows = Subscription::<S>::react(&incoming).ok()?;
    let (_, mut follow) = follows.into_iter().enumerate().find(|(ordinal, follow)| {
        let name = format!("{}/{ordinal}/{}", follow.command.step().name, event.stream);
        Uuid::new_v5(&cause.id, name.as_bytes()) == meta.envelope.command
    })?;
    // Its number is not recomputed: it comes from the register (`sums.rs`).
    if let Some(command) = follow.command.get_mut::<PrepareResult>() {
        command.number = Some(String::new());
    }
    let at = meta.at();
    let under = before.received_under().or_else(|| follow.received_under());
    let facts = Facts {
        at,
        command: meta.envelope.command,
        actor: &meta.envelope.actor,
        law,
        rule: under.and_then(|(procedure, agency)| law.rule(procedure, agency, at)),
        elsewhere: &[],
    };
    let decided = follow.command.decide(before, &facts).ok().and_then(Decision::into_events);
    let events = decided.unwrap_or_default();
    Some(events.iter().map(|event| (event.kind(), event.encode())).collect())
}

/// Compares an event with the expected one.
pub(super) fn compare(event: &Recorded, expected: Option<&(&str, String)>, found: &mut Findings) {
    let Some((_, data)) = expected.filter(|(kind, _)| *kind == &*event.kind) else { return };
    let (Ok(recorded), Ok(computed)) =
        (serde_json::from_str::<Value>(&event.data), serde_json::from_str::<Value>(data))
    else {
        return;
    };
    let given = &*event.kind == "delivery.ResultIssued.v1";
    let differs = difference(&recorded, &computed, String::new());
    // Another process may have assigned it before it knew the newest record of the directory. The
    // loads that a rule considered are not recorded.
    if &*event.kind == "review.ReviewClaimed.v1" {
        if differs.is_some() && recorded["assigned"] == "spread" {
            found.note(event, "assignment", "assigned by an earlier state of the directory");
        }
        return;
    }
    if let Some(field) = differs.filter(|field| !(given && field == "number")) {
        let what = format!("`{field}` is not what follows from the event that caused it");
        found.of(event, "cause", what);
    }
}

/// The first field that differs. Fields that only one side has belong to another version.
fn difference(recorded: &Value, computed: &Value, at: String) -> Option<String> {
    if let (Value::Object(recorded), Value::Object(computed)) = (recorded, computed) {
        let both =
            recorded.iter().filter_map(|(name, value)| Some((name, value, computed.get(name)?)));
        let mut both = both.map(|(name, one, other)| {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            difference(one, other, at)
        });
        return both.find_map(|difference| difference);
    }
    (recorded != computed).then_some(at)
}

/// Checks that a reaction's event has an earlier event as its cause.
pub(super) fn caused(event: &Recorded, meta: &Meta, known: bool, found: &mut Findings) {
    let itself = meta.envelope.actor.role == Role::System;
    if itself && meta.envelope.cause.is_some() && !known {
        found.of(event, "cause", "it names a cause that does not stand before it");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_both_know_is_compared_and_what_a_later_program_adds_is_not() {
        let differs = |one: Value, other: Value| difference(&one, &other, String::new());
        assert_eq!(differs(json!({ "a": 1 }), json!({ "a": 1, "later": 2 })), None);
        assert_eq!(differs(json!({ "a": 1, "earlier": 2 }), json!({ "a": 1 })), None);
        let (one, other) = (json!({ "a": { "b": [1] } }), json!({ "a": { "b": [2] } }));
        assert_eq!(differs(one, other), Some("a.b".to_owned()));
    }
}
