//! Finds all places in a file that do not have the required shape. A decoder stops at its first
//! error; here the error is recorded, a valid value is put in its place, and the decoding is
//! repeated.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::{Check, Findings};

/// Maximum number of repairs.
const REPAIRS_MAX: usize = 1_000;

/// A decoded file, with the places where values were replaced.
pub(super) struct Shaped<T> {
    pub(super) value: T,
    repaired: Vec<Repair>,
}

/// A place whose value was replaced, and the number of candidates tried there.
struct Repair {
    pointer: String,
    tried: usize,
}

impl<T> Shaped<T> {
    /// Whether a finding at this place results from a replaced value.
    fn made_up(&self, pointer: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.repaired
            .iter()
            .any(|repair| within(&repair.pointer, pointer) || within(pointer, &repair.pointer))
    }
}

/// Values that may have the required shape.
fn candidates() -> [Value; 7] {
    [json!(null), json!(1), json!("2026-01-01"), json!([]), json!({}), json!(true), json!("08:00")]
}

impl Check<'_, '_> {
    /// The decoded file; places with a wrong shape are reported. `None` if the file cannot be
    /// repaired.
    pub(super) fn shape<T: DeserializeOwned>(&mut self, value: &Value) -> Option<Shaped<T>> {
        let (mut value, mut repaired) = (value.clone(), Vec::new());
        for _ in 0..REPAIRS_MAX {
            let error = match serde_path_to_error::deserialize::<_, T>(&value) {
                Ok(value) => return Some(Shaped { value, repaired }),
                Err(error) => error,
            };
            let (tokens, said) = (tokens(error.path()), error.inner().to_string());
            self.repair(&mut value, &mut repaired, tokens, &said)?;
        }
        None
    }

    /// Records an error and replaces the value; `None` if no candidate helps.
    fn repair(
        &mut self,
        value: &mut Value,
        repaired: &mut Vec<Repair>,
        mut at: Vec<String>,
        said: &str,
    ) -> Option<()> {
        if let Some(name) = quoted(said, "unknown field ") {
            if at.last() != Some(&name) {
                at.push(name.clone());
            }
            let allowed = said.split_once(", ").map_or("", |(_, allowed)| allowed);
            let vi = format!("không có trường `{name}`; {allowed}");
            self.note(repaired, &at, &vi, said);
            return remove(value, &at);
        }
        if let Some(name) = quoted(said, "missing field ") {
            at.push(name.clone());
            self.note(repaired, &at, &format!("thiếu trường `{name}`"), said);
            let object = at_mut(value, at.get(..at.len().checked_sub(1)?)?)?.as_object_mut()?;
            object.insert(name, Value::Null);
            repaired.push(Repair { pointer: pointer(&at), tried: 1 });
            return Some(());
        }
        if let Some(name) = quoted(said, "unknown variant ")
            && at.last() == Some(&name)
            && at_mut(value, &at).is_some_and(|there| there.as_str() != Some(&name))
        {
            // The names of fields are restricted here, and this name is not permitted.
            self.note(repaired, &at, &format!("không có `{name}`: {said}"), said);
            return remove(value, &at);
        }
        self.note(repaired, &at, &format!("giá trị không đúng: {said}"), said);
        let pointer = pointer(&at);
        let expected = said.rsplit_once("expected ").and_then(|(_, names)| quoted(names, ""));
        let tried = match repaired.iter_mut().find(|repair| repair.pointer == pointer) {
            Some(repair) => &mut repair.tried,
            None => {
                repaired.push(Repair { pointer, tried: 0 });
                &mut repaired.last_mut()?.tried
            }
        };
        let candidate = match expected.filter(|_| said.starts_with("unknown variant")) {
            Some(variant) => Value::from(variant),
            None => candidates().get(*tried)?.clone(),
        };
        *tried = tried.checked_add(1)?;
        *at_mut(value, &at)? = candidate;
        Some(())
    }

    /// Records an error, unless it is in a replaced value.
    fn note(&mut self, repaired: &[Repair], at: &[String], vi: &str, en: &str) {
        let pointer = pointer(at);
        let within = |outer: &str| {
            pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !repaired.iter().any(|repair| within(&repair.pointer)) {
            self.add(&pointer, vi, en);
        }
    }

    /// Checks the content of a decoded file; findings in replaced values are dropped.
    pub(super) fn content<T>(
        &mut self,
        shaped: &Shaped<T>,
        look: impl FnOnce(&mut Check<'_, '_>, &T),
    ) {
        let mut found = Findings::default();
        look(&mut Check { law: self.law, now: self.now, found: &mut found }, &shaped.value);
        for finding in found.0 {
            if !shaped.made_up(&finding.pointer) {
                self.add(&finding.pointer, finding.vi, finding.en);
            }
        }
    }
}

/// The name in backticks after `before`.
fn quoted(said: &str, before: &str) -> Option<String> {
    let said = said.get(said.find(before)?..)?.strip_prefix(before)?;
    let said = if before.is_empty() { said.get(said.find('`')?..)? } else { said };
    Some(said.strip_prefix('`')?.split('`').next()?.to_owned())
}

fn tokens(path: &Path) -> Vec<String> {
    let token = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(token).collect()
}

fn pointer(tokens: &[String]) -> String {
    let escaped = tokens.iter().map(|token| token.replace('~', "~0").replace('/', "~1"));
    escaped.fold(String::new(), |pointer, token| format!("{pointer}/{token}"))
}

fn at_mut<'v>(value: &'v mut Value, tokens: &[String]) -> Option<&'v mut Value> {
    value.pointer_mut(&pointer(tokens))
}

fn remove(value: &mut Value, tokens: &[String]) -> Option<()> {
    let (name, within) = tokens.split_last()?;
    let object: &mut Map<String, Value> = at_mut(value, within)?.as_object_mut()?;
    object.remove(name).map(|_| ())
}
