//! Complaints through HTTP.

use dossier::contract::Role;
use serde_json::json;

use crate::life::take;
use crate::support::Office;

#[tokio::test]
async fn a_complaint_is_filed_classified_answered_published_and_reopened() {
    let mut office = Office::open().await;
    let citizen = office.applicant("c1");
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    let body = json!({
        "agency": "G02.001", "text": "Nobody answers the phone.", "name": "Lê C", "address": "Hà Nội", "phone": "0902123456",
    });
    let filed = office.browser.post("/v1/complaints", &citizen, "", body).await.granted();
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let stranger = office.applicant("c2");
    assert_eq!(office.browser.get(&complaint, &stranger).await.refused(), (404, "not-found"));
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    let answer = json!({ "answer": "We are sorry, Mr Lê." });
    take(&mut office, &complaint, "answer", &handler, answer).await.granted();
    let text = json!({ "text": "The office apologised." });
    take(&mut office, &complaint, "publication", &handler, text).await.granted();
    let why = json!({ "reason": "Still nobody answers." });
    let reopened = take(&mut office, &complaint, "reopening", &citizen, why).await.granted();
    assert_eq!(reopened["stage"], "classified");
    office.wait_until("2026-12-10T00:00").await;
    assert_eq!(office.log().await.last().unwrap(), "ComplaintOverdue");
}
