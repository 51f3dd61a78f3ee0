//! Formats of our own in the forms of procedures: `vn-tax-code` and `telephone`. A field of either takes what people write, and
//! is recorded in one spelling, so that what is the same compares as the same.

use calendar::Text;
use dossier::contract::{tax_code, telephone};
use serde_json::Value;

/// How deep a schema is followed; references may lead back to where they stand.
const DEPTH_MAX: usize = 32;

/// A format: its name, the one spelling of a text, or what is wrong with it.
pub(super) type Format = (&'static str, fn(&str) -> Result<String, Text>);

/// Every one of them.
pub(super) const FORMATS: [Format; 2] = [
    ("vn-tax-code", |text| {
        tax_code(text).map_err(|fault| Text::new(fault.vi(), fault.to_string()))
    }),
    ("telephone", |text| telephone(text).map_err(|fault| Text::new(fault.vi(), fault.to_string()))),
];

pub(super) fn format(name: &str) -> Option<Format> {
    FORMATS.into_iter().find(|(known, _)| *known == name)
}

/// Puts every field of such a format into its one spelling. What breaks the schema stays as it is.
pub(super) fn spell(schema: &Value, form: &mut Value) {
    Walk { root: schema }.spell(schema, form, 0);
}

struct Walk<'a> {
    root: &'a Value,
}

impl Walk<'_> {
    fn spell(&self, schema: &Value, value: &mut Value, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let depth = depth.saturating_add(1);
        if let Some((_, spelling)) = schema.get("format").and_then(Value::as_str).and_then(format)
            && let Value::String(text) = value
            && let Ok(spelt) = spelling(text)
        {
            *text = spelt;
        }
        // Schemas that say more about the same value.
        let reference = schema.get("$ref").and_then(Value::as_str);
        let referred = reference.and_then(|r| self.root.pointer(r.strip_prefix('#')?));
        let more = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|all| schema.get(all));
        let more = more.filter_map(Value::as_array).flatten();
        let branches = ["then", "else"].into_iter().filter_map(|branch| schema.get(branch));
        for other in referred.into_iter().chain(more).chain(branches) {
            self.spell(other, value, depth);
        }
        match value {
            Value::Object(fields) => {
                let known = schema.get("properties");
                for (name, field) in fields {
                    let own = known.and_then(|known| known.get(name));
                    if let Some(own) = own.or(schema.get("additionalProperties")) {
                        self.spell(own, field, depth);
                    }
                }
            }
            Value::Array(items) => {
                let first = schema.get("prefixItems").and_then(Value::as_array);
                for (place, item) in items.iter_mut().enumerate() {
                    let own = first.and_then(|first| first.get(place));
                    if let Some(own) = own.or(schema.get("items")) {
                        self.spell(own, item, depth);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_spelt_wherever_their_schema_stands() {
        let schema = json!({
            "$defs": { "code": { "format": "vn-tax-code" }, "again": { "$ref": "#/$defs/again" } },
            "properties": {
                "a": { "$ref": "#/$defs/code" },
                "b": { "items": { "anyOf": [{ "type": "null" }, { "format": "telephone" }] } },
                "c": { "prefixItems": [{ "$ref": "#/$defs/code" }] },
                "d": { "$ref": "#/$defs/again" },
            },
            "additionalProperties": { "format": "telephone" },
        });
        let mut form = json!({
            "a": "0314409058002",
            "b": ["(024) 3822 0000", null, "none"],
            "c": ["0100 233 488", "0314409058002"],
            "d": "0314409058002",
            "e": "0912.345.678",
        });
        spell(&schema, &mut form);
        let expected = json!({
            "a": "0314409058-002",
            "b": ["+842438220000", null, "none"],
            "c": ["0100233488", "0314409058002"],
            "d": "0314409058002",
            "e": "+84912345678",
        });
        assert_eq!(form, expected);
    }
}
