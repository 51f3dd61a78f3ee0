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

#[tokio::test]
async fn nobody_deals_with_a_complaint_about_their_own_dossier_or_step() {
    let mut office = Office::open().await;
    let (citizen, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, _) = crate::support::submitted(&office.browser, &citizen).await;
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    accepted.granted();
    let id = dossier.rsplit('/').next().unwrap();
    let history = office.browser.get(&format!("{dossier}/timeline"), &citizen).await.granted();
    assert!(history.to_string().contains("DossierAccepted"));
    let body = json!({
        "agency": "G02", "text": "It took long.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0902123456", "dossier": id, "step": "accept_dossier",
    });
    let complainant = office.applicant("c7");
    let filed = office.browser.post("/v1/complaints", &complainant, "", body).await.granted();
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let class = json!({ "class": "conduct_or_delay" });
    let handling = [Role::ComplaintHandler];
    for (who, code) in [("clerk-1", "own-step"), ("a1", "own-matter")] {
        let handler = office.token_for(&handling, who, "G02", None);
        let refused =
            take(&mut office, &complaint, "classification", &handler, class.clone()).await;
        assert_eq!(refused.refused(), (403, code));
    }
    let far = office.token(Role::ComplaintHandler, "clerk-1", "H26.14");
    let etag = "\"1\"";
    let address = format!("{complaint}/classification");
    let refused = office.browser.post(&address, &far, etag, class.clone()).await;
    assert_eq!(refused.refused(), (404, "not-found"), "it is none of theirs at all");
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
}
