//! Texts of recorded events that are unique, so that every answer that shows one is recognised, and
//! who may read each.

use dossier::contract::{Audience, Payload, PayloadField, Role};
use serde_json::Value;

/// A text in a field of an event, and those who may read it.
#[derive(Debug)]
pub(crate) struct Marker {
    pub(crate) kind: String,
    /// The path of the field within the event.
    pub(crate) field: String,
    pub(crate) audiences: Vec<Audience>,
}

impl Marker {
    pub(crate) fn is_for(&self, role: Role) -> bool {
        self.audiences.iter().all(|audience| audience.has(role))
    }
}

/// The places of all texts in a value.
pub(crate) fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                texts(value, &format!("{at}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(value, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// The audiences of the fields on the way to a value: all of them must permit a reader.
pub(crate) fn audiences(payload: &Payload, path: &[&str]) -> Vec<Audience> {
    let mut found = Vec::new();
    let mut payload = Some(*payload);
    for name in path {
        let Some(of) = payload else { break };
        // Places in lists are no fields.
        let Some(field) = of.fields.iter().find(|field| field.name == *name) else { continue };
        found.push(of.audience_of(field).unwrap());
        payload = PayloadField::part(field);
    }
    assert!(!found.is_empty(), "{path:?}");
    found
}
