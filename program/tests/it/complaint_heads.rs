//! What the complainant thinks of an answer, until when a complaint is reopened, and what becomes
//! of one that its handlers forget.

use dossier::contract::Role;
use dossier::law::next_version;
use serde_json::{Value, json};

use crate::life::{submitted, take};
use crate::rules::send;
use crate::support::Office;

const RULES: &str = include_str!("../../../libs/dossier/procedures/complaints_2.yaml");

async fn file(office: &mut Office, who: &str) -> String {
    let body = json!({
        "agency": "G02.001", "text": "Nobody answers the phone.", "name": "Lê C", "address": "Hà Nội", "phone": "0902123456",
    });
    let filed = office.browser.post("/v1/complaints", who, "", body).await.granted();
    office.settle().await;
    format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap())
}

async fn answer(office: &mut Office, complaint: &str, handler: &str) {
    let answer = json!({ "answer": "We are sorry." });
    take(office, complaint, "answer", handler, answer).await.granted();
}

#[tokio::test]
async fn the_complainant_rates_each_answer_once_and_the_figures_count_it() {
    let mut office = Office::open().await;
    let (citizen, handler) =
        (office.applicant("c1"), office.token(Role::ComplaintHandler, "h1", "G02"));
    let complaint = file(&mut office, &citizen).await;
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    let rating = json!({ "score": 2, "comment": "Chưa trả lời đúng câu hỏi." });
    let early = take(&mut office, &complaint, "answer-rating", &citizen, rating.clone()).await;
    assert_eq!(early.refused(), (409, "complaint-not-answered"));
    answer(&mut office, &complaint, &handler).await;
    let beyond = json!({ "score": 6 });
    let beyond = take(&mut office, &complaint, "answer-rating", &citizen, beyond).await;
    assert_eq!(beyond.refused(), (422, "score-out-of-range"));
    let own = take(&mut office, &complaint, "answer-rating", &handler, rating.clone()).await;
    assert_eq!(own.status.as_u16(), 403, "only the complainant rates");
    let rated = take(&mut office, &complaint, "answer-rating", &citizen, rating.clone()).await;
    assert_eq!(rated.granted()["rating"]["score"], 2);
    let again = take(&mut office, &complaint, "answer-rating", &citizen, rating).await;
    assert_eq!(again.refused(), (409, "answer-already-rated"));

    // The handler and the auditor read the remark, an operator only the score.
    let auditor = office.token(Role::Auditor, "u1", "G02");
    let operator = office.token(Role::Operator, "o1", "G02");
    for (reader, comment) in [
        (&handler, json!("Chưa trả lời đúng câu hỏi.")),
        (&auditor, json!("Chưa trả lời đúng câu hỏi.")),
        (&operator, Value::Null),
    ] {
        let read = office.browser.get(&complaint, reader).await.granted();
        assert_eq!((&read["rating"]["comment"], &read["rating"]["score"]), (&comment, &json!(2)));
    }
    let figures = async |office: &Office| {
        let all = office.browser.get("/v1/complaint-figures", &handler).await.granted();
        (all[0]["rated"].clone(), all[0]["satisfied"].clone())
    };
    assert_eq!(figures(&office).await, (json!(1), json!(0)));

    // A new answer is rated anew.
    let why = json!({ "reason": "Still nobody answers." });
    let reopened = take(&mut office, &complaint, "reopening", &citizen, why).await.granted();
    assert_eq!(reopened["rating"], Value::Null);
    answer(&mut office, &complaint, &handler).await;
    let better = json!({ "score": 5 });
    take(&mut office, &complaint, "answer-rating", &citizen, better).await.granted();
    assert_eq!(figures(&office).await, (json!(1), json!(1)));
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_complaint_is_reopened_until_the_day_that_its_reply_names_and_refused_with_that_day() {
    let mut office = Office::open().await;
    let within = next_version(RULES).replacen(
        "publish:",
        "reopen_within: { amount: 5, unit: working_days }\npublish:",
        1,
    );
    send(&office, "", "complaints", &within).await.granted();
    let (citizen, handler) =
        (office.applicant("c1"), office.token(Role::ComplaintHandler, "h1", "G02"));
    let complaint = file(&mut office, &citizen).await;
    assert_eq!(office.browser.get(&complaint, &citizen).await.granted().get("reopenable_on"), None);
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    answer(&mut office, &complaint, &handler).await;
    let shown = office.browser.get(&complaint, &citizen).await.granted();
    let day = shown["reopenable_on"].as_str().unwrap().to_owned();
    assert_eq!(day, "2026-11-30", "five working days after Friday 20 November, without the 24th");
    office.wait_until("2026-12-01T00:00").await;
    let why = json!({ "reason": "Still nobody answers." });
    let late = take(&mut office, &complaint, "reopening", &citizen, why).await;
    assert_eq!(late.refused(), (409, "reopened-too-late"));
    assert!(late.body.to_string().contains("30 November 2026"), "{}", late.body);
}

#[tokio::test]
async fn an_overdue_complaint_is_found_by_the_head_of_the_agency_who_gives_it_to_another_handler() {
    let mut office = Office::open().await;
    let citizen = office.applicant("c1");
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    let head = office.token(Role::Approver, "head-1", "G02.001");
    let elsewhere = office.token(Role::Approver, "head-2", "G02.002");
    let complaint = file(&mut office, &citizen).await;
    let to = json!({ "officer": "h1" });
    take(&mut office, &complaint, "assignment", &handler, to).await.granted();
    let list = async |office: &Office, who: &str, query: &str| {
        let rows = office.browser.get(&format!("/v1/complaints{query}"), who).await.granted();
        rows.as_array().unwrap().clone()
    };
    // What is in time is a matter of its handlers.
    assert_eq!(list(&office, &head, "").await, Vec::<Value>::new());
    assert_eq!(office.browser.get(&complaint, &head).await.refused(), (404, "not-found"));
    assert_eq!(list(&office, &handler, "?escalated=true").await.len(), 0);

    office.wait_until("2026-12-01T00:00").await;
    let rows = list(&office, &head, "").await;
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["overdue"], &rows[0]["officer"]), (&json!(true), &json!("h1")));
    assert!(rows[0]["escalates_at"].is_string(), "{}", rows[0]);
    assert_eq!(rows[0].get("complainant_name"), None, "{}", rows[0]);
    assert_eq!(list(&office, &head, "?assigned=nobody").await.len(), 0);
    assert_eq!(list(&office, &elsewhere, "").await.len(), 0);
    assert_eq!(list(&office, &handler, "?escalated=true").await.len(), 1);
    assert_eq!(list(&office, &handler, "?escalated=false").await.len(), 0);

    // The head reads who has it and what is due, not what the complainant wrote.
    let read = office.browser.get(&complaint, &head).await.granted();
    assert_eq!((&read["officer"], &read["text"]), (&json!("h1"), &Value::Null));
    assert_eq!((read.get("contact"), read.get("notes")), (None, None));
    let to = json!({ "officer": "h2", "note": "Trả lời trong hôm nay." });
    let given = take(&mut office, &complaint, "assignment", &head, to).await.granted();
    assert_eq!(given["officer"], "h2");
    let read = office.browser.get(&complaint, &handler).await.granted();
    assert_eq!(read["notes"][0]["by"], "head-1");
    // Handled, it is no matter of the head any more.
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    assert_eq!(list(&office, &head, "").await.len(), 0);
    assert_eq!(office.browser.get(&complaint, &head).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn an_overdue_complaint_about_a_dossier_stays_off_the_timeline_of_officers() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let body = json!({
        "agency": "G02.001", "text": "It takes too long.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0902123456", "dossier": certificate.id,
    });
    let filed = office.browser.post("/v1/complaints", &certificate.applicant, "", body).await;
    let complaint = format!("/v1/complaints/{}", filed.granted()["complaint"].as_str().unwrap());
    office.wait_until("2026-12-01T00:00").await;
    let head = office.token(Role::Approver, "head-1", "G02.001");
    assert_eq!(office.browser.get(&complaint, &head).await.granted()["overdue"], true);
    let timeline = format!("{}/timeline", certificate.at("register/dossiers"));
    let entries = office.browser.get(&timeline, &head).await.granted();
    assert!(!entries.to_string().contains("Complaint"), "{entries}");
}
