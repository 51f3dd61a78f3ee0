use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::limits::JSON_DEPTH_MAX;
use dossier::text::normalised;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    a: String,
    b: Option<u32>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Struct { inner: Inner },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: Option<String>,
    inner: Option<Inner>,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    map: BTreeMap<String, Inner>,
    kind: Option<Kind>,
    free: Option<Value>,
}

/// Status and pointers of the problem with which a body is refused.
fn refused(body: &str) -> (u16, Vec<String>) {
    let problem = read::<Body>(body.as_bytes()).unwrap_err();
    let pointers = problem.findings().iter().map(|found| found.pointer.clone()).collect();
    (problem.status().as_u16(), pointers)
}

#[test]
fn an_array_is_no_object_at_any_depth() {
    for (body, pointer) in [
        (r#"["because"]"#, ""),
        (r#"{"inner":["x"]}"#, "/inner"),
        (r#"{"list":[{"a":"x"},["x"]]}"#, "/list/1"),
        (r#"{"map":{"k":["x"]}}"#, "/map/k"),
        (r#"{"kind":{"struct":["x"]}}"#, "/kind"),
        (r#"{"kind":{"struct":{"inner":["x"]}}}"#, "/kind"),
    ] {
        let (status, pointers) = refused(body);
        assert_eq!(status, 422, "{body}");
        assert!(pointers[0].starts_with(pointer), "{body}: {pointers:?}");
    }
    assert!(read::<Body>(br#"{"free":["x",["y"]],"kind":"plain"}"#).is_ok());
    assert_eq!(read::<Option<Body>>(b"null").unwrap_err().status().as_u16(), 422);
}

#[test]
fn no_key_comes_twice_at_any_depth() {
    for (body, pointer) in [
        (r#"{"reason":"a","reason":"b"}"#, "/reason"),
        (r#"{"free":{"a":1,"a":2}}"#, "/free/a"),
        (r#"{"free":[{"x":{"a":1,"b":2,"a":3}}]}"#, "/free/0/x/a"),
        ("{\"free\":{\"\u{1ec5}\":1,\"e\u{302}\u{303}\":2}}", "/free/e\u{302}\u{303}"),
        (r#"{"free":{"a":1,"\u0061":2}}"#, "/free/a"),
        (r#"{"map":{"k":{"a":"x"},"k":{"a":"y"}}}"#, "/map/k"),
    ] {
        assert_eq!(refused(body), (422, vec![pointer.to_owned()]), "{body}");
    }
}

#[test]
fn every_text_is_looked_at_and_all_that_is_wrong_is_told_at_once() {
    let body = json!({
        "reason": "a\0b", "list": [{ "a": "\u{202e}" }, { "a": "fine" }],
        "free": { "x/y": ["\u{3164}", { "deep~er": "\u{2066}x" }], "\u{7f}": 1 },
    });
    let (status, mut pointers) = refused(&body.to_string());
    pointers.sort();
    let expected =
        ["/free/x~1y/0", "/free/x~1y/1/deep~0er", "/free/\u{7f}", "/list/0/a", "/reason"];
    assert_eq!((status, pointers), (422, expected.map(str::to_owned).to_vec()));
    let long = json!({ "free": { "t": "x".repeat(JSON_TEXT_CHARS_MAX + 1) } });
    assert_eq!(refused(&long.to_string()).1, ["/free/t"]);
}

#[test]
fn a_text_that_its_field_refuses_does_not_hide_the_others() {
    #[derive(Debug, Deserialize)]
    struct Named {
        #[expect(dead_code, reason = "only read")]
        name: crate::Line<5>,
        #[expect(dead_code, reason = "only read")]
        rest: Value,
    }
    let pointers = |body: Value| {
        let problem = read::<Named>(body.to_string().as_bytes()).unwrap_err();
        problem.findings().iter().map(|found| found.pointer.clone()).collect::<Vec<_>>()
    };
    assert_eq!(pointers(json!({ "name": "a\0", "rest": ["\u{202e}"] })), ["/name", "/rest/0"]);
    assert_eq!(pointers(json!({ "name": "too long", "rest": ["\0"] })), ["/name", "/rest/0"]);
    assert_eq!(pointers(json!({ "name": 7, "rest": 1 })), ["/name"]);
}

#[test]
fn what_is_read_is_normalised() {
    let body = json!({ "reason": "e\u{302}\u{303}", "free": { "e\u{302}": ["e\u{302}"] } });
    let read = read::<Body>(body.to_string().as_bytes()).unwrap();
    assert_eq!(read.reason.unwrap(), "\u{1ec5}");
    assert_eq!(read.free.unwrap(), json!({ "\u{ea}": ["\u{ea}"] }));
}

#[test]
fn what_is_no_json_is_told_apart_and_depth_ends() {
    assert_eq!(refused("{").0, 400);
    assert_eq!(refused(r#"{"reason":"a"} x"#).0, 400);
    for depth in [JSON_DEPTH_MAX, 120, 4_000] {
        let body = format!("{{\"free\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(matches!(refused(&body).0, 400 | 422), "{depth}");
    }
    let allowed = JSON_DEPTH_MAX - 1;
    let body = format!("{{\"free\":{}{}}}", "[".repeat(allowed), "]".repeat(allowed));
    assert!(read::<Body>(body.as_bytes()).is_ok());
}

#[test]
fn every_error_is_found_at_once_with_the_place_of_what_is_missing() {
    let found = |body: &str| {
        let problem = read::<Body>(body.as_bytes()).unwrap_err();
        let found = problem.findings().iter();
        found.map(|one| (one.pointer.clone(), one.en.clone())).collect::<Vec<_>>()
    };
    let body = r#"{"reason":7,"inner":{"b":"x"},"list":[{"a":1},{},{"a":"x","c":1}],
        "map":{"k/":{"b":-1}},"kind":"other","more":1}"#;
    let mut all = found(body);
    all.sort();
    let expected = [
        ("/inner/a", "is required"),
        ("/inner/b", "must be a whole number from 0, not a text"),
        ("/kind", "must be one of: plain, struct"),
        ("/list/0/a", "must be a text, not a number"),
        ("/list/1/a", "is required"),
        ("/list/2/c", "there is no such field; accepted: a, b"),
        ("/map/k~1/a", "is required"),
        ("/map/k~1/b", "is not valid: must be a whole number from 0"),
        ("/more", "there is no such field; accepted: reason, inner, list, map, kind, free"),
        ("/reason", "must be a text, not a number"),
    ];
    let expected = expected.map(|(pointer, en)| (pointer.to_owned(), en.to_owned()));
    assert_eq!(all, expected);
    assert_eq!(found("[]"), [(String::new(), "must be an object".to_owned())]);
}

#[test]
fn many_errors_end_and_a_large_body_costs_few_attempts() {
    let many = json!({ "list": vec![json!({}); 500] }).to_string();
    let problem = read::<Body>(many.as_bytes()).unwrap_err();
    assert_eq!(problem.findings().len(), ERRORS_MAX);
    let large = json!({ "free": "x".repeat(400_000), "reason": 1, "more": 1 }).to_string();
    let problem = read::<Body>(large.as_bytes()).unwrap_err();
    assert!(!problem.findings().is_empty());
}

#[test]
fn all_missing_fields_are_named_whatever_their_types() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct All {
        id: uuid::Uuid,
        at: jiff::Timestamp,
        day: jiff::civil::Date,
        phone: dossier::text::Phone,
        name: crate::Line<5>,
        inner: Inner,
        kind: Kind,
        many: Vec<u8>,
        yes: bool,
        number: i64,
    }
    let problem = read::<All>(b"{}").unwrap_err();
    let found: Vec<&str> = problem.findings().iter().map(|found| &*found.pointer).collect();
    let expected =
        ["/id", "/at", "/day", "/phone", "/name", "/inner", "/kind", "/many", "/yes", "/number"];
    assert_eq!(found, expected);
    let wrong = json!({
        "id": "x", "at": "x", "day": "x", "phone": "x", "name": "", "inner": {"a": "x"},
        "kind": "plain", "many": [], "yes": true, "number": 1,
    });
    let problem = read::<All>(wrong.to_string().as_bytes()).unwrap_err();
    let mut found: Vec<_> =
        problem.findings().iter().map(|found| (&*found.pointer, &*found.en)).collect();
    found.sort_unstable();
    let instant =
        "is not valid: must be an instant as in RFC 3339, for example 2026-11-20T09:00:00+07:00";
    assert_eq!(found[0], ("/at", instant));
    assert_eq!(found[1], ("/day", "is not valid: must be a date, for example 2026-11-20"));
    assert_eq!(found[2], ("/id", "is not valid: must be a UUID"));
    assert_eq!(found[3], ("/name", "must not be empty"));
    assert_eq!(found[4].0, "/phone");
    assert_eq!(found.len(), 5);
}

/// Any JSON value of clean texts, nested a little.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zà-ỹ ]{0,8}x".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_clean_value_is_read_as_it_is(value in value()) {
        let value: Value = serde_json::from_str(&normalised(&value.to_string())).unwrap();
        let body = json!({ "free": value }).to_string();
        let read = read::<Body>(body.as_bytes()).unwrap().free.unwrap_or(Value::Null);
        prop_assert_eq!(read, value);
    }

    #[test]
    fn nothing_makes_it_panic_and_what_it_takes_serde_takes_too(body in "[\\[\\]{}\":,a0\\\\u ]{0,40}") {
        if let Ok(strict) = read::<Body>(body.as_bytes()) {
            prop_assert_eq!(serde_json::from_str::<Body>(&body).unwrap(), strict);
        }
    }

    #[test]
    fn a_key_that_is_said_again_is_always_found(value in value(), again in value()) {
        let body = format!("{{\"free\":{{\"k\":{value},\"l\":0,\"k\":{again}}}}}");
        prop_assert_eq!(refused(&body), (422, vec!["/free/k".to_owned()]));
    }
}
