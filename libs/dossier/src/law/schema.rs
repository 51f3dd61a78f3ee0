//! Finds the schemas of a form that apply to one place in it, through references and combined
//! schemas. Each is visited once, so that cycles end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Keywords whose schemas apply to the same place.
pub(super) const SAME_PLACE: &[&str] = &["allOf", "anyOf", "oneOf", "if", "then", "else"];
/// Maximum number of names in a pointer into a form.
const POINTER_NAMES_MAX: usize = 32;
/// Maximum number of schemas that apply to one place, counted once per reference: a validator
/// visits each of them.
pub(super) const SCHEMAS_OF_A_PLACE_MAX: u64 = 1_000;
/// Maximum length of a chain of references and combined schemas.
const CHAIN_MAX: usize = 100;

/// A schema, identified by its address in memory.
type Known = *const Value;

/// The schemas of the field at `pointer`; none if the form has no such field.
pub(crate) fn at<'s>(form: &'s Value, pointer: &str) -> Vec<&'s Value> {
    let names: Vec<&str> = pointer.split('/').skip(1).collect();
    if names.len() > POINTER_NAMES_MAX {
        return Vec::new();
    }
    let last = names.iter().fold(vec![form], |schemas, name| {
        let name = name.replace("~1", "/").replace("~0", "~");
        let here = same_place(form, schemas);
        here.into_iter().flat_map(|schema| field(schema, &name)).collect()
    });
    same_place(form, last)
}

/// Whether a form defines the field at `pointer` as a date.
pub(crate) fn is_date(form: &Value, pointer: &str) -> bool {
    let date = |schema: &&Value| schema.get("format").is_some_and(|format| format == "date");
    at(form, pointer).iter().any(date)
}

/// These schemas and all others that apply to the same place.
pub(crate) fn same_place<'s>(root: &'s Value, schemas: Vec<&'s Value>) -> Vec<&'s Value> {
    let (mut open, mut known, mut all) = (schemas, BTreeSet::<Known>::new(), Vec::new());
    while let Some(schema) = open.pop() {
        if known.insert(schema) {
            all.push(schema);
            open.extend(besides(root, schema));
        }
    }
    all
}

/// The schemas of a field in one schema, without references.
fn field<'s>(schema: &'s Value, name: &str) -> Vec<&'s Value> {
    let named = schema.get("properties").and_then(|properties| properties.get(name));
    let mut found: Vec<&Value> = named.into_iter().collect();
    if named.is_none() {
        // The names may be open, by pattern or as additional properties.
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        found.extend(patterns.into_iter().flat_map(|patterns| patterns.values()));
        found.extend(schema.get("additionalProperties").filter(|more| more.is_object()));
    }
    if let Ok(place) = name.parse::<usize>() {
        let first = schema.get("prefixItems").and_then(|items| items.get(place));
        found.extend(first.or_else(|| schema.get("items").filter(|items| items.is_object())));
    }
    found
}

/// The schemas to which a schema refers for its own place.
fn besides<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let referred = schema.get("$ref").and_then(Value::as_str);
    let referred = referred.and_then(|to| root.pointer(to.strip_prefix('#')?));
    let mut found: Vec<&Value> = referred.into_iter().collect();
    for keyword in SAME_PLACE {
        match schema.get(*keyword) {
            Some(Value::Array(schemas)) => found.extend(schemas),
            Some(schema) => found.push(schema),
            None => {}
        }
    }
    let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
    found.extend(dependent.into_iter().flat_map(|schemas| schemas.values()));
    found
}

