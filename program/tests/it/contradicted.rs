//! Files of rules that were issued in the same moment and contradict each other: every reader takes the first and passes over the
//! second, and whoever issued that one is told.

use dossier::contract::{Actor, Envelope, EventSet, LawEvent, Role, RulesKind};
use dossier::law::rules;
use dossier::rules::stream_id;
use engine::rulebook::Rulebook;
use events::{Expected, NewEvent, StreamName, Version};
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Office, at, submitted};

/// A part of the registry with one agency.
fn part(id: &str, version: u32, code: &str, by: Option<&str>) -> String {
    let succeeded =
        by.map_or_else(String::new, |by| format!(", succeeded: {{ by: {by}, on: 2026-12-01 }}"));
    format!(
        "id: {id}\nversion: {version}\nlegal_basis: Nghị quyết 202/2025/QH15\nagencies:\n  - {{ code: {code}, name: {{ vi: {code}, \
         en: {code} }}, calendar: vn, system: \"71\", receipt_symbol: {code}{succeeded} }}\n"
    )
}

async fn issue(office: &Office, text: &str) -> Answer {
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({ "kind": "agencies", "text": text });
    office.browser.post("/v1/rules", &operator, "", body).await
}

/// What another replica records in the same moment: this one has not read it when it decides.
async fn issued_elsewhere(office: &Office, name: &str, text: &str) {
    let issued = rules(RulesKind::Agencies, name, text).unwrap();
    let before = u64::from(issued.version) - 1;
    let stream = format!("law-{}", stream_id(issued.kind, &issued.name));
    let stream = StreamName::new(&stream).unwrap();
    let actor = Actor::new("operator-2".into(), Role::Operator, Some("G02".into()));
    let (command, digest) = (Uuid::from_u128(71), "d".to_owned());
    let at = office.engine.clock.now();
    let envelope = Envelope { at, actor, command, digest, cause: None, dossier: None, trace: None };
    let event = LawEvent::from(issued);
    let event = NewEvent {
        id: NewEvent::id_of(&stream, command, 0),
        kind: event.kind().into(),
        data: event.encode(),
        meta: serde_json::to_string(&envelope).unwrap(),
    };
    let expected = Expected::At(Version(before));
    office.engine.store.append(&stream, expected, vec![event]).await.unwrap();
}

#[tokio::test]
async fn of_two_files_issued_at_once_that_contradict_each_other_one_is_law_and_everything_goes_on()
{
    let mut office = Office::open().await;
    issue(&office, &part("pa", 1, "H71A", None)).await.granted();
    issue(&office, &part("pb", 1, "H71B", None)).await.granted();
    issued_elsewhere(&office, "pa", &part("pa", 2, "H71A", Some("H71B"))).await;
    let second = part("pb", 2, "H71B", Some("H71A"));
    for _ in 0..2 {
        let answer = issue(&office, &second).await;
        assert_eq!(answer.refused(), (409, "rules-void"), "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains("back to itself"));
    }
    let auditor = office.token(Role::Auditor, "auditor-1", "G02");
    let listed = office.browser.get("/v1/rules?status=void", &auditor).await.granted();
    let of = |listed: &serde_json::Value| (listed["name"].clone(), listed["version"].clone());
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(of(&listed[0]), (json!("pb"), json!(2)));
    let one = office.browser.get("/v1/rules/agencies/pb/2", &auditor).await.granted();
    assert_eq!((&one["status"], one["text"].as_str()), (&json!("void"), Some(&*second)));
    let operator = office.token(Role::Operator, "operator-3", "G02");
    let path = "/v1/rules/agencies/pb/2/withdrawal";
    let seen = office.browser.get("/v1/rules/agencies/pb/2", &operator).await.etag();
    let back = office.browser.post(path, &operator, &seen, json!({ "reason": "x" })).await;
    assert_eq!(back.refused(), (409, "rules-ended"));

    // Tasks that follow the law go on, and so do a restart, new dossiers, and the readiness that says what is to be looked at.
    office.settle().await;
    assert!(office.dead_letters().await.is_empty());
    let again = Rulebook::open(&office.engine.store, &[], office.engine.clock.now()).await.unwrap();
    for law in [again.law(), office.engine.law()] {
        assert_eq!(law.present(&"H71B".into(), at("2026-12-02T09:00")).as_str(), "H71B");
        assert_eq!(law.voids().len(), 1);
    }
    submitted(&office.browser, &office.applicant("company-1")).await;
    let ready = office.browser.get("/health/ready", "").await;
    let law = ready.body["law"].as_array().unwrap();
    assert!(law.iter().any(|warning| warning["what"] == "agencies/pb/2"), "{}", ready.body);
    let report = program::check(&office.engine.store).await.unwrap();
    assert_eq!(report.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), ["law-void"]);

    issue(&office, &part("pb", 3, "H71B", None)).await.granted();
    let ready = office.browser.get("/health/ready", "").await;
    let law = ready.body["law"].as_array().unwrap();
    assert!(law.iter().all(|warning| warning["what"] != "agencies/pb/2"), "{}", ready.body);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(report.notes.iter().filter(|note| note.kind == "law-void").count(), 1);
}

