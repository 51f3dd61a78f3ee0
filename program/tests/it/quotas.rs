//! Quotas through HTTP.

use http::Method;
use serde_json::json;

use crate::support::{Office, dossier, energy_label, submitted};

#[tokio::test]
async fn who_takes_too_many_steps_is_told_to_wait_and_the_others_go_on() {
    let mut office = Office::open_limited("applicant: { steps: { count: 3 } }").await;
    let (one, other) = (office.applicant("a1"), office.applicant("a2"));
    let browser = office.browser.clone();
    let step = |token: String| {
        let browser = browser.clone();
        async move { browser.post("/v1/dossiers", &token, "", json!({})).await }
    };
    for left in [2, 1, 0] {
        let answer = step(one.clone()).await;
        assert_eq!(
            answer.status, 422,
            "it is refused for its body, and says what is left all the same"
        );
        let policy = "\"steps\";q=3;w=60, \"submissions\";q=200;w=86400";
        assert_eq!(answer.header("ratelimit-policy"), policy);
        let limit = answer.header("ratelimit");
        assert!(limit.starts_with(&format!("\"steps\";r={left};t=")), "{limit}");
    }
    let refused = step(one.clone()).await;
    assert_eq!(refused.refused(), (429, "quota-exceeded"));
    assert_eq!(refused.body["violated-policies"], json!(["steps"]));
    assert_eq!(refused.header("retry-after"), "65");
    assert!(refused.header("ratelimit").starts_with("\"steps\";r=0;t=65"));
    let read = office.browser.get("/v1/outages", &one).await;
    assert!(
        read.header("ratelimit").starts_with("\"reads\";r=599"),
        "{}",
        read.header("ratelimit")
    );
    assert_eq!(step(other).await.status, 422);
    assert_eq!(step(office.clerk()).await.status, 422);
    office.wait_until("2026-11-20T09:02").await;
    assert_eq!(step(one).await.status, 422);
}

#[tokio::test]
async fn dossiers_and_complaints_are_filings_and_those_that_are_refused_do_not_count() {
    let office = Office::open_limited("applicant: { submissions: { count: 2 } }").await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    for _ in 0..5 {
        let refused = office.browser.post("/v1/dossiers", &applicant, "", json!({})).await;
        assert_eq!(refused.status, 422);
    }
    office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await.granted();
    office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await.granted();
    let third = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!(third.refused(), (429, "quota-exceeded"));
    assert_eq!(third.body["violated-policies"], json!(["submissions"]));
    let complaint = office.browser.post("/v1/complaints", &applicant, "", json!({})).await;
    assert_eq!(complaint.body["violated-policies"], json!(["submissions"]));
}

#[tokio::test]
async fn uploads_are_counted_in_bytes_before_they_are_read() {
    let office =
        Office::open_limited("applicant: { uploaded_bytes: { count: 1000, seconds: 60 } }").await;
    let applicant = office.applicant("a1");
    office.browser.upload(&applicant, &"x".repeat(500)).await;
    let authorization = format!("Bearer {applicant}");
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/pdf"),
        ("idempotency-key", "second"),
    ];
    let send = |bytes: usize| {
        let body = format!("%PDF-1.7 {}", "x".repeat(bytes)).into_bytes();
        office.browser.send(Method::POST, "/v1/documents", &headers, body)
    };
    let too_large = send(51 * 1024 * 1024).await.unwrap();
    assert_eq!(too_large.refused(), (413, "body-too-large"), "it is not read, and uses nothing");
    // Refused uploads use nothing either.
    for (kind, code) in [("text/html", 415), ("image/png", 422)] {
        let headers = [headers[0], ("content-type", kind), headers[2]];
        let body = b"%PDF-1.7 0123456789".repeat(20);
        let answer = office.browser.send(Method::POST, "/v1/documents", &headers, body).await;
        let answer = answer.unwrap();
        assert_eq!(answer.refused().0, code);
        assert!(
            answer.header("ratelimit").starts_with("\"uploaded-bytes\";r=491"),
            "{}",
            answer.header("ratelimit")
        );
    }
    let answer = send(600).await.unwrap();
    assert_eq!(answer.refused(), (429, "quota-exceeded"));
    assert_eq!(answer.body["violated-policies"], json!(["uploaded-bytes"]));
    assert_eq!(send(300).await.unwrap().status, 201);
}

