//! Forms that a JSON Schema accepts, and variants with one field at an extreme value.

use serde_json::{Map, Value, json};

/// A form that a schema accepts, for the features of schemas that procedures use.
pub(crate) fn plain(schema: &Value) -> Value {
    at("", schema)
}

fn at(name: &str, schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let fields = schema.get("properties").and_then(Value::as_object);
            let fields = fields.into_iter().flatten();
            Value::Object(fields.map(|(key, field)| (key.clone(), at(key, field))).collect())
        }
        Some("array") => json!([at(name, schema.get("items").unwrap_or(&Value::Null))]),
        Some("integer" | "number") => {
            let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(1);
            let most = schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::MAX);
            json!(least.max(10).min(most))
        }
        Some("boolean") => json!(false),
        _ => json!(text(name, schema)),
    }
}

fn text(name: &str, schema: &Value) -> &'static str {
    if schema.get("format").and_then(Value::as_str) == Some("date") {
        return if name == "from" { "2026-11-02" } else { "2026-11-30" };
    }
    match schema.get("x-code-list").and_then(Value::as_str) {
        Some("countries") => return "VN",
        Some("provinces") => return "01",
        _ => {}
    }
    match name {
        "tax_code" => "0101234565",
        "phone" => "02438220000",
        "hs" => "520811",
        "cas" => "1310-73-2",
        _ => "Sao Mai",
    }
}

/// Extreme and special dates.
const DAYS: [&str; 6] =
    ["0001-01-01", "1970-01-01", "2016-02-29", "2026-10-05", "9999-11-15", "9999-12-31"];

/// Forms with one field at an extreme value, and a description of each.
pub(crate) fn at_edges(schema: &Value) -> Vec<(String, Value)> {
    let whole = plain(schema);
    let mut leaves = Vec::new();
    collect(&mut String::new(), schema, &mut leaves);
    let mut found = Vec::new();
    for (pointer, values) in leaves {
        for value in values {
            let mut form = whole.clone();
            if let Some(field) = form.pointer_mut(&pointer) {
                *field = value.clone();
                found.push((format!("{pointer} = {value}"), form));
            }
        }
    }
    found
}

fn collect(pointer: &mut String, schema: &Value, leaves: &mut Vec<(String, Vec<Value>)>) {
    let empty = Map::new();
    let fields = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (key, field) in fields {
        let within = pointer.len();
        pointer.push('/');
        pointer.push_str(key);
        match field.get("type").and_then(Value::as_str) {
            Some("string") if field.get("format").and_then(Value::as_str) == Some("date") => {
                leaves.push((pointer.clone(), DAYS.map(Value::from).to_vec()));
            }
            Some("integer") => {
                let ends = ["minimum", "maximum"].map(|end| field.get(end).cloned());
                let ends = ends.into_iter().zip([json!(i64::MIN), json!(i64::MAX)]);
                leaves.push((
                    pointer.clone(),
                    ends.map(|(end, else_)| end.unwrap_or(else_)).collect(),
                ));
            }
            _ => {
                if let Some(values) = field.get("enum").and_then(Value::as_array) {
                    leaves.push((pointer.clone(), values.iter().skip(1).cloned().collect()));
                }
                collect(pointer, field, leaves);
            }
        }
        pointer.truncate(within);
    }
}
