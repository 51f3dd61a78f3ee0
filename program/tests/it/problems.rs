//! Problems say in the reader's language what to change, and all of it at once.

use std::sync::Arc;

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Office, energy_label, submitted};

/// Words of libraries, which mean nothing to a client.
const FOREIGN: [&str; 10] = [
    "serde",
    "struct ",
    "field `",
    "variant",
    "invalid type",
    "at line",
    "expected",
    "u32",
    "digit found",
    "ParseInt",
];

const EVERY_ROLE: [Role; 11] = [
    Role::Applicant,
    Role::Clerk,
    Role::Reviewer,
    Role::Approver,
    Role::Cashier,
    Role::Consultee,
    Role::Carrier,
    Role::PaymentProvider,
    Role::ComplaintHandler,
    Role::Auditor,
    Role::Operator,
];

fn is_vietnamese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{c0}'..='\u{1b0}' | '\u{1ea0}'..='\u{1ef9}'))
}

/// An operation with a JSON body.
struct Body {
    /// Its address, with values for the parameters.
    path: String,
    /// The API document, for the schemas that the body's schema refers to.
    document: Arc<Value>,
    schema: Value,
}

/// The JSON bodies of all operations.
async fn bodies(office: &Office) -> Vec<Body> {
    let mut bodies = Vec::new();
    for service in program::services(&office.components).await.unwrap() {
        let document = Arc::new(serde_json::to_value(&service.openapi).unwrap());
        for (address, methods) in document["paths"].as_object().unwrap() {
            let content = "/post/requestBody/content/application~1json/schema";
            let Some(schema) = methods.pointer(content) else { continue };
            let path = address
                .replace("{kind}/{name}/{version}", "procedure/NOBODY/1")
                .split('/')
                .map(|part| match part {
                    "{label}" | "{note}" | "{message}" => "1",
                    "{book}" => "2026-11-20_G02.002_sandbox",
                    part if part.starts_with('{') => "00000000-0000-0000-0000-000000000001",
                    part => part,
                })
                .collect::<Vec<_>>()
                .join("/");
            let schema = resolved(schema, &document).clone();
            bodies.push(Body { path, document: Arc::clone(&document), schema });
        }
    }
    bodies
}

/// The schema that is meant: the target of a reference, the first choice of several.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(document.pointer(reference.trim_start_matches('#')).unwrap(), document);
    }
    let choices = ["oneOf", "anyOf"].iter().find_map(|several| schema[several].as_array());
    let first = choices.and_then(|all| all.iter().find(|one| one["type"] != "null"));
    first.map_or(schema, |first| resolved(first, document))
}

fn is_of(schema: &Value, kind: &str) -> bool {
    let named = &schema["type"];
    named == kind || named.as_array().is_some_and(|all| all.iter().any(|one| one == kind))
}

/// A value with all fields, that the schema accepts.
fn sample(schema: &Value, document: &Value) -> Value {
    let schema = resolved(schema, document);
    let given = [&schema["example"], &schema["examples"][0], &schema["enum"][0]];
    let fields = schema["properties"].as_object();
    if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
        let value = |(name, field): (&String, &Value)| (name.clone(), sample(field, document));
        return fields.iter().map(value).collect();
    }
    if is_of(schema, "array") {
        return json!([sample(&schema["items"], document)]);
    }
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    if is_of(schema, "integer") {
        let least = &schema["minimum"];
        return if least.is_null() { json!(1) } else { least.clone() };
    }
    if is_of(schema, "boolean") {
        return json!(true);
    }
    if is_of(schema, "object") {
        return json!({});
    }
    match schema["format"].as_str() {
        Some("date-time") => json!("2026-11-20T02:00:00Z"),
        Some("date") => json!("2026-11-20"),
        Some("uuid") => json!("00000000-0000-4000-8000-000000000001"),
        _ => json!("x"),
    }
}

/// Collects the lists in a body: their JSON Pointers, and the declared limits.
fn lists_in(schema: &Value, document: &Value, at: &str, found: &mut Vec<(String, Option<usize>)>) {
    let schema = resolved(schema, document);
    if is_of(schema, "array") {
        let max = schema["maxItems"].as_u64().and_then(|max| usize::try_from(max).ok());
        found.push((at.to_owned(), max));
        lists_in(&schema["items"], document, &format!("{at}/0"), found);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        lists_in(field, document, &format!("{at}/{name}"), found);
    }
}

/// Sends a body as it is.
async fn posted(office: &Office, path: &str, token: &str, body: &str) -> Answer {
    let (authorization, key) = (format!("Bearer {token}"), office.browser.key());
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/json"),
        ("idempotency-key", &*key),
        ("if-match", "*"),
        ("accept-language", "en"),
    ];
    office.browser.send(Method::POST, path, &headers, body.as_bytes().to_vec()).await.unwrap()
}

