//! The one-stop unit through HTTP.

use dossier::contract::Role;
use events::Faults;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Office, at, energy_label, faulty, submitted};

#[tokio::test]
async fn a_dossier_is_submitted_accepted_and_read() {
    let mut office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let accepted =
        office.browser.post(&format!("{address}/acceptance"), &clerk, &etag, json!({})).await;
    let accepted = accepted.granted();
    assert_eq!(accepted["stage"], "processing");
    // Five working days from Friday 20 November, with Tuesday 24 off: 24:00 of Monday 30.
    assert_eq!(accepted["due_at"], "2026-11-30T17:00:00Z");
    let deadline = office.browser.get(&format!("{address}/deadline"), &applicant).await.granted();
    assert!(
        deadline["explanation"]["text"]["vi"].as_str().unwrap().contains("Ngày Văn hóa Việt Nam")
    );
    office.wait_until("2026-12-01T00:00").await;
    let late = office.browser.get(&address, &applicant).await.granted();
    assert_eq!(late["deadline_missed"], true);
    let log = office.log().await;
    assert_eq!(
        log,
        [
            "DossierCodesTaken",
            "DossierSubmitted",
            "DossierAccepted",
            "ReviewOpened",
            "LatenessForeseen",
            "DeadlineMissed"
        ]
    );
}

#[tokio::test]
async fn the_same_submission_twice_is_one_dossier_and_another_body_is_refused() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    let submit =
        |body: Value| office.browser.post_with("/v1/dossiers", &applicant, "one", "", body);
    let first = submit(body.clone()).await.granted();
    let again = submit(body.clone()).await.granted();
    assert_eq!(first, again);
    let mut other = body;
    other["form"]["stars"] = json!(3);
    assert_eq!(submit(other).await.refused(), (422, "idempotency-key-reused"));
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "DossierSubmitted").count(), 1);
}

#[tokio::test]
async fn filings_that_are_refused_or_repeated_use_up_no_codes_and_record_nothing() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    let mut refused = body.clone();
    refused["documents"] = json!([]);
    // Sixty steps a minute are one person's.
    let pause = || {
        let clock = &office.engine.clock;
        clock.advance_to(clock.now() + jiff::SignedDuration::from_secs(2));
    };
    for _ in 0..150 {
        pause();
        let answer = office.browser.post("/v1/dossiers", &applicant, "", refused.clone()).await;
        assert_eq!(answer.status, 422);
    }
    assert!(office.log().await.iter().all(|kind| kind == "DossierCodesTaken"));
    let submit = |key: &'static str| {
        pause();
        let (body, applicant) = (body.clone(), &applicant);
        let browser = &office.browser;
        async move { browser.post_with("/v1/dossiers", applicant, key, "", body).await.granted() }
    };
    let first = submit("one").await;
    for _ in 0..150 {
        assert_eq!(submit("one").await, first);
    }
    let code = first["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), "G02.002-261120-02".len() + 8, "{code}");
    assert_ne!(submit("two").await["code"], first["code"]);
    let log = office.log().await;
    let taken = log.iter().filter(|kind| *kind == "DossierCodesTaken").count();
    assert_eq!((taken, log.len()), (1, 3), "one block for all of it");
}

#[tokio::test]
async fn a_repeated_step_answers_as_the_first_time_even_after_later_ones() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{address}/acceptance");
    let first = office.browser.post_with(&accept, &clerk, "accept", &etag, json!({})).await;
    let tag = first.etag();
    let withdraw = format!("{address}/withdrawal");
    office.browser.post(&withdraw, &applicant, &tag, json!({})).await.granted();
    let again = office.browser.post_with(&accept, &clerk, "accept", &etag, json!({})).await;
    assert_eq!((again.etag(), again.granted()), (tag, first.granted()));
}

#[tokio::test]
async fn of_two_officers_at_once_one_is_told_that_it_changed() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let (accept, refuse) = (format!("{address}/acceptance"), format!("{address}/refusal"));
    let (one, two) = tokio::join!(
        office.browser.post(&accept, &clerk, &etag, json!({})),
        office.browser.post(&refuse, &clerk, &etag, json!({ "reason": "not ours" })),
    );
    let (granted, refused) = if one.status.is_success() { (one, two) } else { (two, one) };
    assert_eq!(refused.refused(), (412, "version-stale"));
    assert_eq!(refused.etag(), granted.etag(), "the current tag is told");
    granted.granted();
}

#[tokio::test]
async fn a_step_needs_key_and_tag() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{address}/acceptance");
    let without_tag = office.browser.post(&accept, &clerk, "", json!({})).await;
    assert_eq!(without_tag.refused(), (428, "if-match-required"));
    let without_key = office.browser.post_with(&accept, &clerk, " ", &etag, json!({})).await;
    assert_eq!(without_key.refused(), (400, "idempotency-key-missing"));
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_not_theirs() {
    let office = Office::open().await;
    let (applicant, stranger) = (office.applicant("a1"), office.applicant("a2"));
    let (address, etag) = submitted(&office.browser, &applicant).await;
    assert_eq!(office.browser.get(&address, &stranger).await.refused(), (404, "not-found"));
    let elsewhere = office.token(Role::Clerk, "c9", "H26.14");
    assert_eq!(office.browser.get(&address, &elsewhere).await.refused(), (404, "not-found"));
    let accept = format!("{address}/acceptance");
    let refused = office.browser.post(&accept, &elsewhere, &etag, json!({})).await;
    assert_eq!(refused.refused(), (404, "not-found"));
    let refused = office.browser.post(&accept, &applicant, &etag, json!({})).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
    assert_eq!(office.browser.get(&address, "forged").await.refused(), (401, "token-invalid"));
    office.browser.get(&address, &applicant).await.granted();
}

