//! Tests what the OpenAPI documents guarantee to generators of clients.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::generate::all_documents;

/// All documents, as JSON.
fn declared() -> Vec<(&'static str, Value)> {
    let all = all_documents().into_iter();
    let documents = all.map(|(name, document)| (name, serde_json::to_value(&document).unwrap()));
    documents.collect()
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// All operations, with address and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = fields(&document["paths"]);
    let operations = items.flat_map(|(address, item)| {
        fields(item).map(move |(method, operation)| (format!("{method} {address}"), operation))
    });
    operations.collect()
}

/// Collects all contents of a document, with their places.
fn contents<'a>(place: &str, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    for (media_type, content) in fields(&value["content"]) {
        found.push((format!("{place} {media_type}"), content));
    }
    match value {
        Value::Object(inner) => {
            for (name, inner) in inner.iter().filter(|(name, _)| *name != "examples") {
                contents(&format!("{place}/{name}"), inner, found);
            }
        }
        Value::Array(inner) => inner.iter().for_each(|inner| contents(place, inner, found)),
        _ => {}
    }
}

#[test]
fn every_body_and_reply_has_an_example_that_its_schema_takes() {
    let mut examples_seen = 0;
    for (service, document) in declared() {
        let mut found = Vec::new();
        contents(service, &document["paths"], &mut found);
        contents(service, &document["components"]["responses"], &mut found);
        for (place, content) in found {
            if content["schema"]["format"] == "binary" {
                continue;
            }
            let named = fields(&content["examples"]).map(|(_, example)| {
                let reference = example["$ref"].as_str().unwrap().trim_start_matches('#');
                &document.pointer(reference).unwrap()["value"]
            });
            let examples: Vec<&Value> = content.get("example").into_iter().chain(named).collect();
            assert!(!examples.is_empty(), "{place} has no example");
            let mut schema = content["schema"].clone();
            schema["components"] = json!({ "schemas": document["components"]["schemas"] });
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            for example in examples {
                let wrong: Vec<String> = validator
                    .iter_errors(example)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(wrong.is_empty(), "{place}: {wrong:?} in {example}");
                assert!(
                    !example.to_string().contains("\"string\""),
                    "{place}: a field of {example} needs `#[schema(example = \"..\")]`"
                );
                examples_seen += 1;
            }
        }
    }
    assert!(examples_seen > 20, "{examples_seen}");
}

#[test]
fn every_list_in_a_body_declares_how_many_items_it_takes() {
    let mut lists = 0;
    for (service, document) in declared() {
        for (place, operation) in operations(&document) {
            for (_, content) in fields(&operation["requestBody"]["content"]) {
                let mut pending = vec![&content["schema"]];
                while let Some(schema) = pending.pop() {
                    if let Some(reference) = schema["$ref"].as_str() {
                        pending.push(document.pointer(reference.trim_start_matches('#')).unwrap());
                    }
                    if !schema["items"].is_null() {
                        assert!(schema["maxItems"].is_u64(), "{service}: {place}: {schema}");
                        lists += 1;
                    }
                    pending.extend(fields(&schema["properties"]).map(|(_, field)| field));
                    let below = [&schema["items"], &schema["additionalProperties"]];
                    pending.extend(below.into_iter().filter(|schema| schema.is_object()));
                    let several = ["oneOf", "anyOf", "allOf"].map(|name| schema[name].as_array());
                    pending.extend(several.into_iter().flatten().flatten());
                }
            }
        }
    }
    assert!(lists >= 8, "{lists}");
}

#[test]
fn every_parameter_and_header_stands_among_the_components_with_a_description() {
    for (service, document) in declared() {
        for (place, operation) in operations(&document) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let reference = parameter["$ref"].as_str();
                let reference = reference.unwrap_or_else(|| panic!("{place}: {parameter}"));
                let found = document.pointer(reference.trim_start_matches('#')).unwrap();
                assert!(found["description"].is_string(), "{service}: {place}: {reference}");
            }
            for (status, response) in fields(&operation["responses"]) {
                for (name, header) in fields(&response["headers"]) {
                    assert!(header["$ref"].is_string(), "{service}: {place} {status} {name}");
                }
            }
        }
        for (name, header) in fields(&document["components"]["headers"]) {
            assert!(header["description"].is_string(), "{service}: {name}");
        }
    }
}

#[test]
fn every_operation_says_in_the_imperative_what_it_does() {
    let mut names = BTreeSet::new();
    for (service, document) in declared() {
        let tags: Vec<&Value> =
            document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        for (place, operation) in operations(&document) {
            let summary = operation["summary"].as_str().unwrap();
            let first = summary.split(' ').next().unwrap();
            let imperative = first.starts_with(char::is_uppercase)
                && (!first.ends_with('s') || first.ends_with("ss"))
                && !["The", "A", "An", "What", "Everything", "All"].contains(&first);
            assert!(imperative, "{service}: {place}: {summary}");
            assert!(summary.ends_with('.') && !summary.ends_with(".."), "{place}: {summary}");
            assert!(tags.contains(&&operation["tags"][0]), "{place} has an undeclared tag");
            assert!(operation["security"].is_array(), "{place} does not say who may call it");
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{place} has the name of another operation");
        }
    }
}

