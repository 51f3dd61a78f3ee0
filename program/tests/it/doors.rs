//! What would lead nowhere is refused where it comes in, all of it at once.

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::Office;

async fn promotion(office: &Office, token: &str) -> Value {
    let form_02 = office.browser.upload(token, "form 02").await;
    let rules = office.browser.upload(token, "rules").await;
    json!({
        "procedure": "2.000004", "agency": "H26.14", "channel": "online",
        "form": {
            "merchant": { "name": "Siêu thị Sao Mai", "tax_code": "0101234565", "phone": "02438220000" },
            "programme": {
                "name": "Quay số", "goods": "đồ gia dụng", "from": "2026-12-01", "to": "2026-12-31",
                "prizes_vnd": 90_000_000,
            },
        },
        "documents": [
            { "component": "form_02", "document": form_02, "file_name": "a.pdf" },
            { "component": "rules", "document": rules, "file_name": "b.pdf" },
        ],
    })
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_form_from_which_nothing_can_be_computed_is_refused_with_all_that_must_change() {
    let mut office = Office::open().await;
    let clerk = office.token(Role::Clerk, "clerk-1", "H26.14");
    let mut body = promotion(&office, &clerk).await;
    body["applicant"] = json!("citizen-1");
    body["channel"] = json!("post");
    body["posted_by"] = json!("hand_over_record");
    body["posted_at"] = json!("1970-01-01T00:00:00Z");
    body["form"]["programme"]["to"] = json!("9999-12-31");
    let refused = office.browser.post("/v1/dossiers", &clerk, "", body.clone()).await;
    assert_eq!(refused.refused(), (422, "values-impossible"));
    assert_eq!(pointers(&refused.body), ["/posted_at", "/form/programme/to"]);
    // In the reader's language.
    let authorization = format!("Bearer {clerk}");
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/json"),
        ("idempotency-key", "vi"),
        ("accept-language", "vi"),
    ];
    let content = body.to_string().into_bytes();
    let refused = office.browser.send(Method::POST, "/v1/dossiers", &headers, content).await;
    let refused = refused.unwrap().body;
    for (place, said) in ["trước ngày", "không tính được thời hạn"].iter().enumerate()
    {
        assert!(refused["errors"][place]["detail"].as_str().unwrap().contains(said), "{refused}");
    }
    body["posted_at"] = json!("2026-11-18T09:00:00+07:00");
    body["form"]["programme"]["to"] = json!("2026-11-30");
    let refused = office.browser.post("/v1/dossiers", &clerk, "", body.clone()).await;
    assert_eq!(pointers(&refused.body), ["/form/programme/to"], "it ends before it begins");
    body["form"]["programme"]["to"] = json!("2026-12-31");
    office.browser.post("/v1/dossiers", &clerk, "", body).await.granted();
    office.settle().await;
}

#[tokio::test]
async fn a_corrected_form_comes_through_the_same_door() {
    let mut office = Office::open().await;
    let (applicant, clerk) =
        (office.applicant("citizen-1"), office.token(Role::Clerk, "clerk-1", "H26.14"));
    let body = promotion(&office, &applicant).await;
    let submitted = office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await;
    let path = format!("/v1/dossiers/{}", submitted.body["id"].as_str().unwrap());
    let ask = json!({ "components": [], "reason": "the end is not right" });
    let asked = format!("{path}/supplement-requests");
    let asked = office.browser.post(&asked, &clerk, &submitted.etag(), ask).await;
    let mut form = body["form"].clone();
    form["programme"]["to"] = json!("9999-11-15");
    let supply = format!("{path}/supplements");
    let refused =
        office.browser.post(&supply, &applicant, &asked.etag(), json!({ "form": form })).await;
    assert_eq!(refused.refused(), (422, "values-impossible"));
    assert_eq!(pointers(&refused.body), ["/form/programme/to"]);
    form["programme"]["to"] = json!("2027-01-31");
    let taken =
        office.browser.post(&supply, &applicant, &asked.etag(), json!({ "form": form })).await;
    taken.granted();
    office.settle().await;
}

#[tokio::test]
async fn a_date_that_is_moved_and_an_outage_that_is_declared_are_in_this_age() {
    let mut office = Office::open().await;
    let (applicant, clerk) =
        (office.applicant("citizen-1"), office.token(Role::Clerk, "clerk-1", "H26.14"));
    let body = promotion(&office, &applicant).await;
    let submitted = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    let path = format!("/v1/dossiers/{}", submitted.body["id"].as_str().unwrap());
    let accept = format!("{path}/acceptance");
    let accepted = office.browser.post(&accept, &clerk, &submitted.etag(), json!({})).await;
    let body = json!({ "due_at": "9998-01-01T00:00:00Z", "reason": "later" });
    let moved = format!("{path}/appointment");
    let refused = office.browser.post(&moved, &clerk, &accepted.etag(), body).await;
    assert_eq!(refused.refused(), (422, "values-impossible"));
    assert_eq!(pointers(&refused.body), ["/due_at"]);
    let operator = office.token(Role::Operator, "operator-1", "");
    let body = json!({
        "agency": "H26.14", "from": "1970-01-01T00:00:00Z", "to": "2026-11-20T01:00:00Z", "planned": false,
        "notice_at": "1970-01-01T00:00:00Z", "reason": "mất điện",
    });
    let refused = office.browser.post("/v1/outages", &operator, "", body).await;
    assert_eq!(refused.refused(), (422, "values-impossible"));
    assert_eq!(pointers(&refused.body), ["/from", "/notice_at", "/to"]);
    office.settle().await;
}

#[tokio::test]
async fn an_envelope_that_was_on_its_way_when_a_new_version_took_effect_is_entered() {
    let mut office = Office::open().await;
    let shipped = include_str!("../../../libs/dossier/procedures/promotion_registration.yaml");
    let text = dossier::law::next_version(shipped)
        .replace("issued: 2018-05-22", "issued: 2026-11-20")
        .replace("effective: { from: 2018-07-15 }", "effective: { from: 2026-11-25 }");
    crate::law::issue(&office, "procedure", &text).await.granted();
    office.wait_until("2026-11-26T09:00").await;
    let clerk = office.token(Role::Clerk, "clerk-1", "H26.14");
    let mut body = promotion(&office, &clerk).await;
    body["applicant"] = json!("citizen-1");
    body["channel"] = json!("post");
    body["posted_by"] = json!("hand_over_record");
    body["posted_at"] = json!("2026-05-01T09:00:00+07:00");
    let refused = office.browser.post("/v1/dossiers", &clerk, "", body.clone()).await;
    assert_eq!(pointers(&refused.body), ["/posted_at"], "more than 183 days ago");
    body["posted_at"] = json!("2026-11-23T09:00:00+07:00");
    let entered = office.browser.post("/v1/dossiers", &clerk, "", body).await.granted();
    assert_eq!(entered["procedure_version"], 3, "{entered}");
}
