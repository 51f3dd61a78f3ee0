//! Registers of the numbers of results, through HTTP: neither doubles nor holes that nobody can explain.

use dossier::contract::{Actor, DossierId, Envelope, EventSet, NumberEvent, Role, RulesKind};
use dossier::delivery::numbers::NumberRegister;
use dossier::law::{next_version, rules, shipped_rules};
use dossier::services::ServiceName;
use engine::rulebook::Rulebook;
use events::{EventStore, Expected, NewEvent, StreamName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{Certificate, pay, submitted, take};
use crate::support::{Answer, Office, at};

const REGISTER: &str = "/v1/result-numbers?agency=G02.001&book=KQ.G02.000101&year=2026";

/// A certificate whose result is to be issued.
pub(crate) async fn decided(office: &mut Office, subject: &str) -> Certificate {
    let certificate = submitted(office, subject, "download").await;
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    let (clerk, officer) = (clerk(office, subject), format!("r-{subject}"));
    let reviewer = office.token(Role::Reviewer, &officer, "G02.001");
    pay(office, &certificate).await;
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await;
    let proposal = json!({ "proposal": proposed.granted()["proposal"]["proposal"] });
    let head = head(office, subject);
    take(office, &review, "decision", &head, proposal).await.granted();
    certificate
}

fn clerk(office: &Office, of: &str) -> String {
    office.token(Role::Clerk, &format!("c-{of}"), "G02.001")
}

fn head(office: &Office, of: &str) -> String {
    office.token(Role::Approver, &format!("h-{of}"), "G02")
}

/// Issues the result with what is said of its number.
async fn issue(office: &mut Office, subject: &str, of: &Certificate, body: Value) -> Answer {
    let head = head(office, subject);
    take(office, &of.at("deliveries"), "result", &head, body).await
}

async fn register(office: &Office) -> Vec<(String, Value, String)> {
    let auditor = office.token(Role::Auditor, "auditor-1", "G02");
    let listed = office.browser.get(REGISTER, &auditor).await.granted();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |row: &Value| (text(&row["number"]), row["sequence"].clone(), text(&row["status"]));
    listed.as_array().unwrap().iter().map(entry).collect()
}

fn written(sequence: u64) -> String {
    format!("{sequence}/2026/G02.001-KQ.G02.000101")
}

/// Takes a number for a result as a process does that is killed before it issues it.
async fn cut_off(office: &Office, sequence: u64, of: &Certificate) {
    let book = "KQ.G02.000101".to_owned();
    let register = NumberRegister { agency: "G02.001".into(), book, year: 2026 };
    let dossier = DossierId(of.id.parse().unwrap());
    let taken = register.taken(register.written(sequence), Some(sequence), dossier);
    let taken = NumberEvent::from(taken);
    let (id, at) = (register.event_for(dossier), office.engine.clock.now());
    let envelope = Envelope {
        at,
        actor: Actor::system(ServiceName::Delivery.as_str()),
        command: Uuid::new_v5(&id, b"test"),
        digest: String::new(),
        cause: None,
        dossier: Some(dossier),
        trace: None,
    };
    let (kind, data) = (taken.kind().into(), taken.encode());
    let event = NewEvent { id, kind, data, meta: serde_json::to_string(&envelope).unwrap() };
    let (store, stream) = (&office.engine.store, StreamName::new(&register.stream()).unwrap());
    let last = store.last(&stream).await.unwrap().map(|last| last.version);
    store.append(&stream, Expected::from(last), vec![event]).await.unwrap();
}

#[tokio::test]
async fn a_register_gives_numbers_one_after_another_and_none_twice() {
    let mut office = Office::open().await;
    for (sequence, subject) in (1..).zip(["a1", "a2"]) {
        let certificate = decided(&mut office, subject).await;
        let issued = issue(&mut office, subject, &certificate, json!({})).await.granted();
        assert_eq!(issued["number"], json!(written(sequence)));
    }
    let third = decided(&mut office, "a3").await;
    let like = json!({ "number": written(3) });
    let refused = issue(&mut office, "a3", &third, like).await;
    assert_eq!(refused.refused(), (422, "result-number-of-the-register"));
    let own = json!({ "number": "VN-TH-7" });
    let issued = issue(&mut office, "a3", &third, own).await.granted();
    assert_eq!(issued["number"], "VN-TH-7");
    let fourth = decided(&mut office, "a4").await;
    let double = json!({ "number": "vn-th-7" });
    let refused = issue(&mut office, "a4", &fourth, double).await;
    assert_eq!(refused.refused(), (409, "result-number-taken"));
    let issued = issue(&mut office, "a4", &fourth, json!({})).await.granted();
    assert_eq!(issued["number"], json!(written(3)), "what was given leaves no hole");
    let used = "used".to_owned();
    assert_eq!(
        register(&office).await,
        [
            (written(1), json!(1), used.clone()),
            (written(2), json!(2), used.clone()),
            ("VN-TH-7".to_owned(), Value::Null, used.clone()),
            (written(3), json!(3), used),
        ]
    );
    let stranger = office.token(Role::Clerk, "c9", "G02.002");
    assert_eq!(office.browser.get(REGISTER, &stranger).await.refused().0, 404);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_number_that_was_taken_and_not_used_is_used_by_its_dossier_or_explained() {
    let mut office = Office::open().await;
    let (one, two) = (decided(&mut office, "a1").await, decided(&mut office, "a2").await);
    cut_off(&office, 1, &one).await;
    cut_off(&office, 2, &two).await;
    let waits = "waits".to_owned();
    assert_eq!(
        register(&office).await,
        [(written(1), json!(1), waits.clone()), (written(2), json!(2), waits)]
    );
    let issued = issue(&mut office, "a1", &one, json!({})).await.granted();
    assert_eq!(issued["number"], json!(written(1)));
    let three = decided(&mut office, "a3").await;
    let issued = issue(&mut office, "a3", &three, json!({})).await.granted();
    assert_eq!(issued["number"], json!(written(3)));
    let (used, waits) = ("used".to_owned(), "waits".to_owned());
    assert_eq!(
        register(&office).await,
        [
            (written(1), json!(1), used.clone()),
            (written(2), json!(2), waits),
            (written(3), json!(3), used),
        ]
    );
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

/// A result as an older program issued it, which knew no registers.
async fn issued_before_registers(office: &mut Office, of: &Certificate, number: &str) {
    let stream = StreamName::new(&format!("delivery-{}", of.id)).unwrap();
    let events = office.engine.store.read_whole(&stream).await.unwrap();
    let last = events.last().unwrap();
    let mut envelope: Envelope = serde_json::from_str(&last.meta).unwrap();
    envelope.command = Uuid::new_v5(&last.id, number.as_bytes());
    envelope.actor.role = Role::Approver;
    envelope.actor.subject = "head-1".into();
    envelope.actor.agency = Some("G02".into());
    "a digest".clone_into(&mut envelope.digest);
    let data = json!({ "number": number, "officer": "head-1" }).to_string();
    let event = NewEvent {
        id: NewEvent::id_of(&stream, envelope.command, 0),
        kind: "delivery.ResultIssued.v1".into(),
        data,
        meta: serde_json::to_string(&envelope).unwrap(),
    };
    office
        .engine
        .store
        .append(&stream, Expected::from(Some(last.version)), vec![event])
        .await
        .unwrap();
    office.settle().await;
}

#[tokio::test]
async fn a_number_that_was_typed_before_registers_were_kept_is_used_and_stands_in_its_place() {
    let mut office = Office::open().await;
    let typed = decided(&mut office, "a1").await;
    issued_before_registers(&mut office, &typed, "VN-TH-7").await;
    let like = decided(&mut office, "a2").await;
    issued_before_registers(&mut office, &like, " 2/2026/g02.001-KQ.G02.000101").await;
    let third = decided(&mut office, "a3").await;
    let double = json!({ "number": "vn-th-7" });
    let refused = issue(&mut office, "a3", &third, double).await;
    assert_eq!(refused.refused(), (409, "result-number-taken"));
    for (subject, sequence) in [("a4", 1), ("a5", 3), ("a6", 4)] {
        let certificate = decided(&mut office, subject).await;
        let issued = issue(&mut office, subject, &certificate, json!({})).await.granted();
        assert_eq!(issued["number"], json!(written(sequence)));
    }
    let used = |sequence| (written(sequence), json!(sequence), "used".to_owned());
    assert_eq!(register(&office).await, [used(1), used(2), used(3), used(4)]);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_result_issued_by_an_older_replica_under_another_number_than_was_taken_stops_no_register()
{
    let mut office = Office::open().await;
    let upgraded = decided(&mut office, "a1").await;
    // A new replica takes the first number and is killed; an old one issues the result under one that was typed.
    cut_off(&office, 1, &upgraded).await;
    issued_before_registers(&mut office, &upgraded, &written(2)).await;
    for (subject, sequence) in [("a2", 3), ("a3", 4)] {
        let certificate = decided(&mut office, subject).await;
        let issued = issue(&mut office, subject, &certificate, json!({})).await.granted();
        assert_eq!(issued["number"], json!(written(sequence)));
    }
    let entry = |sequence, status: &str| (written(sequence), json!(sequence), status.to_owned());
    let entries = [entry(1, "other_number"), entry(2, "used"), entry(3, "used"), entry(4, "used")];
    assert_eq!(register(&office).await, entries);
}

#[tokio::test]
async fn results_that_are_issued_at_the_same_moment_have_numbers_without_doubles_and_holes() {
    let mut office = Office::open().await;
    let mut waiting = Vec::new();
    for subject in ["a1", "a2", "a3", "a4", "a5", "a6"] {
        let certificate = decided(&mut office, subject).await;
        let head = head(&office, subject);
        let etag = office.browser.get(&certificate.at("deliveries"), &head).await.etag();
        waiting.push((format!("{}/result", certificate.at("deliveries")), head, etag));
    }
    let mut sent = tokio::task::JoinSet::new();
    for (path, head, etag) in waiting {
        let browser = office.browser.clone();
        sent.spawn(async move {
            let issued = browser.post(&path, &head, &etag, json!({})).await.granted();
            issued["number"].as_str().unwrap().to_owned()
        });
    }
    let mut numbers = sent.join_all().await;
    numbers.sort();
    assert_eq!(numbers, (1..=6).map(written).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_step_that_is_refused_takes_no_number() {
    let mut office = Office::open().await;
    let (one, two) = (decided(&mut office, "a1").await, decided(&mut office, "a2").await);
    let (path, who) = (format!("{}/result", one.at("deliveries")), head(&office, "a1"));
    let given = json!({ "number": "A-1" });
    let stale = office.browser.post(&path, &who, "\"999\"", given.clone()).await;
    assert_eq!(stale.refused(), (412, "version-stale"));
    // A key that took another step on this stream.
    let etag = office.browser.get(&one.at("deliveries"), &one.applicant).await.etag();
    let (key, channel) = (office.browser.key(), format!("{}/channel", one.at("deliveries")));
    let both = clerk(&office, "a1");
    let chosen = json!({ "delivery": { "channel": "collection" } });
    let chosen = office.browser.post_with(&channel, &both, &key, &etag, chosen).await;
    let etag = chosen.etag();
    chosen.granted();
    let reused = office.browser.post_with(&path, &both, &key, &etag, given.clone()).await;
    assert_eq!(reused.refused().1, "idempotency-key-reused");
    assert_eq!(register(&office).await, []);
    let issued = issue(&mut office, "a2", &two, given.clone()).await.granted();
    assert_eq!(issued["number"], "A-1", "nobody has it");
    // The same request again is answered as before, and takes nothing.
    let (path, who) = (format!("{}/result", one.at("deliveries")), head(&office, "a1"));
    let etag = office.browser.get(&one.at("deliveries"), &who).await.etag();
    let key = office.browser.key();
    for _ in 0..2 {
        let issued = office.browser.post_with(&path, &who, &key, &etag, json!({})).await.granted();
        assert_eq!(issued["number"], json!(written(1)));
    }
    assert_eq!(register(&office).await.len(), 2);
}

#[tokio::test]
async fn a_procedure_whose_results_have_any_text_for_a_code_issues_them_under_numbers() {
    let text = include_str!("../../../libs/dossier/procedures/certificate_of_origin_d.yaml");
    let text = next_version(text)
        .replace("effective: { from: 2025-07-01 }", "effective: { from: 2026-11-01 }")
        .replace("KQ.G02.000101", "Giấy phép 01");
    // Codes were not looked at when an older version took it.
    let (store, now) = (EventStore::memory(), at("2026-11-20T09:00"));
    let odd = rules(RulesKind::Procedure, "odd.yaml", &text).unwrap();
    let all = [shipped_rules().unwrap(), vec![odd]].concat();
    Rulebook::open(&store, &all, now).await.unwrap();
    let mut office = Office::open_with(store, now).await;
    for (sequence, subject) in (1..).zip(["a1", "a2"]) {
        let certificate = decided(&mut office, subject).await;
        let issued = issue(&mut office, subject, &certificate, json!({})).await.granted();
        assert_eq!(issued["number"], format!("{sequence}/2026/G02.001-Giấy phép 01"));
    }
    let auditor = office.token(Role::Auditor, "auditor-1", "G02");
    let address = "/v1/result-numbers?agency=G02.001&book=Gi%E1%BA%A5y%20ph%C3%A9p%2001&year=2026";
    let listed = office.browser.get(address, &auditor).await.granted();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}
