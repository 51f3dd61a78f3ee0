//! What a service recorded because of another one's event is computed again from that event. What is compared is what both
//! know: a later program may record more, or decide otherwise, and an old log stays right.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dossier::contract::{Envelope, EventSet, Meta, Role};
use dossier::law::Law;
use dossier::{Facts, Incoming, Reacted, Reaction, State};
use events::Recorded;
use serde_json::Value;
use uuid::Uuid;

use super::finding::Findings;

/// Events in which a cause is looked for, and their bytes: most things follow at once.
const EVENTS_MAX: usize = 50_000;
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The newest events, by their ids.
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

/// What should follow from a command, by kind and data.
pub(super) type Expected = Vec<(&'static str, String)>;

/// What follows from `cause` by the law, if the command of `meta` is one that does; nothing if it is another one.
pub(super) fn expected<R: Reaction>(
    event: &Recorded,
    meta: &Meta,
    (before, law): (&R::State, &Law),
    cause: &Recorded,
) -> Option<Expected> {
    let envelope: Envelope = serde_json::from_str(&cause.meta).ok()?;
    let (kind, data) = (&*cause.kind, &*cause.data);
    let incoming = Incoming { id: cause.id, kind, data, envelope: &envelope };
    let reactions = R::react(&incoming).ok()?;
    let (_, reaction) = reactions.into_iter().enumerate().find(|(ordinal, reaction)| {
        let name = format!("{}/{ordinal}/{}", reaction.step().name, event.stream);
        Uuid::new_v5(&cause.id, name.as_bytes()) == meta.envelope.command
    })?;
    // Its number is not computed: it is the register's (`sums.rs`).
    let reaction = reaction.numbered(String::new());
    let at = meta.at();
    let under = before.received_under().or_else(|| reaction.received_under());
    let facts = Facts {
        at,
        command: meta.envelope.command,
        actor: &meta.envelope.actor,
        law,
        rule: under.and_then(|(procedure, agency)| law.rule(procedure, agency, at)),
        elsewhere: &[],
    };
    match reaction.decide(before, &facts) {
        Ok(Reacted::Done(events)) => {
            Some(events.iter().map(|event| (event.kind(), event.encode())).collect())
        }
        Ok(Reacted::NotYet) | Err(_) => Some(Vec::new()),
    }
}

/// Compares an event with the one that should stand in its place.
pub(super) fn compare(event: &Recorded, expected: Option<&(&str, String)>, found: &mut Findings) {
    let Some((_, data)) = expected.filter(|(kind, _)| *kind == &*event.kind) else { return };
    let (Ok(recorded), Ok(computed)) =
        (serde_json::from_str::<Value>(&event.data), serde_json::from_str::<Value>(data))
    else {
        return;
    };
    let given = &*event.kind == "delivery.ResultIssued.v1";
    let differs = difference(&recorded, &computed, String::new());
    if let Some(field) = differs.filter(|field| !(given && field == "number")) {
        let what = format!("`{field}` is not what follows from the event that caused it");
        found.of(event, "cause", what);
    }
}

/// The first field of `recorded` that is otherwise in `computed`. Fields that only one of them has are another version's.
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

/// A service's own event names a cause that stands before it.
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
