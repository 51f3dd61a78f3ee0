//! Formats `vn-tax-code` and `telephone`: fields accept the usual spellings and are recorded in a
//! normal form, so that equal values compare as equal.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Text;
use dossier::contract::{tax_code, telephone};
use jsonschema::Validator;
use serde_json::Value;

/// A format: its name, and a function to the normal form or an error.
pub(super) type Format = (&'static str, fn(&str) -> Result<String, Text>);

/// All such formats.
pub(super) const FORMATS: [Format; 2] = [
    ("vn-tax-code", |text| {
        tax_code(text).map_err(|fault| Text::new(fault.vi(), fault.to_string()))
    }),
    ("telephone", |text| telephone(text).map_err(|fault| Text::new(fault.vi(), fault.to_string()))),
];

pub(super) fn format(name: &str) -> Option<Format> {
    FORMATS.into_iter().find(|(known, _)| *known == name)
}

/// Normalises all fields of these formats in a valid form. Formats of unsatisfied branches do not
/// apply (JSON Schema 2020-12 core, section 7.7). A field with two formats that differ is left
/// unchanged.
pub(super) fn spell(schema: &Validator, form: &mut Value) {
    let mut claimed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for entry in schema.evaluate(&*form).iter_annotations() {
        let name = entry.annotations.value().as_str().filter(|_| is_format(entry.schema_location));
        if let Some((name, _)) = name.and_then(format) {
            claimed.entry(entry.instance_location.as_str().to_owned()).or_default().insert(name);
        }
    }
    for (pointer, formats) in claimed {
        let Some(Value::String(text)) = form.pointer_mut(&pointer) else { continue };
        let spellings = formats.into_iter().filter_map(format);
        let spelt: Option<BTreeSet<String>> =
            spellings.map(|(_, spelling)| spelling(text).ok()).collect();
        if let Some(mut spelt) = spelt.filter(|spelt| spelt.len() == 1)
            && let Some(one) = spelt.pop_first()
        {
            *text = one;
        }
    }
}

/// Whether an annotation is from the keyword `format`, and not, for example, a title of the same
/// text.
fn is_format(keyword: &str) -> bool {
    keyword.ends_with("/format")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spelt(schema: &Value, mut form: Value) -> Value {
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let options = FORMATS.into_iter().fold(options, |options, (name, spelling)| {
            options.with_format(name, move |text: &str| spelling(text).is_ok())
        });
        let schema = options.build(schema).unwrap();
        assert!(schema.is_valid(&form), "{form}");
        spell(&schema, &mut form);
        form
    }

    #[test]
    fn fields_are_spelt_wherever_their_schema_stands() {
        let schema = json!({
            "$defs": { "code": { "format": "vn-tax-code" }, "again": { "$ref": "#/$defs/again" } },
            "properties": {
                "a": { "$ref": "#/$defs/code" },
                "b": { "items": { "anyOf": [{ "type": "null" }, { "format": "telephone" }] } },
                "c": { "prefixItems": [{ "$ref": "#/$defs/code" }] },
                "d": { "$ref": "#/$defs/again" },
                "e": { "title": "telephone", "type": "string" },
            },
            "patternProperties": { "^p": { "format": "telephone" } },
            "dependentSchemas": { "a": { "properties": { "f": { "format": "telephone" } } } },
            "if": { "properties": { "g": { "type": "string" } } },
            "then": { "properties": { "g": { "format": "telephone" } } },
            "additionalProperties": { "format": "telephone" },
        });
        let form = json!({
            "a": "0314409058002",
            "b": ["(024) 3822 0000", null],
            "c": ["0100 233 488", "0314409058002"],
            "d": "0314409058002",
            "e": "0912.345.678",
            "f": "0912.345.678",
            "g": "0912.345.678",
            "p/1": "0912.345.678",
            "z": "0912.345.678",
        });
        let expected = json!({
            "a": "0314409058-002",
            "b": ["+842438220000", null],
            "c": ["0100233488", "0314409058002"],
            "d": "0314409058002",
            "e": "0912.345.678",
            "f": "+84912345678",
            "g": "+84912345678",
            "p/1": "+84912345678",
            "z": "+84912345678",
        });
        assert_eq!(spelt(&schema, form), expected);
    }

    #[test]
    fn a_field_is_spelt_by_the_branch_that_holds_and_as_written_where_two_do() {
        let either =
            |all: &str| json!({ all: [{ "format": "vn-tax-code" }, { "format": "telephone" }] });
        let both = json!("0314409058");
        assert_eq!(
            spelt(&either("anyOf"), both.clone()),
            both,
            "a tax code and a telephone number"
        );
        assert_eq!(spelt(&either("allOf"), both.clone()), both);
        assert_eq!(spelt(&either("anyOf"), json!("0912.345.678")), "+84912345678");
        assert_eq!(spelt(&either("anyOf"), json!("0100 233 488")), "0100233488");
        let by_kind = json!({
            "if": { "properties": { "kind": { "const": "firm" } } },
            "then": { "properties": { "no": { "format": "vn-tax-code" } } },
            "else": { "properties": { "no": { "format": "telephone" } } },
        });
        let form = |kind: &str, no: &str| json!({ "kind": kind, "no": no });
        for (kind, no) in [("firm", "0314409058"), ("person", "+84314409058")] {
            assert_eq!(spelt(&by_kind, form(kind, "0314 409 058")), form(kind, no));
        }
        let refused = json!({ "not": { "format": "telephone" }, "type": "string" });
        assert_eq!(spelt(&refused, json!("0100 233 488")), "0100 233 488");
    }

    #[test]
    fn references_that_multiply_cost_no_more_than_checking_the_form() {
        let again = json!({ "$ref": "#/$defs/a" });
        let round = json!({
            "$defs": { "a": { "allOf": [again, again, again] } },
            "properties": { "x": again, "y": { "format": "telephone" } },
        });
        let form = json!({ "x": "0912.345.678", "y": "0912.345.678" });
        assert_eq!(spelt(&round, form)["y"], "+84912345678");
    }
}