#[test]
fn every_operation_says_which_problems_it_answers() {
    for (service, document) in declared() {
        for (place, operation) in operations(&document) {
            let statuses: Vec<&String> =
                fields(&operation["responses"]).map(|(status, _)| status).collect();
            let has = |status: &str| statuses.iter().any(|known| *known == status);
            assert!(has("400") && has("500"), "{service}: {place}: {statuses:?}");
            let open = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(has("401"), !open, "{service}: {place}");
            let names = |name: &str| {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                parameters.into_iter().any(|one| one["$ref"].as_str().unwrap().ends_with(name))
            };
            assert_eq!(has("412"), names("/IfMatch"), "{service}: {place}");
            // Partners have no keys; their facts have names. A question changes nothing.
            let without = ["post /v1/partners/{partner}/notices", "post /v1/quotes"];
            let is_ours = place.starts_with("post") && !without.contains(&&*place);
            assert_eq!(is_ours, names("/IdempotencyKey"), "{service}: {place}");
        }
    }
}

#[test]
fn no_two_documents_have_different_things_under_one_name() {
    let mut seen: BTreeMap<String, (&str, Value)> = BTreeMap::new();
    for (service, document) in declared() {
        for (section, things) in fields(&document["components"]) {
            for (name, thing) in things.as_object().unwrap_or(&Map::new()) {
                let known = seen
                    .entry(format!("{section}/{name}"))
                    .or_insert_with(|| (service, thing.clone()));
                assert_eq!(&known.1, thing, "{section}/{name} of {} and {service}", known.0);
            }
        }
    }
}

#[test]
fn what_is_recorded_of_persons_is_no_part_of_the_wire() {
    for (service, document) in declared() {
        assert!(!document.to_string().contains("$personal"), "{service}");
    }
}

#[test]
fn every_value_has_a_type() {
    for (service, document) in declared() {
        let mut untyped = Vec::new();
        for (name, schema) in fields(&document["components"]["schemas"]) {
            find_untyped(name, schema, &mut untyped);
        }
        assert_eq!(untyped, Vec::<String>::new(), "{service}");
    }
}

/// Collects properties and items without a type, and objects that say nothing about their fields:
/// generators take those for objects that have none.
fn find_untyped(place: &str, schema: &Value, found: &mut Vec<String>) {
    let says = ["type", "$ref", "oneOf", "anyOf", "allOf", "enum", "const"];
    if !says.iter().any(|word| schema.get(word).is_some()) {
        found.push(place.to_owned());
    }
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let fields_known = ["properties", "additionalProperties"];
    if types.contains(&json!("object"))
        && !fields_known.iter().any(|word| schema.get(word).is_some())
    {
        found.push(format!("{place}: fields"));
    }
    for (name, field) in fields(&schema["properties"]) {
        find_untyped(&format!("{place}/{name}"), field, found);
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        find_untyped(&format!("{place}/items"), items, found);
    }
}

#[test]
fn every_body_says_its_limit_and_every_problem_of_fields_names_one() {
    let mut named = 0;
    for (service, document) in declared() {
        for (place, operation) in operations(&document) {
            let body = &operation["requestBody"];
            if body.is_object() {
                let description = body["description"].as_str().unwrap_or_default();
                assert!(description.contains("bytes"), "{service}: {place}: {description}");
                assert!(operation["responses"].get("413").is_some(), "{service}: {place}");
            }
        }
        let examples = &document["components"]["examples"];
        for code in ["body-invalid", "form-invalid", "unknown-document", "query-invalid"] {
            let Some(example) = examples.get(code) else { continue };
            let error = &example["value"]["errors"][0];
            let place = error["pointer"].as_str().or(error["parameter"].as_str());
            assert!(place.is_some(), "{service}: {code} has {example}");
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}

#[test]
fn every_address_of_what_is_created_can_be_read() {
    for (service, document) in declared() {
        for (address, item) in fields(&document["paths"]) {
            if item["post"]["responses"]["201"]["headers"].get("Location").is_none() {
                continue;
            }
            // The address of one of the collection.
            let read = fields(&document["paths"]).any(|(other, item)| {
                other.starts_with(&format!("{address}/{{"))
                    && other.ends_with('}')
                    && item.get("get").is_some()
            });
            assert!(read, "{service}: nothing reads what is created at {address}");
        }
    }
}
