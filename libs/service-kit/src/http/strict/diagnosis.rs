//! Finds all errors of an invalid input. Parsing as a type stops at the first error; here it is
//! noted, the value is replaced by one that fits, and the input is parsed again.

use std::collections::BTreeMap;

use dossier::law::Finding;
use serde_json::Value;

use super::fault::{Fault, Kind};
use crate::forms::ERRORS_MAX;

/// Why the input could not be parsed.
pub(crate) struct Failed {
    /// JSON Pointer of the value.
    pub(crate) pointer: String,
    pub(crate) fault: Fault,
}

/// Attempts at most.
const ATTEMPTS_MAX: usize = 400;
/// Bytes that are parsed at most, in all attempts.
const PARSED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Values that are tried in place of an invalid one, if the type that it should have is not known.
fn stand_in(number: usize) -> Option<Value> {
    let text = |text: &str| Some(Value::from(text));
    match number {
        0 => Some(Value::Null),
        1 => text("x"),
        2 => Some(Value::from(1)),
        3 => Some(Value::Bool(true)),
        4 => Some(Value::Array(Vec::new())),
        5 => Some(Value::Object(serde_json::Map::new())),
        6 => text("2026-01-01T00:00:00Z"),
        7 => text("2026-01-01"),
        8 => text("00000000-0000-4000-8000-000000000000"),
        9 => text("0912345678"),
        _ => None,
    }
}

/// All errors of `value`, at most 50. `parse` reports the first one; `bytes` is the size of the
/// input.
pub(crate) fn errors(
    mut value: Value,
    bytes: usize,
    parse: impl Fn(&Value) -> Result<(), Failed>,
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    // How many stand-ins were tried at a pointer.
    let mut replaced: BTreeMap<String, usize> = BTreeMap::new();
    let attempts = (PARSED_BYTES_MAX / bytes.max(1)).clamp(1, ATTEMPTS_MAX);
    for _ in 0..attempts {
        let Err(Failed { pointer, fault }) = parse(&value) else { break };
        let at = fault.at(pointer);
        let is_new = !replaced.keys().any(|known| is_within(&at, known));
        if is_new {
            found.push(Finding::said(&*at, fault.said()));
        }
        if found.len() >= ERRORS_MAX || at.is_empty() {
            break;
        }
        if matches!(fault, Fault::UnknownField { .. } | Fault::UnknownParameter { .. }) {
            if !remove(&mut value, &at) {
                break;
            }
            continue;
        }
        let tried = replaced.entry(at.clone()).or_default();
        let now = value.pointer(&at);
        let fitting = fault.fitting().filter(|fitting| now != Some(fitting));
        let next = fitting.or_else(|| {
            let next = stand_in(*tried);
            *tried += 1;
            next
        });
        if !next.is_some_and(|next| put(&mut value, &at, next)) {
            break;
        }
    }
    found
}

/// Whether `pointer` is `outer` or a value in it.
pub(crate) fn is_within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The container of the value at a pointer, and its key.
fn parent<'v>(value: &'v mut Value, pointer: &str) -> Option<(&'v mut Value, String)> {
    let (parent, key) = pointer.rsplit_once('/')?;
    Some((value.pointer_mut(parent)?, key.replace("~1", "/").replace("~0", "~")))
}

fn remove(value: &mut Value, pointer: &str) -> bool {
    match parent(value, pointer) {
        Some((Value::Object(fields), key)) => fields.remove(&key).is_some(),
        _ => false,
    }
}

fn put(value: &mut Value, pointer: &str, new: Value) -> bool {
    match parent(value, pointer) {
        Some((Value::Object(fields), key)) => {
            fields.insert(key, new);
            true
        }
        Some((Value::Array(items), key)) => {
            let item = key.parse().ok().and_then(|index: usize| items.get_mut(index));
            item.map(|item| *item = new).is_some()
        }
        _ => false,
    }
}

impl Fault {
    /// A value of the kind that is expected.
    fn fitting(&self) -> Option<Value> {
        match self {
            Self::UnknownVariant { accepted } => accepted.first().map(|one| Value::from(&**one)),
            Self::Type { expected, .. } => match expected {
                Kind::Text => Some(Value::from("x")),
                Kind::Unsigned | Kind::Integer | Kind::Number => Some(Value::from(1)),
                Kind::Boolean => Some(Value::Bool(true)),
                Kind::Array => Some(Value::Array(Vec::new())),
                Kind::Object => Some(Value::Object(serde_json::Map::new())),
                Kind::Instant => stand_in(6),
                Kind::Date => stand_in(7),
                Kind::Uuid => stand_in(8),
                Kind::Choice | Kind::Null | Kind::Other => None,
            },
            Self::MissingField { .. }
            | Self::UnknownField { .. }
            | Self::UnknownParameter { .. }
            | Self::Duplicate
            | Self::Length
            | Self::Told(_)
            | Self::Other => None,
        }
    }
}
