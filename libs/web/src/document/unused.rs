//! Removes components that nothing in the document refers to.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::{Components, Paths};

/// Keeps parameters, headers and schemas that operations or other components refer to.
pub(super) fn remove(paths: &Paths, components: &mut Components) {
    loop {
        let mut used = BTreeSet::new();
        // Documents are data: serialization cannot fail.
        collect(&serde_json::to_value(paths).expect("paths are JSON"), &mut used);
        collect(&serde_json::to_value(&*components).expect("components are JSON"), &mut used);
        let is_used =
            |section: &str, name: &str| used.contains(&format!("#/components/{section}/{name}"));
        let before = count(components);
        components.parameters.retain(|name, _| is_used("parameters", name));
        components.headers.retain(|name, _| is_used("headers", name));
        components.schemas.retain(|name, _| is_used("schemas", name));
        if count(components) == before {
            return;
        }
    }
}

fn count(components: &Components) -> usize {
    components.parameters.len() + components.headers.len() + components.schemas.len()
}

/// Collects the targets of all references.
fn collect(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                used.insert(reference.clone());
            }
            fields.values().for_each(|field| collect(field, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, used)),
        _ => {}
    }
}
