use dossier::contract::{PARTS, payload_of};
use web::READS_RECORDED;

use super::*;
use crate::generate::schemas;

fn payloads() -> Vec<(Category, Payload)> {
    let mut all = Vec::new();
    for category in Category::ALL {
        let of = category.events().into_iter().flat_map(|events| events.payloads);
        all.extend(of.map(|payload| (category, *payload)));
    }
    all
}

#[test]
fn every_recorded_field_is_shown_somewhere_or_declared_internal() {
    for (category, payload) in payloads() {
        let shown =
            is_on_timeline(category) || BY_OPERATION.iter().any(|(name, _)| *name == payload.name);
        let internal = |audience: Option<Audience>| {
            audience.is_some_and(|audience| matches!(audience, Audience::Nobody(_)))
        };
        let in_reply = |payload: &str, field: &str| {
            let mut all = BY_PROPERTY.iter().chain(BY_ADDRESS);
            all.any(|(p, f, _)| *p == payload && *f == field)
        };
        for field in payload.fields {
            // Each field of a part is shown by itself: an operation shows one and not another.
            let by_fields = in_reply(payload.name, field.name)
                || field.part().is_some_and(|part| {
                    part.fields.iter().all(|field| in_reply(part.name, field.name))
                });
            assert!(
                shown || by_fields || internal(payload.audience_of(field)),
                "nothing shows {}.{}: name the operation in xtask/src/fields/shown.rs, or declare it for Nobody(\"why\")",
                payload.name,
                field.name
            );
        }
    }
}

#[test]
fn the_places_that_the_table_names_exist() {
    let operations = Operations::read().unwrap();
    let known: BTreeMap<&str, Payload> = payloads()
        .into_iter()
        .map(|(_, payload)| payload)
        .chain(PARTS)
        .map(|payload| (payload.name, payload))
        .collect();
    for (payload, field, property) in BY_PROPERTY {
        let fields = known.get(payload).unwrap_or_else(|| panic!("no payload {payload}")).fields;
        assert!(fields.iter().any(|known| known.name == *field), "{payload}.{field}");
        let (schema, name) = property.split_once('.').unwrap();
        let properties = operations.properties.get(schema);
        assert!(
            properties.is_some_and(|all| all.contains(name)),
            "{property} of {payload}.{field}"
        );
        assert!(
            operations.with(schema).next().is_some(),
            "no read operation replies with {schema}"
        );
    }
    for (payload, field, operation) in BY_ADDRESS {
        let fields = known.get(payload).unwrap_or_else(|| panic!("no payload {payload}")).fields;
        assert!(fields.iter().any(|known| known.name == *field), "{payload}.{field}");
        let one = field.strip_suffix('s').unwrap();
        let named = all_documents().into_iter().any(|(_, document)| {
            let document = serde_json::to_value(&document).unwrap();
            let paths = document["paths"].as_object().unwrap();
            paths.iter().any(|(path, item)| {
                item["get"]["operationId"] == *operation && path.contains(&format!("{{{one}}}"))
            })
        });
        assert!(named, "the address of {operation} names no {one}");
    }
    for (payload, operation) in BY_OPERATION {
        assert!(known.contains_key(payload), "no payload {payload}");
        assert!(operations.ids.contains(*operation), "no operation {operation}");
    }
}

/// The names of the properties of a schema, and whether each is personal data.
fn fields_of(schema: &Value, root: &Value) -> BTreeMap<String, bool> {
    let resolved = match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let own = resolved["properties"].as_object().into_iter().flatten();
    own.map(|(name, value)| (name.clone(), is_personal(value, root))).collect()
}

fn is_personal(value: &Value, root: &Value) -> bool {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str);
                let named = reference.map(|reference| reference.rsplit('/').next().unwrap());
                if fields.contains_key("$personal")
                    || named.is_some_and(|name| name.starts_with("Personal_"))
                {
                    return true;
                }
                // Parts that are payloads have audiences of their own.
                waiting.extend(fields.iter().filter(|(name, _)| *name != "$ref").map(|(_, v)| v));
                if let Some(name) = named
                    && !PARTS.iter().any(|part| part.name == name)
                {
                    waiting.push(root.pointer(&format!("/$defs/{name}")).unwrap());
                }
            }
            _ => {}
        }
    }
    false
}

#[test]
fn the_fields_with_audiences_are_those_of_the_schemas_and_personal_ones_are_known_as_such() {
    let mut personal = 0;
    let mut compare = |payload: &Payload, schema: &Value, root: &Value| {
        let declared: BTreeMap<String, bool> = payload
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.is_personal()))
            .collect();
        assert_eq!(declared, fields_of(schema, root), "{}", payload.name);
        personal += declared.values().filter(|personal| **personal).count();
    };
    for (kind, schema) in schemas() {
        compare(&payload_of(kind).unwrap(), &schema, &schema);
        for part in PARTS {
            if let Some(of_part) = schema.pointer(&format!("/$defs/{}", part.name)) {
                compare(&part, of_part, &schema);
            }
        }
    }
    assert!(personal > 40, "{personal}");
}

/// Names that properties with personal data have in replies.
const PERSONAL: [&str; 25] = [
    "address",
    "answer",
    "applicant_name",
    "because",
    "comment",
    "complainant_name",
    "contact",
    "email",
    "end_reason",
    "file_name",
    "findings",
    "form",
    "lines",
    "note",
    "participants",
    "phone",
    "place",
    "question",
    "reason",
    "received_by",
    "recipient_name",
    "reopened_because",
    "status_text",
    "text",
    "tracked",
];

#[test]
fn a_read_operation_whose_reply_has_personal_data_is_recorded() {
    let (mut recorded, mut impersonal) = (0, 0);
    let operations = Operations::read().unwrap();
    for (_, document) in all_documents() {
        let document = serde_json::to_value(&document).unwrap();
        for get in document["paths"].as_object().unwrap().values().filter_map(|i| i.get("get")) {
            let id = get["operationId"].as_str().unwrap();
            let open = get["security"].as_array().is_some_and(Vec::is_empty);
            let description = get["description"].as_str().unwrap_or_default();
            if open {
                continue;
            }
            if description.contains(READS_RECORDED) {
                recorded += 1;
                continue;
            }
            impersonal += 1;
            let reply = &get["responses"]["200"];
            // Exports in rows are of figures; documents and papers are of persons.
            let bytes = reply["content"].as_object().is_some_and(|content| {
                content.keys().any(|media_type| media_type.starts_with("application/pdf"))
            });
            assert!(!bytes, "{id} is declared impersonal, and replies with a document");
            // The text of an explanation says how a date was computed; quotas have one for the
            // callers without a token, which are told apart by address.
            let schemas = reached(reply, &document).into_iter();
            for schema in schemas.filter(|schema| schema != "Explanation" && schema != "Quotas") {
                let properties = &operations.properties[&schema];
                let found: Vec<&String> =
                    properties.iter().filter(|name| PERSONAL.contains(&&***name)).collect();
                assert!(
                    found.is_empty(),
                    "{id} is declared impersonal, and shows {schema}.{found:?}"
                );
            }
        }
    }
    assert!(recorded > 10 && impersonal > 5, "{recorded}, {impersonal}");
}
