//! Finds all places where an input does not have the required shape, also those that are missing.
//! A decoder stops at its first error; here the error is recorded, a value that fits is put in its
//! place, and the input is decoded again.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use crate::law::Finding;

mod fault;

pub use fault::{Fault, Kind};

/// Why an input could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// JSON Pointer of the value.
    pub pointer: String,
    pub fault: Fault,
}

/// The result of decoding with repairs.
#[derive(Debug, Clone)]
pub struct Repaired<T> {
    /// `None` if no repair helps, or too many would be needed.
    pub value: Option<T>,
    pub findings: Vec<Finding>,
    /// JSON Pointers of the values that were replaced.
    pub replaced: Vec<String>,
}

/// Limits of the repairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub attempts: usize,
    pub findings: usize,
}

/// Values that are tried in place of an invalid one, if the type that it should have is not known.
fn stand_in(number: usize) -> Option<Value> {
    let text = |text: &str| Some(Value::from(text));
    match number {
        0 => Some(Value::Null),
        1 => text("x"),
        2 => Some(Value::from(1)),
        3 => Some(Value::Bool(true)),
        4 => Some(Value::Array(Vec::new())),
        5 => Some(Value::Object(Map::new())),
        6 => text("2026-01-01T00:00:00Z"),
        7 => text("2026-01-01"),
        8 => text("08:00"),
        9 => text("00000000-0000-4000-8000-000000000000"),
        10 => text("0912345678"),
        11 => text("intake.*"),
        _ => None,
    }
}

/// Decodes a JSON value, with repairs.
#[must_use]
pub fn decoded<T: DeserializeOwned>(value: Value, limits: Limits) -> Repaired<T> {
    repaired(value, limits, |value| {
        serde_path_to_error::deserialize::<_, T>(value).map_err(|error| Failed {
            pointer: pointer(error.path()),
            fault: Fault::of(&error.inner().to_string()),
        })
    })
}

/// Decodes an input by `decode`, which reports its first error, with repairs.
pub fn repaired<T>(
    mut value: Value,
    limits: Limits,
    decode: impl Fn(&Value) -> Result<T, Failed>,
) -> Repaired<T> {
    let mut findings: Vec<Finding> = Vec::new();
    // How many stand-ins were tried at a pointer.
    let mut replaced: BTreeMap<String, usize> = BTreeMap::new();
    let mut decoded = None;
    for _ in 0..limits.attempts {
        let Failed { pointer, fault } = match decode(&value) {
            Ok(value) => {
                decoded = Some(value);
                break;
            }
            Err(failed) => failed,
        };
        let at = fault.at(pointer);
        if !replaced.keys().any(|known| is_within(&at, known)) {
            findings.push(Finding::said(&*at, fault.said()));
        }
        if findings.len() >= limits.findings || !repair(&mut value, &at, &fault, &mut replaced) {
            break;
        }
    }
    Repaired { value: decoded, findings, replaced: replaced.into_keys().collect() }
}

/// Replaces or removes the value at a pointer; false if nothing helps.
fn repair(
    value: &mut Value,
    at: &str,
    fault: &Fault,
    replaced: &mut BTreeMap<String, usize>,
) -> bool {
    let now = value.pointer(at);
    let is_key = match fault {
        Fault::UnknownField { .. } | Fault::UnknownParameter { .. } => true,
        // The names of fields are restricted here, and this name is not permitted.
        Fault::UnknownVariant { given, .. } => {
            at.ends_with(&format!("/{}", escaped(given)))
                && now.is_some_and(|now| now.as_str() != Some(given))
        }
        Fault::MissingField { .. }
        | Fault::Type { .. }
        | Fault::Duplicate
        | Fault::Length
        | Fault::Told(_)
        | Fault::Other => false,
    };
    if is_key {
        return remove(value, at);
    }
    let fitting = fault.fitting().filter(|fitting| now != Some(fitting));
    let tried = replaced.entry(at.to_owned()).or_default();
    let next = fitting.or_else(|| {
        let next = stand_in(*tried);
        *tried = tried.saturating_add(1);
        next
    });
    next.is_some_and(|next| put(value, at, next))
}

/// Whether `pointer` is `outer` or a value in it.
#[must_use]
pub fn is_within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A key as a segment of a JSON Pointer (RFC 6901, section 3).
#[must_use]
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The JSON Pointer of a decoder's path.
#[must_use]
pub fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
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
            Self::UnknownVariant { accepted, .. } => {
                accepted.first().map(|one| Value::from(&**one))
            }
            Self::Type { expected, .. } => match expected {
                Kind::Text => Some(Value::from("x")),
                Kind::Unsigned | Kind::Integer | Kind::Number => Some(Value::from(1)),
                Kind::Boolean => Some(Value::Bool(true)),
                Kind::Array => Some(Value::Array(Vec::new())),
                Kind::Object => Some(Value::Object(Map::new())),
                Kind::Instant => stand_in(6),
                Kind::Date => stand_in(7),
                Kind::Uuid => stand_in(9),
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        day: jiff::civil::Date,
        #[expect(dead_code, reason = "only decoded")]
        count: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        inner: Vec<Inner>,
    }

    const LIMITS: Limits = Limits { attempts: 100, findings: 10 };

    fn found(value: Value) -> (Option<Outer>, Vec<String>, Vec<String>) {
        let Repaired { value, findings, replaced } = decoded::<Outer>(value, LIMITS);
        (value, findings.into_iter().map(|one| one.pointer).collect(), replaced)
    }

    #[test]
    fn a_sound_value_needs_no_repair() {
        let sound = json!({ "name": "a", "inner": [{ "day": "2026-11-20", "count": 1 }] });
        let (value, pointers, replaced) = found(sound);
        assert_eq!(value.unwrap().inner[0].day, jiff::civil::date(2026, 11, 20));
        assert_eq!((pointers.len(), replaced.len()), (0, 0));
    }

    #[test]
    fn each_place_is_found_once_and_what_is_in_a_replaced_value_is_not() {
        let wrong = json!({ "inner": [{ "day": "x", "count": 300, "a/b": 1 }, 7], "more": 1 });
        let (value, mut pointers, mut replaced) = found(wrong);
        assert_eq!(value.unwrap().name, "x");
        pointers.sort();
        let expected =
            ["/inner/0/a~1b", "/inner/0/count", "/inner/0/day", "/inner/1", "/more", "/name"];
        assert_eq!(pointers, expected);
        replaced.retain(|pointer| !pointer.starts_with("/inner/1/"));
        assert_eq!(replaced, ["/inner/0/count", "/inner/0/day", "/inner/1", "/name"]);
    }

    #[test]
    fn repairs_end_at_their_limits() {
        let many = json!({ "name": "a", "inner": vec![json!(0); 50] });
        let (value, pointers, _) = found(many);
        assert!(value.is_none());
        assert_eq!(pointers.len(), LIMITS.findings);
        let (value, pointers, _) = found(json!("no object"));
        assert!(value.is_none());
        assert_eq!(pointers, [""]);
    }
}