/// Sends a request in both languages and checks all texts of the problem.
async fn refused(office: &Office, method: Method, path: &str, token: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut answers = Vec::new();
    for language in ["vi", "en"] {
        let key = office.browser.key();
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", &*key),
            ("if-match", "*"),
            ("accept-language", language),
        ];
        let body = body.as_bytes().to_vec();
        let answer = office.browser.send(method.clone(), path, &headers, body).await.unwrap();
        answer.refused();
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        let details = errors.iter().chain([&answer.body]).map(|part| &part["detail"]);
        for text in details.chain([&answer.body["title"]]).filter_map(Value::as_str) {
            assert_eq!(is_vietnamese(text), language == "vi", "{path}: {text}");
            for word in FOREIGN {
                assert!(!text.contains(word), "{path}: {text}");
            }
        }
        answers.push(answer);
    }
    answers.pop().unwrap()
}

/// Pointers or parameters, with the codes.
fn found<'a>(answer: &'a Answer, key: &str) -> Vec<(&'a str, &'a str)> {
    let errors = answer.body["errors"].as_array().unwrap();
    let text = |error: &'a Value, key: &str| error[key].as_str().unwrap();
    let mut found: Vec<_> =
        errors.iter().map(|error| (text(error, key), text(error, "code"))).collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn no_body_of_any_operation_is_refused_in_the_words_of_a_library() {
    let office = Office::open().await;
    let token = office.token_for(&EVERY_ROLE, "everybody", "G02.002", None);
    let bodies = bodies(&office).await;
    for Body { path, schema, .. } in &bodies {
        let fields: Vec<&String> =
            schema["properties"].as_object().into_iter().flat_map(|all| all.keys()).collect();
        for wrong in [json!({}), json!([]), json!(-7), json!(true), json!("\u{202e}"), json!("?")] {
            let mut body: Value =
                fields.iter().map(|name| ((*name).clone(), wrong.clone())).collect();
            body["no_such_field"] = json!(1);
            let answer = refused(&office, Method::POST, path, &token, &body.to_string()).await;
            assert_eq!(answer.refused(), (422, "body-invalid"), "{path}");
            let found = found(&answer, "pointer");
            assert!(found.iter().any(|(at, _)| *at == "/no_such_field"), "{path}: {found:?}");
        }
        let answer = refused(&office, Method::POST, path, &token, "{").await;
        assert_eq!(answer.refused(), (400, "json-invalid"), "{path}");
    }
    assert!(bodies.len() > 30, "{}", bodies.len());
}

#[tokio::test]
async fn every_list_in_a_body_takes_as_many_items_as_declared_and_not_one_more() {
    let office = Office::open().await;
    let token = office.token_for(&EVERY_ROLE, "everybody", "G02.002", None);
    let mut lists_seen = 0;
    for Body { path, document, schema } in bodies(&office).await {
        let whole = sample(&schema, &document);
        let mut lists = Vec::new();
        lists_in(&schema, &document, "", &mut lists);
        for (pointer, max) in lists {
            let max = max.unwrap_or_else(|| panic!("{path}: {pointer} has no limit"));
            let filled = |count: usize| {
                let mut body = whole.clone();
                let list = body.pointer_mut(&pointer).unwrap();
                let item = list[0].clone();
                *list = vec![item; count].into();
                body.to_string()
            };
            let answer = refused(&office, Method::POST, &path, &token, &filled(max + 1)).await;
            assert_eq!(answer.refused(), (422, "body-invalid"), "{path}: {}", answer.body);
            assert_eq!(found(&answer, "pointer"), [(&*pointer, "body-invalid")], "{path}");
            let detail = answer.body["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.ends_with(&format!("at most {max} are allowed")), "{path}: {detail}");
            let answer = posted(&office, &path, &token, &filled(max)).await;
            // Whatever else is wrong with such a body, the length of the list is not.
            let errors = answer.body["errors"].as_array().into_iter().flatten();
            let of_list = |error: &&Value| {
                error["pointer"] == *pointer && error["detail"].as_str().unwrap().contains("items")
            };
            assert_eq!(errors.filter(of_list).count(), 0, "{path}: {}", answer.body);
            lists_seen += 1;
        }
    }
    assert!(lists_seen >= 8, "{lists_seen}");
}

#[tokio::test]
async fn every_parameter_that_is_wrong_is_named_at_once() {
    let office = Office::open().await;
    let token = office.token_for(&EVERY_ROLE, "everybody", "G02.002", None);
    for (query, expected) in [
        ("work?limit=x&more=1&after=b", vec!["limit", "more"]),
        ("work?limit=0&limit=2", vec!["limit"]),
        ("work?limit=101", vec!["limit"]),
        ("work?after=b", vec!["after"]),
        ("work?agency=%20x", vec!["agency"]),
        ("statistics?from=yesterday&to=2026-13-01&channel=pigeon", vec!["channel", "from", "to"]),
        ("lookup/x?a=1&b=2", vec!["a", "b"]),
    ] {
        let path = format!("/v1/register/{query}");
        let answer = refused(&office, Method::GET, &path, &token, "").await;
        assert_eq!(answer.refused(), (400, "query-invalid"), "{query}");
        let names: Vec<_> = found(&answer, "parameter").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{query}");
    }
    let answer = refused(&office, Method::GET, "/v1/result-numbers?year=x", &token, "").await;
    let names: Vec<_> = found(&answer, "parameter").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["agency", "book", "year"]);
}

#[tokio::test]
async fn a_submission_is_told_everything_that_is_wrong_with_it() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let good = energy_label(&office.browser, &applicant).await;
    let mut body = good.clone();
    body["form"]["brand"] = json!(7);
    body["form"].as_object_mut().unwrap().remove("product");
    body["documents"] = json!([
        { "component": "no_such", "document": "AAAAAAAAAAAAAAAAAAAAAA", "file_name": "a.pdf" },
    ]);
    body["delivery"] = json!({ "channel": "post" });
    let path = "/v1/dossiers";
    let answer = refused(&office, Method::POST, path, &applicant, &body.to_string()).await;
    assert_eq!(answer.refused().0, 422);
    let found_all = found(&answer, "pointer");
    for expected in [
        ("/form/brand", "form-invalid"),
        ("/form/product", "form-invalid"),
        ("/documents/1/component", "missing-document"),
        ("/documents/2/component", "missing-document"),
        ("/documents/0/component", "unknown-component"),
        ("/documents/0/document", "unknown-document"),
    ] {
        assert!(found_all.contains(&expected), "{expected:?} in {found_all:?}");
    }
    let missing = answer.body["errors"].as_array().unwrap().iter();
    let missing = missing.filter(|error| error["code"] == "missing-document");
    let missing: Vec<_> = missing.map(|error| (&error["component"], &error["detail"])).collect();
    let said = |name: &str| json!(format!("a required component is missing: {name}"));
    let (declaration, report) =
        (said("Declaration (`declaration`)"), said("Test report (`test_report`)"));
    let (one, other) = (json!("declaration"), json!("test_report"));
    assert_eq!(missing, [(&one, &declaration), (&other, &report)]);
    let vietnamese = [
        ("authorization", &*format!("Bearer {applicant}")),
        ("idempotency-key", "vi"),
        ("content-type", "application/json"),
    ];
    let bytes = body.to_string().into_bytes();
    let answer = office.browser.send(Method::POST, path, &vietnamese, bytes).await.unwrap();
    let said = answer.body["errors"].to_string();
    assert!(said.contains("Giấy công bố (`declaration`)"), "{said}");
    let mut body = good.clone();
    (body["agency"], body["procedure"]) = (json!("G99"), json!("NO.SUCH"));
    let answer = refused(&office, Method::POST, path, &applicant, &body.to_string()).await;
    let expected = [("/agency", "unknown-agency"), ("/procedure", "unknown-procedure")];
    assert_eq!(found(&answer, "pointer"), expected);
    // A field that the caller's role does not permit is not a matter of the role.
    let mut body = good.clone();
    body["applicant"] = json!("a2");
    let answer = refused(&office, Method::POST, path, &applicant, &body.to_string()).await;
    assert_eq!(found(&answer, "pointer"), [("/applicant", "applicant-not-permitted")]);
    let clerk = office.clerk();
    let answer = refused(&office, Method::POST, path, &clerk, &good.to_string()).await;
    assert_eq!(found(&answer, "pointer"), [("/applicant", "applicant-missing")]);
}

