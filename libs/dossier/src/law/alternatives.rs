//! Decides to which alternatives of a schema (`anyOf`, `oneOf`) a value may belong, for the checks
//! of our own keywords. Only type, constants, length, and required and permitted names are
//! considered. A form whose alternatives cannot be told apart in this way is not issued.

use std::collections::BTreeSet;

use serde_json::Value;

use super::coded::{OURS, each};
use super::form_order::ORDER;
use super::form_titles::{DESCRIPTION, ENUM_TITLES, TITLE};

/// Keywords that never exclude a value, and those that [`Choice::admits`] considers.
const LOOKED_AT: [&str; 27] = [
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "allOf",
    "anyOf",
    "const",
    "default",
    "definitions",
    "deprecated",
    "description",
    "enum",
    "examples",
    "maxLength",
    "minLength",
    "oneOf",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "writeOnly",
    DESCRIPTION,
    ENUM_TITLES,
    ORDER,
    TITLE,
];

/// A choice between alternatives in a form. `deeper` limits depth and number of the schemas that
/// are visited.
pub(super) struct Choice<'r> {
    pub(super) root: &'r Value,
    pub(super) deeper: &'r dyn Fn(usize) -> Option<usize>,
}

impl Choice<'_> {
    /// Whether a value may belong to a schema. This is not validation, which the JSON Schema
    /// validator does.
    pub(super) fn admits(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let Some(depth) = (self.deeper)(depth) else { return true };
        if let Value::Bool(admits) = schema {
            return *admits;
        }
        let named = |name: &Value| name.as_str().is_none_or(|name| value.get(name).is_some());
        let all = |keyword| each(schema, keyword).all(|one| self.admits(one, value, depth));
        let one_of = |keyword: &&str| {
            let mut any = each(schema, keyword);
            schema.get(*keyword).is_none() || any.any(|one| self.admits(one, value, depth))
        };
        types(schema).is_none_or(|types| types.iter().any(|kind| is_of(kind, value)))
            && values(schema).is_none_or(|values| values.contains(&value))
            && fits(schema, value)
            && (!value.is_object() || each(schema, "required").all(named))
            && referred(self.root, schema).is_none_or(|same| self.admits(same, value, depth))
            && all("allOf")
            && ["anyOf", "oneOf"].iter().all(one_of)
            && self.admits_fields(schema, value, depth)
    }

    fn admits_fields(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let Some(fields) = value.as_object() else { return true };
        let open = !is_closed(schema);
        let properties = schema.get("properties");
        fields.iter().all(|(name, field)| {
            let own = properties.and_then(|properties| properties.get(name));
            own.map_or(open, |own| self.admits(own, field, depth))
        })
    }
}

/// Whether an object may have only the fields in `properties`.
fn is_closed(schema: &Value) -> bool {
    let only = schema.get("additionalProperties").is_some_and(|more| *more == false);
    only && schema.get("patternProperties").is_none()
}

/// Whether a text satisfies `minLength` and `maxLength`.
fn fits(schema: &Value, value: &Value) -> bool {
    let limit = |keyword| schema.get(keyword).and_then(Value::as_u64);
    let (Some(text), (least, most)) = (value.as_str(), (limit("minLength"), limit("maxLength")))
    else {
        return true;
    };
    if least.is_none() && most.is_none() {
        return true;
    }
    let count = text.chars().count() as u64;
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

/// The types that a schema names, if any.
fn types(schema: &Value) -> Option<Vec<&str>> {
    let named = schema.get("type")?;
    match named.as_array() {
        Some(types) => Some(types.iter().filter_map(Value::as_str).collect()),
        None => Some(vec![named.as_str()?]),
    }
}

/// The constants that a schema admits, if it names any.
fn values(schema: &Value) -> Option<Vec<&Value>> {
    match schema.get("const") {
        Some(one) => Some(vec![one]),
        None => schema.get("enum").map(|_| each(schema, "enum").collect()),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// The schema to which a local `$ref` refers.
pub(super) fn referred<'s>(root: &'s Value, schema: &Value) -> Option<&'s Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// The first alternative whose values could be mistaken for values of another alternative, so that
/// our own keywords in the other one would not be checked; with the keyword that is not considered
/// in telling them apart.
pub(super) fn confused<'s>(root: &'s Value, all: &'s [Value]) -> Option<(usize, &'s str)> {
    let asks: Vec<bool> = all.iter().map(|one| leads_to_ours(root, one)).collect();
    all.iter().enumerate().find_map(|(place, one)| {
        let keyword = overlooked(root, one)?;
        let mut others = all.iter().zip(&asks).enumerate().filter(|(other, _)| *other != place);
        let hidden = others.any(|(_, (other, asks))| *asks && !are_apart(root, one, other));
        hidden.then_some((place, keyword))
    })
}

/// The first keyword that [`Choice::admits`] does not consider, in a schema or the schemas that it
/// consists of.
pub(super) fn overlooked<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s str> {
    let (mut open, mut known) = (vec![schema], BTreeSet::<*const Value>::new());
    while let Some(schema) = open.pop() {
        let Some(keywords) = schema.as_object().filter(|_| known.insert(schema)) else { continue };
        for (keyword, value) in keywords {
            let name = keyword.as_str();
            match (name, value) {
                ("additionalProperties", Value::Bool(_)) => {}
                ("properties", Value::Object(fields)) => open.extend(fields.values()),
                ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => open.extend(schemas),
                _ if LOOKED_AT.contains(&name) || OURS.contains(&name) => {}
                _ => return Some(name),
            }
        }
        open.extend(referred(root, schema));
    }
    None
}

/// Whether a schema, or a schema to which it refers, contains one of our own keywords.
pub(super) fn leads_to_ours(root: &Value, schema: &Value) -> bool {
    let (mut open, mut known) = (vec![schema], BTreeSet::<*const Value>::new());
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) if known.insert(value) => {
                if fields.keys().any(|key| OURS.contains(&key.as_str())) {
                    return true;
                }
                open.extend(fields.values());
                open.extend(referred(root, value));
            }
            Value::Array(items) => open.extend(items),
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => {}
        }
    }
    false
}

