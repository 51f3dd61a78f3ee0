use dossier::RefusalEntry;
use dossier::access::{May, agency};
use dossier::contract::{DossierId, Role};
use serde::Serialize;
use serde_json::Value;

use super::*;
use crate::{Problem, Reply, Request, document};

#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    #[schema(example = "G02")]
    code: String,
}

struct App;

const CLERK: &[May] = &[agency(Role::Clerk)];
const TOO_LATE: RefusalEntry =
    RefusalEntry { status: 409, code: "too-late", vi: "đã quá muộn", en: "it is too late" };

async fn show(_: Arc<App>, dossier: DossierId, _: Request) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Shown { code: dossier.to_string() }))
}

fn declared() -> Operation<App> {
    Operation::get("/v1/things/{dossier}", "get_thing", "Show a thing")
        .roles(CLERK)
        .refusals(&[TOO_LATE])
        .reply::<Shown>()
        .handle(show)
}

fn described() -> Value {
    serde_json::to_value(document("Things", "Of all kinds.", &[declared()])).unwrap()
}

fn check(answer: &Result<Reply, Problem>) {
    Declared::of(declared().item()).check(answer);
}

#[test]
fn the_document_says_what_was_declared() {
    let document = described();
    let operation = &document["paths"]["/v1/things/{dossier}"]["get"];
    assert_eq!(operation["operationId"], "get_thing");
    assert_eq!(operation["security"], serde_json::json!([{ "token": ["clerk"] }]));
    let parameter = &document["components"]["parameters"]["dossier"];
    assert_eq!(
        (&parameter["in"], &parameter["schema"]["format"]),
        (&"path".into(), &"uuid".into())
    );
    let content = &operation["responses"]["200"]["content"]["application/json"];
    assert_eq!(content["schema"]["$ref"], "#/components/schemas/Shown");
    assert_eq!(content["example"], serde_json::json!({ "code": "G02" }));
    let late = &operation["responses"]["409"]["content"]["application/problem+json"]["examples"];
    assert_eq!(late["too-late"]["$ref"], "#/components/examples/too-late");
}

#[test]
fn the_values_of_an_address_are_read_by_their_places() {
    let declared = Declared::of(declared().item());
    assert_eq!(declared.values("/v1/things/7"), ["7"]);
    assert_eq!(declared.values("/v1/things/7/"), ["7"]);
}

#[test]
fn an_answer_as_declared_passes() {
    check(&Ok(Reply::ok(&Shown { code: String::new() })));
    check(&Err(Problem::new(TOO_LATE)));
    check(&Err(Problem::not_found()));
}

#[test]
fn an_answer_that_was_not_declared_is_a_defect() {
    let undeclared = RefusalEntry { code: "other", ..TOO_LATE };
    let wrong: [Result<Reply, Problem>; 4] = [
        Err(Problem::new(undeclared)),
        Ok(Reply::ok(&7)),
        Ok(Reply::created("/v1/things/7", &Shown { code: String::new() })),
        Ok(Reply::ok(&Shown { code: String::new() }).next_page(Some("/v1/things"))),
    ];
    for answer in wrong {
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&answer)));
        assert!(found.is_err(), "{answer:?}");
    }
}