#[tokio::test]
async fn uploads_that_no_step_has_named_are_limited_and_a_step_that_names_them_makes_room() {
    let office = Office::open_limited("applicant: { unfinished_uploads: 2 }").await;
    let applicant = office.applicant("a1");
    // Two documents.
    let body = energy_label(&office.browser, &applicant).await;
    let authorization = format!("Bearer {applicant}");
    let upload = async |key: &str| {
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/pdf"),
            ("idempotency-key", key),
        ];
        let pdf = b"%PDF-1.7 one more".to_vec();
        office.browser.send(Method::POST, "/v1/documents", &headers, pdf).await.unwrap()
    };
    let refused = upload("third").await;
    assert_eq!(refused.refused(), (429, "quota-exceeded"));
    assert_eq!(refused.body["violated-policies"], json!(["unfinished-uploads"]));
    office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    assert_eq!(upload("third").await.status, 201);
}

#[tokio::test]
async fn who_guesses_codes_from_one_address_is_stopped_and_a_code_says_nothing_of_the_next() {
    let office = Office::open_limited("address: { look_ups: { count: 5 } }").await;
    let applicant = office.applicant("a1");
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let (address, _) = submitted(&office.browser, &applicant).await;
        let code = office.browser.get(&address, &applicant).await.granted()["code"].clone();
        let code = code.as_str().unwrap().to_owned();
        numbers.push(code.rsplit("-02").next().unwrap().parse::<u32>().unwrap());
    }
    assert!(numbers.windows(2).all(|two| two[0].abs_diff(two[1]) > 100), "{numbers:?}");
    for guess in 1..=5 {
        let code = format!("/v1/register/lookup/G02.002-261120-02{guess:08}");
        let answer = office.browser.get(&code, "").await;
        assert_eq!(answer.refused(), (404, "not-found"));
        assert!(answer.header("ratelimit").starts_with(&format!("\"look-ups\";r={}", 5 - guess)));
    }
    let stopped = office.browser.get("/v1/register/lookup/G02.002-261120-0200000006", "").await;
    assert_eq!(stopped.refused(), (429, "quota-exceeded"));
}

#[tokio::test]
async fn the_catalogue_is_counted_by_address_without_a_token_and_by_subject_with_one() {
    let office = Office::open_limited("address: { look_ups: { count: 2 } }").await;
    let read = async |token: &str| office.browser.get("/v1/procedures/CO.D", token).await;
    let counted = |answer: &crate::support::Answer| answer.header("ratelimit");
    for _ in 0..2 {
        assert!(counted(&read("").await).starts_with("\"look-ups\""));
    }
    assert_eq!(read("").await.refused(), (429, "quota-exceeded"));
    // An office behind the same address.
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let of_applicant = read(&applicant).await;
    assert!(counted(&of_applicant).starts_with("\"reads\";r=599"), "{}", counted(&of_applicant));
    of_applicant.granted();
    for _ in 0..5 {
        let of_clerk = read(&clerk).await;
        assert!(counted(&of_clerk).starts_with("\"requests-in-flight\""));
        of_clerk.granted();
    }
    // A token that is not valid is none, and a look-up by code counts by address all the same.
    assert_eq!(read("not.a.token").await.refused(), (429, "quota-exceeded"));
    let look_up = "/v1/register/lookup/G02.002-261120-0200000006";
    assert_eq!(office.browser.get(look_up, &clerk).await.refused(), (429, "quota-exceeded"));
}

#[test]
fn quotas_that_mean_nothing_stop_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotas.yaml");
    std::fs::write(&file, "applicant: { steps: { count: 0 } }").unwrap();
    let file = file.to_str().unwrap();
    let run = dossier(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--quotas", file]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success());
    assert!(said.contains("quotas.yaml: the quota `applicant.steps` is 0; it is from 1"), "{said}");
}
