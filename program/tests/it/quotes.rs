//! Fee and dates before filing, and the check of a dossier before its submission.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Office, energy_label};

/// Asks for a quote without a token.
async fn quote(office: &Office, body: &Value) -> Answer {
    let (headers, body) = ([("content-type", "application/json")], body.to_string());
    office.browser.send(Method::POST, "/v1/quotes", &headers, body.into_bytes()).await.unwrap()
}

#[tokio::test]
async fn what_is_quoted_and_checked_is_what_the_steps_decide_and_records_nothing() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let body = energy_label(&office.browser, &applicant).await;
    let asked = json!({ "procedure": "ENERGY.LABEL", "agency": "G02.002" });
    let quoted = quote(&office, &asked).await.granted();
    let online = &quoted["channels"][0];
    assert_eq!((&online["channel"], &online["open"]), (&json!("online"), &json!(true)));
    assert_eq!(online["total_vnd"], 0);
    assert_eq!(quoted["documents"].as_array().unwrap().len(), 2);

    let before = office.log().await;
    let check = |body: Value| {
        let (browser, applicant) = (&office.browser, &applicant);
        async move { browser.post_with("/v1/dossiers/checks", applicant, "one", "", body).await }
    };
    let checked = check(body.clone()).await.granted();
    assert_eq!(&checked["channels"][0], online);
    let mut wrong = body.clone();
    wrong["form"]["stars"] = json!(9);
    wrong["documents"].as_array_mut().unwrap().pop();
    wrong["groups"] = json!(["digital_citizn"]);
    let refused = check(wrong.clone()).await;
    assert_eq!(office.log().await, before, "nothing is recorded");
    let submit = |body: Value| {
        let (browser, applicant) = (&office.browser, &applicant);
        async move { browser.post_with("/v1/dossiers", applicant, "one", "", body).await }
    };
    let as_submitted = submit(wrong).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"], as_submitted.body["errors"]);
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{}", refused.body);

    let answer = submit(body).await;
    let (etag, dossier) = (answer.etag(), answer.granted());
    assert_eq!(dossier["answer_due_at"], online["answer_due_at"]);
    let address = format!("/v1/dossiers/{}/acceptance", dossier["id"].as_str().unwrap());
    let accepted = office.browser.post(&address, &clerk, &etag, json!({})).await.granted();
    for field in ["due_at", "due_on"] {
        assert_eq!(accepted[field], online[field], "{field}");
        assert!(online[field].is_string());
    }
}

#[tokio::test]
async fn a_quote_says_for_each_channel_what_is_in_force_then_and_what_a_claim_needs() {
    let office = Office::open().await;
    let certificate = |more: Value| {
        let mut asked = json!({ "procedure": "CO.D", "agency": "G02.001" });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let of = |quoted: &Value| -> Vec<(String, u64, String)> {
        let channels = quoted["channels"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |one: &Value| {
            (text(&one["channel"]), one["total_vnd"].as_u64().unwrap(), text(&one["due_on"]))
        };
        channels.map(row).collect()
    };
    let now = quote(&office, &certificate(json!({}))).await.granted();
    assert_eq!(of(&now).len(), 3, "{now}");
    assert!(of(&now).iter().all(|(_, total, due)| *total == 30_000 && !due.is_empty()), "{now}");
    assert_eq!(now["channels"][0]["fee_due"], "at_filing");
    assert!(now["channels"][0]["window_ends_at"].is_string());
    let claimed = json!({ "groups": ["digital_citizen"], "channel": "online" });
    let claimed = quote(&office, &certificate(claimed)).await.granted();
    assert_eq!(claimed["channels"].as_array().unwrap().len(), 1);
    assert_eq!(claimed["channels"][0]["total_vnd"], 15_000);
    assert_eq!(claimed["group_evidence"][0]["group"], "digital_citizen");
    let later = json!({ "at": "2027-01-04T02:00:00Z" });
    let later = quote(&office, &certificate(later)).await.granted();
    assert!(of(&later).iter().all(|(_, total, _)| *total == 60_000), "the tariff of that day");
}

#[tokio::test]
async fn a_quote_that_cannot_be_given_says_all_that_must_change() {
    let office = Office::open().await;
    for (asked, pointers) in [
        (json!({ "procedure": "CO.X", "agency": "G99" }), &["/procedure", "/agency"][..]),
        (
            json!({
                "procedure": "ENERGY.LABEL", "agency": "H26.14", "channel": "post",
                "groups": ["nobody"], "at": "2040-01-01T00:00:00Z",
            }),
            &["/agency", "/channel", "/groups/0", "/at"],
        ),
        (
            json!({ "procedure": "CO.D", "agency": "G02.001", "at": "2040-01-01T00:00:00Z" }),
            &["/at"],
        ),
        (
            json!({ "procedure": "CO.D", "agency": "G02.001", "at": "1999-01-01T00:00:00Z" }),
            &["/procedure"],
        ),
    ] {
        let refused = quote(&office, &asked).await;
        assert_eq!(refused.status, 422, "{asked}: {}", refused.body);
        let errors = refused.body["errors"].as_array().unwrap();
        let found: Vec<&str> = errors.iter().map(|one| one["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{}", refused.body);
    }
}