/// Whether no value is admitted by both: their types or constants are disjoint, or those of a field
/// that `one` requires.
fn are_apart(root: &Value, one: &Value, other: &Value) -> bool {
    are_apart_within(root, one, other, DEPTH_MAX)
}

/// Maximum depth of fields that are compared.
const DEPTH_MAX: usize = 8;

fn are_apart_within(root: &Value, one: &Value, other: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if let Some(one) = referred(root, one)
        && are_apart_within(root, one, other, depth)
    {
        return true;
    }
    if let Some(other) = referred(root, other)
        && are_apart_within(root, one, other, depth)
    {
        return true;
    }
    // Integers are numbers too.
    let same = |kind: &str, of: &str| kind == of || kind == "integer" && of == "number";
    let types = types(one).zip(types(other)).is_some_and(|(one, other)| {
        let mut pairs = one.iter().flat_map(|kind| other.iter().map(move |of| (kind, of)));
        !pairs.any(|(kind, of)| same(kind, of) || same(of, kind))
    });
    let values = values(one)
        .zip(values(other))
        .is_some_and(|(one, other)| !one.iter().any(|value| other.contains(value)));
    let field = |name: &str| {
        let own = |schema: &'_ Value| schema.get("properties")?.get(name).cloned();
        own(one).zip(own(other))
    };
    types
        || values
        || each(one, "required")
            .filter_map(Value::as_str)
            .filter_map(field)
            .any(|(own, others)| are_apart_within(root, &own, &others, depth))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn alternatives_are_told_apart_by_types_constants_and_required_fields_and_by_nothing_else() {
        let code = json!({ "x-code-list": "one", "maxLength": 10 });
        let kind = |kind: &str, more: Value| {
            let of = json!({ "const": kind });
            json!({ "properties": { "kind": of, "name": { "pattern": "^A" }, "code": more }, "required": ["kind"] })
        };
        let open = |mut of: Value| {
            of["required"] = json!(["name"]);
            of
        };
        let root =
            json!({ "$defs": { "code": code, "text": { "type": "string", "pattern": "^X" } } });
        let cases = [
            (json!([{ "type": "null" }, code]), None),
            (
                json!([{ "type": "array", "items": {} }, { "type": "string", "x-code-list": "one" }]),
                None,
            ),
            (json!([{ "pattern": "^X" }, code]), Some((0, "pattern"))),
            (json!([code, { "$ref": "#/$defs/text" }]), Some((1, "pattern"))),
            (json!([{ "format": "email" }, { "$ref": "#/$defs/code" }]), Some((0, "format"))),
            (json!([{ "pattern": "^X" }, { "format": "email" }]), None),
            (json!([{ "pattern": "^X", "x-code-list": "one" }, { "type": "string" }]), None),
            (json!([kind("a", code.clone()), kind("b", code.clone())]), None),
            (json!([open(kind("a", code.clone())), kind("b", code.clone())]), Some((0, "pattern"))),
            (json!([kind("a", code.clone()), kind("a", code)]), Some((0, "pattern"))),
            (json!([{ "const": 1, "not": {} }, { "enum": [2, 3], "x-code-list": "one" }]), None),
        ];
        for (all, expected) in cases {
            assert_eq!(confused(&root, all.as_array().unwrap()), expected, "{all}");
        }
    }

    #[test]
    fn a_value_is_meant_by_a_schema_of_its_length_and_its_fields() {
        let deeper = |depth: usize| depth.checked_sub(1);
        let choice = Choice { root: &Value::Null, deeper: &deeper };
        let closed =
            json!({ "properties": { "a": { "maxLength": 2 } }, "additionalProperties": false });
        for (value, admitted) in [
            (json!({}), true),
            (json!({ "a": "ăn" }), true),
            (json!({ "a": "ann" }), false),
            (json!({ "b": 1 }), false),
            (json!("a"), true),
        ] {
            assert_eq!(choice.admits(&closed, &value, 9), admitted, "{value}");
        }
        assert!(!choice.admits(&json!({ "minLength": 3 }), &json!("ab"), 9));
        assert!(choice.admits(&json!({ "minLength": 3 }), &json!(12), 9));
    }
}