#[tokio::test]
async fn bad_input_is_told_what_to_change_and_changes_nothing() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let good = energy_label(&office.browser, &applicant).await;
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let mut unknown = good.clone();
    unknown["surprise"] = json!(1);
    let cases = [
        (unknown, 422, "body-invalid", "/surprise"),
        (with("/agency", json!(7)), 422, "body-invalid", "/agency"),
        (with("/channel", json!("fax")), 422, "body-invalid", "/channel"),
        (
            with("/documents/0/file_name", json!("x".repeat(300))),
            422,
            "body-invalid",
            "/documents/0/file_name",
        ),
        (with("/form/stars", json!(9)), 422, "form-invalid", "/form/stars"),
        (with("/procedure", json!("9.999")), 422, "unknown-procedure", ""),
        (with("/procedure", json!("WABO.RECEIPT")), 422, "procedure-not-in-force", ""),
        (with("/agency", json!("X99")), 422, "unknown-agency", ""),
        (with("/documents/0/document", json!("nothing")), 422, "unknown-document", ""),
        (with("/documents/0/component", json!("test_report")), 422, "missing-document", ""),
        (with("/channel", json!("post")), 422, "channel-not-offered", ""),
    ];
    let before = office.engine.store.head();
    for (body, status, code, pointer) in cases {
        let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await;
        assert_eq!(answer.refused(), (status, code), "{}", answer.body);
        if !pointer.is_empty() {
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.body);
        }
    }
    let log = office.log().await;
    assert!(!log.contains(&"DossierSubmitted".to_owned()), "{log:?} since {before:?}");
}

#[tokio::test]
async fn a_request_that_is_no_request_gets_a_problem_too() {
    let office = Office::open().await;
    let applicant = format!("Bearer {}", office.applicant("a1"));
    let json = [
        ("authorization", &*applicant),
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let send = |method, path, headers, body: &str| {
        office.browser.send(method, path, headers, body.as_bytes().to_vec())
    };
    let broken = send(Method::POST, "/v1/dossiers", &json, "{\"procedure\":").await.unwrap();
    assert_eq!(broken.refused(), (400, "json-invalid"));
    let text =
        [("authorization", &*applicant), ("content-type", "text/plain"), ("idempotency-key", "k")];
    let text = send(Method::POST, "/v1/dossiers", &text, "hello").await.unwrap();
    assert_eq!(text.refused(), (415, "media-type"));
    let large = send(Method::POST, "/v1/dossiers", &json, &"x".repeat(600_000)).await.unwrap();
    assert_eq!(large.refused(), (413, "body-too-large"));
    let nowhere = send(Method::GET, "/v1/nowhere", &json, "").await.unwrap();
    assert_eq!(nowhere.refused(), (404, "not-found"));
    let method = send(Method::DELETE, "/v1/dossiers", &json, "").await.unwrap();
    assert_eq!(method.refused(), (405, "method-not-allowed"));
    let nobody = send(Method::POST, "/v1/dossiers", &[], "{}").await.unwrap();
    assert_eq!(nobody.refused(), (401, "token-missing"));
    assert_eq!(nobody.body["title"], "thiếu mã xác thực", "Vietnamese is the default");
}

#[tokio::test]
async fn a_document_is_what_it_says_and_is_given_only_with_its_dossier() {
    let office = Office::open().await;
    let (applicant, stranger) = (office.applicant("a1"), office.applicant("a2"));
    let token = format!("Bearer {applicant}");
    let headers =
        [("authorization", &*token), ("content-type", "application/pdf"), ("idempotency-key", "k")];
    let wrong =
        office.browser.send(Method::POST, "/v1/documents", &headers, b"<html>".to_vec()).await;
    assert_eq!(wrong.unwrap().refused(), (422, "document-invalid"));
    let (address, _) = submitted(&office.browser, &applicant).await;
    let dossier = office.browser.get(&address, &applicant).await.granted();
    let name = dossier["documents"][0]["document"].as_str().unwrap();
    let document = format!("{address}/documents/{name}");
    let content = office.browser.get(&document, &applicant).await;
    assert_eq!(content.header("content-type"), "application/pdf");
    assert_eq!(content.granted(), "%PDF-1.7 declaration");
    assert_eq!(office.browser.get(&document, &stranger).await.refused(), (404, "not-found"));
    let other = format!("{address}/documents/{}", "A".repeat(22));
    assert_eq!(office.browser.get(&other, &applicant).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn an_answer_that_is_not_given_in_time_is_recorded_and_can_still_be_given() {
    let mut office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, _) = submitted(&office.browser, &applicant).await;
    office.wait_until("2026-11-23T09:00").await;
    assert_eq!(office.log().await.last().unwrap(), "IntakeAnswerMissed");
    let etag = office.browser.get(&address, &clerk).await.etag();
    let accept = format!("{address}/acceptance");
    office.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
}

#[tokio::test]
async fn a_store_that_takes_no_more_is_a_503_that_says_how_long_to_wait() {
    let faults = Faults { seed: 1, busy: 1_000, ..Faults::default() };
    let office = Office::open_with(faulty(faults).await, at("2026-11-20T09:00")).await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    let busy = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!(busy.refused(), (503, "busy"));
    assert_eq!(busy.header("retry-after"), "1");
    assert!(office.log().await.is_empty(), "nothing changed");
}
