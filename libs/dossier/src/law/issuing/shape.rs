//! Everything in a file that does not have the shape that is due. The reader of a shape stops at its first error; here the
//! error is noted, something that fits is put in its place, and the reader is asked again.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::{Check, Findings};

/// How often the reader is asked again.
const REPAIRS_MAX: usize = 1_000;

/// A file in its shape, and the places where something else was put than what is written.
pub(super) struct Shaped<T> {
    pub(super) value: T,
    repaired: Vec<Repair>,
}

/// A place where something was put, and how many things were tried there.
struct Repair {
    pointer: String,
    tried: usize,
}

impl<T> Shaped<T> {
    /// Whether what is found at a place rests on what was put there.
    fn made_up(&self, pointer: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.repaired
            .iter()
            .any(|repair| within(&repair.pointer, pointer) || within(pointer, &repair.pointer))
    }
}

/// What may fit where something else was written.
fn candidates() -> [Value; 7] {
    [json!(null), json!(1), json!("2026-01-01"), json!([]), json!({}), json!(true), json!("08:00")]
}

impl Check<'_, '_> {
    /// The file in its shape; what does not have it is found. Nothing if so much is wrong that it cannot be read at all.
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

    /// Notes an error and puts something else where it is; nothing if nothing helps.
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
            // The name of a field is one of several, and this is none of them.
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

    /// Notes an error, unless it is one of what was put there.
    fn note(&mut self, repaired: &[Repair], at: &[String], vi: &str, en: &str) {
        let pointer = pointer(at);
        let within = |outer: &str| {
            pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !repaired.iter().any(|repair| within(&repair.pointer)) {
            self.add(&pointer, vi, en);
        }
    }

    /// Looks at the content of a file; of what does not have its shape only that is told.
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

/// The name in backticks behind `before`.
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