#[tokio::test]
async fn a_list_that_leaves_nothing_to_answer_by_itself_is_said_when_it_is_issued() {
    let office = Office::open().await;
    let ready = office.browser.get("/health/ready", "").await;
    assert_eq!(ready.body["law"][0]["what"], "procedure/CHEM.IMPORT/2", "{}", ready.body);
    let why = |answer: &Answer| answer.body["law"][0]["why"].as_str().unwrap().to_owned();
    assert!(why(&ready).starts_with("can never hold"), "{}", ready.body);
    let vietnamese = office.browser.get_vietnamese("/health/ready", "").await;
    assert!(why(&vietnamese).starts_with("không bao giờ đúng"), "{}", vietnamese.body);
    let shipped = include_str!("../../../libs/dossier/procedures/chemical_import_2.yaml");
    let text = dossier::law::next_version(shipped);
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({ "kind": "procedure", "text": text });
    let tried = office.browser.post("/v1/rules?dry_run=true", &operator, "", body).await.granted();
    let [warning] = &tried["warnings"].as_array().unwrap()[..] else { panic!("{tried}") };
    assert_eq!(warning["pointer"], "/review/automatic/when/1");
    assert!(warning["detail"].as_str().unwrap().contains("chemicals"), "{tried}");
}

#[tokio::test]
async fn whoever_has_seen_a_version_sees_it_at_a_replica_that_has_not_read_it_yet() {
    let office = Office::open().await;
    let operator = office.token(Role::Operator, "operator-1", "G02");
    issue(&office, &part("pa", 1, "H71A", None)).await.granted();
    issued_elsewhere(&office, "pa", &part("pa", 2, "H71A", None)).await;
    let seen = format!("\"{}\"", office.engine.store.head().0);
    let authorization = format!("Bearer {operator}");
    let listed = async |with_token: bool| {
        let headers = [("authorization", &*authorization), ("consistency-token", &*seen)];
        let headers = if with_token { &headers[..] } else { &headers[..1] };
        let answer = office.browser.send(Method::GET, "/v1/rules", headers, Vec::new()).await;
        let versions = answer.unwrap().granted();
        let versions = versions.as_array().unwrap().clone();
        versions.iter().any(|version| version["name"] == "pa" && version["version"] == 2)
    };
    assert!(!listed(false).await, "nobody has told this replica");
    assert!(listed(true).await);
    assert!(listed(false).await, "what was read once is known");
    let ahead = [("authorization", &*authorization), ("consistency-token", "\"999999\"")];
    let refused = office.browser.send(Method::GET, "/v1/rules", &ahead, Vec::new()).await.unwrap();
    assert_eq!(refused.refused(), (400, "consistency-token-ahead"));
}
