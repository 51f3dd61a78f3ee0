//! Examples of bodies and replies. Where none is declared, one is composed of the examples of the
//! fields and the first values of enumerations, so that it always matches the schema.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Components, Content, Paths, RefOr};

/// Depth of nested schemas in an example.
const DEPTH_MAX: usize = 12;

/// Adds an example to each content that has none.
pub(super) fn give(paths: &mut Paths, components: &Components) {
    // Schemas are data: serialization cannot fail.
    let schemas = serde_json::to_value(&components.schemas).expect("schemas are JSON");
    for item in paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            contents(operation).for_each(|content| complete(content, &schemas));
        }
    }
}

/// Contents of an operation's body and replies.
fn contents(operation: &mut Operation) -> impl Iterator<Item = &mut Content> {
    let body =
        operation.request_body.as_mut().and_then(inline).map(|body| body.content.values_mut());
    let replies = operation.responses.responses.values_mut().filter_map(inline);
    let replies = replies.flat_map(|reply| reply.content.values_mut());
    body.into_iter().flatten().chain(replies).filter_map(inline)
}

/// The declared value; `None` if it is a reference to a component.
fn inline<T>(declared: &mut RefOr<T>) -> Option<&mut T> {
    match declared {
        RefOr::T(declared) => Some(declared),
        RefOr::Ref(_) => None,
    }
}

fn complete(content: &mut Content, schemas: &Value) {
    if content.example.is_some() || !content.examples.is_empty() {
        return;
    }
    let Some(schema) = &content.schema else { return };
    let schema = serde_json::to_value(schema).expect("schemas are JSON");
    // Bytes have no JSON representation.
    if schema["format"] != "binary" {
        content.example = Some(example(&schema, schemas, DEPTH_MAX));
    }
}

/// An example of a value that the schema allows.
fn example(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    let of = |schema: &Value| example(schema, schemas, depth);
    if let Some(given) = given(schema) {
        return given.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return of(&schemas[name]);
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(items) = schema[alternatives].as_array() {
            let value = items.iter().find(|item| item["type"] != "null");
            return value.map_or(Value::Null, of);
        }
    }
    if let Some(items) = schema["allOf"].as_array() {
        let parts = items.iter().map(of).filter_map(|part| match part {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        return Value::Object(parts.flatten().collect());
    }
    match type_of(schema) {
        "object" => Value::Object(fields(schema, of)),
        "array" => match schema["prefixItems"].as_array() {
            Some(items) => Value::Array(items.iter().map(of).collect()),
            None => json!([of(&schema["items"])]),
        },
        "string" => Value::from(string(schema)),
        "integer" => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        "number" => json!(schema["minimum"].as_f64().unwrap_or(1.0).max(1.0)),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

/// The example, constant or default in the schema itself.
fn given(schema: &Value) -> Option<&Value> {
    let named = ["example", "const", "default"].iter().find_map(|name| schema.get(*name));
    let listed = ["examples", "enum"].iter().find_map(|name| schema[*name].as_array()?.first());
    named.or(listed)
}

fn fields(schema: &Value, of: impl Fn(&Value) -> Value) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        fields.insert(name.clone(), of(field));
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        let name = given(&schema["propertyNames"]).and_then(Value::as_str).unwrap_or("name");
        fields.insert(name.to_owned(), of(values));
    }
    fields
}

/// The type, other than null.
fn type_of(schema: &Value) -> &str {
    let types = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), |all| all);
    types.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default()
}

fn string(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => "2026-11-26T02:30:00Z",
        Some("date") => "2026-12-03",
        Some("uuid") => "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e",
        Some("uri") => "https://example.vn/",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_made_of_what_the_schema_says() {
        let schemas = json!({ "Kind": { "type": "string", "enum": ["one", "two"] } });
        let schema = json!({ "type": "object", "properties": {
            "kind": { "$ref": "#/components/schemas/Kind" },
            "due": { "type": ["string", "null"], "format": "date" },
            "other": { "oneOf": [{ "type": "null" }, { "type": "integer", "minimum": 7 }] },
            "said": { "type": "array", "items": { "type": "string", "examples": ["so"] } },
        } });
        let made = example(&schema, &schemas, DEPTH_MAX);
        let wanted = json!({ "kind": "one", "due": "2026-12-03", "other": 7, "said": ["so"] });
        assert_eq!(made, wanted);
    }

    #[test]
    fn a_map_has_one_of_the_names_that_its_schema_allows() {
        let named = json!({ "type": "object", "additionalProperties": { "type": "integer" },
            "propertyNames": { "type": "string", "enum": ["online", "post"] } });
        assert_eq!(example(&named, &json!({}), DEPTH_MAX), json!({ "online": 1 }));
        let other = json!({ "type": "object", "additionalProperties": { "type": "boolean" } });
        assert_eq!(example(&other, &json!({}), DEPTH_MAX), json!({ "name": true }));
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schemas = json!({ "Tree": { "type": "object", "properties": {
            "below": { "$ref": "#/components/schemas/Tree" },
        } } });
        let tree = json!({ "$ref": "#/components/schemas/Tree" });
        assert!(example(&tree, &schemas, DEPTH_MAX).is_object());
    }
}