#[tokio::test]
async fn an_unknown_name_comes_with_the_names_that_are_known() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, _) = submitted(&office.browser, &applicant).await;
    let path = format!("{address}/supplement-requests");
    let body = json!({ "components": ["x", "y"], "reason": "r" }).to_string();
    let answer = refused(&office, Method::POST, &path, &clerk, &body).await;
    let code = "unknown-component";
    assert_eq!(found(&answer, "pointer"), [("/components/0", code), ("/components/1", code)]);
    let detail = answer.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("`x`; accepted: "), "{detail}");
    let payments = address.replace("dossiers", "payments") + "/attempts";
    let body = json!({ "provider": "nobody" }).to_string();
    let answer = refused(&office, Method::POST, &payments, &applicant, &body).await;
    assert_eq!(found(&answer, "pointer"), [("/provider", "unknown-provider")]);
    let detail = answer.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("sandbox"), "{detail}");
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_the_coding_that_is_accepted() {
    let office = Office::open().await;
    let authorization = format!("Bearer {}", office.applicant("a1"));
    for path in ["/v1/dossiers", "/v1/documents"] {
        for (coding, is_refused) in [("gzip", true), ("br, identity", true), ("Identity", false)] {
            let headers = [
                ("authorization", &*authorization),
                ("content-type", "application/json"),
                ("content-encoding", coding),
                ("idempotency-key", "k"),
            ];
            let answer =
                office.browser.send(Method::POST, path, &headers, b"{}".to_vec()).await.unwrap();
            let is_coding = answer.refused() == (415, "content-encoding-not-supported");
            assert_eq!(is_coding, is_refused, "{path} {coding}: {}", answer.body);
            let expected = if is_refused { "identity" } else { "" };
            assert_eq!(answer.header("accept-encoding"), expected, "{path} {coding}");
        }
    }
}