/// A JSON Pointer to the first schema to whose place too many schemas apply, or which refers to
/// itself: validation would not end.
pub(super) fn endless(form: &Value) -> Option<String> {
    let mut counts = BTreeMap::new();
    let mut open = vec![(String::new(), form)];
    while let Some((pointer, value)) = open.pop() {
        if value.is_object() && count(form, value, CHAIN_MAX, &mut counts) > SCHEMAS_OF_A_PLACE_MAX
        {
            return Some(pointer);
        }
        match value {
            Value::Object(fields) => open.extend(fields.iter().rev().map(|(name, within)| {
                (format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), within)
            })),
            Value::Array(items) => open.extend(
                items
                    .iter()
                    .enumerate()
                    .rev()
                    .map(|(at, within)| (format!("{pointer}/{at}"), within)),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

/// The number of schemas that apply to a schema's place, counted once per reference; `u64::MAX` for
/// one that refers to itself.
fn count(root: &Value, schema: &Value, chain: usize, counts: &mut BTreeMap<Known, u64>) -> u64 {
    if let Some(known) = counts.get(&std::ptr::from_ref(schema)) {
        return *known;
    }
    let Some(chain) = chain.checked_sub(1) else { return u64::MAX };
    // A schema that is reached again before it is counted refers to itself.
    counts.insert(schema, u64::MAX);
    let others = besides(root, schema).into_iter().chain(schema.get("not"));
    let others = others.map(|other| count(root, other, chain, counts));
    let sum = others.fold(1, u64::saturating_add);
    counts.insert(schema, sum);
    sum
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_leads_through_references_lists_and_alternatives() {
        let form = json!({
            "$defs": { "firm": { "properties": { "name": { "type": "string" } } } },
            "properties": {
                "firm": { "$ref": "#/$defs/firm" },
                "goods": { "items": { "properties": { "hs": {} } } },
                "loop": { "$ref": "#/properties/loop" },
            },
            "oneOf": [{ "properties": { "either": {} } }, { "properties": { "or": {} } }],
        });
        for known in ["/firm/name", "/goods/0/hs", "/either", "/or"] {
            assert!(!at(&form, known).is_empty(), "{known}");
        }
        for unknown in ["/firm/nome", "/goods/hs", "/neither", "/loop/x"] {
            assert!(at(&form, unknown).is_empty(), "{unknown}");
        }
        assert!(at(&form, &"/firm".repeat(POINTER_NAMES_MAX + 1)).is_empty());
    }

    #[test]
    fn each_schema_is_looked_at_once_in_whatever_circles_they_lead() {
        let again = json!({ "$ref": "#" });
        let round = json!({
            "properties": { "a": again },
            "allOf": [again, again, again, again],
            "anyOf": [again, again, again, again],
        });
        assert_eq!(same_place(&round, vec![&round]).len(), 9, "itself and each that refers to it");
        assert_eq!(at(&round, "/a/a/a").len(), 10);
        assert_eq!(endless(&round).as_deref(), Some(""));
        // No cycle, but each refers to the next one twice.
        let mut defs = serde_json::Map::new();
        for at in 0..40 {
            let next = json!({ "$ref": format!("#/$defs/s{}", at + 1) });
            defs.insert(format!("s{at}"), json!({ "allOf": [next, next] }));
        }
        defs.insert("s40".to_owned(), json!({ "properties": { "x": {} } }));
        let many = json!({ "$defs": defs, "properties": { "a": { "$ref": "#/$defs/s0" } } });
        assert!(!at(&many, "/a/x").is_empty());
        assert!(endless(&many).is_some());
        let chain: serde_json::Map<_, _> = (0..500)
            .map(|at| (format!("s{at}"), json!({ "$ref": format!("#/$defs/s{}", at + 1) })))
            .collect();
        assert!(endless(&json!({ "$defs": chain })).is_some(), "500 references one after another");
    }

    #[test]
    fn a_form_may_be_recursive_where_what_is_filled_in_ends_it() {
        let tree = json!({
            "$defs": { "part": { "properties": { "parts": { "items": { "$ref": "#/$defs/part" } } } } },
            "$ref": "#/$defs/part",
        });
        assert_eq!(endless(&tree), None);
        for (_, text) in crate::law::SHIPPED {
            let file: Value = serde_yaml_ng::from_str(text).unwrap();
            assert_eq!(endless(&file["form"]), None);
        }
    }
}
