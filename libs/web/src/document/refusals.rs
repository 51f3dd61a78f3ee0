//! Problems of an operation, by status. Sets that many operations share become components.

use std::collections::BTreeMap;

use dossier::RefusalEntry;
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{Components, ContentBuilder, RefOr, Response, ResponseBuilder};

use super::{parts, reference, schema};
use crate::Problem;
use crate::operation::{Features, Item, problems};
use crate::problem::{BODY_INVALID, FORM_INVALID, QUERY_INVALID, UNKNOWN_DOCUMENT};

type ByStatus = BTreeMap<u16, Vec<RefusalEntry>>;

/// Named kinds of operations, whose problems become components. The first match is used.
const KINDS: [(&str, Features); 8] = [
    ("Open", OPEN),
    ("LookUp", Features { look_up: true, address: true, ..OPEN }),
    ("Read", READ),
    ("Change", CHANGE),
    ("Upload", Features { body: true, ..CHANGE }),
    ("Write", WRITE),
    ("Step", Features { step: true, ..WRITE }),
    ("Revision", Features { step: true, if_match: true, ..WRITE }),
];
const OPEN: Features = Features {
    roles: false,
    look_up: false,
    address: false,
    changes: false,
    body: false,
    json: false,
    if_match: false,
    step: false,
    message: false,
};
const READ: Features = Features { roles: true, ..OPEN };
const CHANGE: Features = Features { changes: true, ..READ };
const WRITE: Features = Features { body: true, json: true, ..CHANGE };

/// Problem responses of an operation.
pub(super) fn responses(
    item: &Item,
    components: &mut Components,
) -> Vec<(String, RefOr<Response>)> {
    let common: Vec<(&str, ByStatus)> =
        KINDS.iter().map(|(name, features)| (*name, by_status(features.problems()))).collect();
    let mut responses = Vec::new();
    for (status, entries) in by_status(problems(item)) {
        for entry in &entries {
            components.examples.entry(entry.code.to_owned()).or_insert_with(|| {
                let mut value = json!({
                    "type": format!("urn:dossier:problem:{}", entry.code),
                    "title": entry.vi,
                    "status": entry.status,
                });
                if let Some(error) = wrong(*entry) {
                    value["errors"] = json!([error]);
                }
                RefOr::T(ExampleBuilder::new().summary(entry.en).value(Some(value)).build())
            });
        }
        let response = response(status, &entries);
        let kind = common.iter().find(|(_, all)| all.get(&status) == Some(&entries));
        let response = match kind {
            Some((kind, _)) => {
                let name = format!("{kind}{}", canonical(status));
                components.responses.insert(name.clone(), response.into());
                RefOr::Ref(reference("responses", &name))
            }
            None => RefOr::T(response),
        };
        responses.push((status.to_string(), response));
    }
    responses
}

/// An example of what is wrong with a field, parameter or header, for problems that name them.
fn wrong(entry: RefusalEntry) -> Option<Value> {
    if let Some(header) = Problem::new(entry).header() {
        return Some(json!({ "header": header, "code": entry.code, "detail": entry.vi }));
    }
    let missing = "thiếu trường này";
    let examples = [
        (BODY_INVALID, "pointer", "/agency", missing),
        (FORM_INVALID, "pointer", "/form/goods/0/quantity", missing),
        (UNKNOWN_DOCUMENT, "pointer", "/documents/0/document", "bạn chưa tải lên tài liệu này"),
        (QUERY_INVALID, "parameter", "limit", "`0`: phải từ 1 trở lên"),
    ];
    let (_, place, name, detail) = examples.into_iter().find(|(of, ..)| *of == entry)?;
    Some(json!({ place: name, "code": entry.code, "detail": detail }))
}

fn by_status(mut entries: Vec<RefusalEntry>) -> ByStatus {
    entries.sort_by_key(|entry| (entry.status, entry.code));
    let mut by_status = ByStatus::new();
    for entry in entries {
        by_status.entry(entry.status).or_default().push(entry);
    }
    by_status
}

fn response(status: u16, entries: &[RefusalEntry]) -> Response {
    let lines: Vec<String> =
        entries.iter().map(|entry| format!("- `{}`: {}", entry.code, entry.en)).collect();
    let examples =
        entries.iter().map(|entry| (entry.code, RefOr::Ref(reference("examples", entry.code))));
    let content =
        ContentBuilder::new().schema(Some(schema("Problem"))).examples_from_iter(examples);
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n"))
        .content("application/problem+json", content.build());
    for (name, component) in parts::headers_of_problem(status) {
        response = response.header_ref(name, reference("headers", component));
    }
    response.build()
}

/// Reason phrase as a component name, for example `NotFound` for 404.
fn canonical(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or_default().chars().filter(char::is_ascii_alphabetic).collect()
}
