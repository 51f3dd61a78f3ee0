//! Complaints through HTTP.

use dossier::contract::Role;
use events::{Filter, Position};
use http::Method;
use serde_json::{Value, json};

use crate::life::{submitted, take};
use crate::support::{Office, in_register};

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
    assert_eq!(last_about(&office).await, Value::Null, "it is about no dossier");
}

/// The dossier that the envelope of the newest event names.
async fn last_about(office: &Office) -> Value {
    let all =
        office.engine.store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    let envelope: Value = serde_json::from_str(&all.events.last().unwrap().meta).unwrap();
    envelope.get("dossier").cloned().unwrap_or_default()
}

fn about(dossier: &str, position: Option<u64>) -> Value {
    json!({
        "agency": "G02.001", "text": "It takes too long.", "name": "Lê C", "address": "Hà Nội", "phone": "0912 345 678",
        "dossier": dossier, "position": position,
    })
}

#[tokio::test]
async fn a_complaint_about_a_step_stands_on_the_timeline_and_its_answer_reaches_the_complainant() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (applicant, stranger) = (certificate.applicant.clone(), office.applicant("a2"));
    let timeline = format!("{}/timeline", certificate.at("register/dossiers"));
    let entries = office.browser.get(&timeline, &applicant).await.granted();
    let position = entries[0]["position"].as_u64();
    let of_office = office.browser.clone();
    let file = |who: &str, body| {
        let (browser, who) = (of_office.clone(), who.to_owned());
        async move { browser.post("/v1/complaints", &who, "", body).await }
    };
    let unknown = about("019e0000-0000-7000-8000-000000000000", None);
    assert_eq!(file(&applicant, unknown).await.refused(), (422, "unknown-dossier"));
    let foreign = file(&stranger, about(&certificate.id, None)).await;
    assert_eq!(foreign.refused(), (422, "unknown-dossier"));
    let elsewhere = file(&applicant, about(&certificate.id, Some(999_999))).await;
    assert_eq!(elsewhere.refused(), (422, "unknown-step"));
    let filed = file(&applicant, about(&certificate.id, position)).await.granted();
    assert_eq!(filed["step"], "intake.DossierSubmitted.v1");
    assert_eq!(filed["contact"], Value::Null, "how to reach them is for who deals with it");
    office.settle().await;

    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    let class = json!({ "class": "conduct_or_delay", "reason": "the officer was away" });
    let classified = take(&mut office, &complaint, "classification", &handler, class).await;
    assert_eq!(classified.granted()["contact"]["phone"], "+84912345678");
    let answer = json!({ "answer": "We are sorry, Mr Lê." });
    take(&mut office, &complaint, "answer", &handler, answer).await.granted();
    let read = office.browser.get(&complaint, &applicant).await.granted();
    assert_eq!(read["answer"], "We are sorry, Mr Lê.");
    assert_eq!(read["reason"], "the officer was away");

    let publication = format!("{complaint}/publication");
    let open = office.browser.send(Method::GET, &publication, &[], Vec::new()).await.unwrap();
    assert_eq!(open.status, 404, "nothing is published yet");
    let text = json!({ "text": "The office apologised." });
    take(&mut office, &complaint, "publication", &handler, text).await.granted();
    let open = office.browser.send(Method::GET, &publication, &[], Vec::new()).await.unwrap();
    assert_eq!(open.granted()["text"], "The office apologised.");

    let told = |entries: Value| {
        let entries = entries.as_array().unwrap().clone();
        let of_feedback =
            entries.iter().filter(|e| e["event"].as_str().unwrap().contains("Complaint"));
        of_feedback.count()
    };
    let whole = office.browser.get(&timeline, &applicant).await.granted();
    let entry =
        whole.as_array().unwrap().iter().find(|e| e["event"] == "feedback.ComplaintFiled.v1");
    // The entry leads to its complaint, and so to the answer; those of the dossier's own steps name none.
    assert_eq!(entry.unwrap()["complaint"], filed["complaint"]);
    assert_eq!(entries[0].get("complaint"), None, "{entries}");
    let named = about(&certificate.id, entry.unwrap()["position"].as_u64());
    let refused = file(&applicant, named).await;
    assert_eq!(refused.refused(), (422, "unknown-step"));
    assert!(
        refused.body["detail"].as_str().unwrap_or_default().contains("one of a complaint")
            || refused.body["title"].as_str().unwrap().contains("one of a complaint"),
        "{}",
        refused.body
    );
    assert_eq!(told(whole), 3, "filed, classified, answered; published has another name");
    let clerk = office.clerk();
    let officers = office.browser.get(&timeline, &clerk).await.granted();
    assert_eq!(told(officers), 0, "an officer does not see who complains");
}

#[tokio::test]
async fn the_answer_to_a_request_about_personal_data_is_for_whoever_asked_and_is_never_published() {
    let mut office = Office::open().await;
    let (citizen, stranger) = (office.applicant("c1"), office.applicant("c2"));
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    let colleague = office.token(Role::ComplaintHandler, "h2", "G02.001");
    let elsewhere = office.token(Role::ComplaintHandler, "h3", "H26.14");
    for class in ["personal_data_access", "personal_data_objection", "personal_data_erasure"] {
        let body = json!({
            "agency": "G02.001", "text": "What do you know about me?", "name": "Lê C", "address": "Hà Nội",
            "phone": "0902123456", "personal_data": true,
        });
        let filed = office.browser.post("/v1/complaints", &citizen, "", body).await.granted();
        let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
        take(&mut office, &complaint, "classification", &handler, json!({ "class": class }))
            .await
            .granted();
        let answer = json!({ "answer": "Your name and your address." });
        take(&mut office, &complaint, "answer", &handler, answer).await.granted();

        let text = json!({ "text": "Somebody asked." });
        let refused = take(&mut office, &complaint, "publication", &handler, text).await;
        assert_eq!(refused.refused(), (409, "answer-not-for-the-public"), "{class}");
        let publication = format!("{complaint}/publication");
        let open = office.browser.send(Method::GET, &publication, &[], Vec::new()).await.unwrap();
        assert_eq!(open.status, 404, "{class}");
        for who in [&citizen, &handler, &colleague] {
            let read = office.browser.get(&complaint, who).await.granted();
            assert_eq!(read["answer"], "Your name and your address.", "{class}");
        }
        for who in [&stranger, &elsewhere] {
            assert_eq!(office.browser.get(&complaint, who).await.refused(), (404, "not-found"));
        }
        // Nothing is owed any more: the publication is not waited for.
        office.wait_until("2026-12-20T00:00").await;
        assert!(!office.log().await.contains(&"ComplaintOverdue".to_owned()), "{class}");
    }
}

#[tokio::test]
async fn an_officer_enters_a_complaint_about_a_dossier_of_the_agency_and_is_told_what_is_missing() {
    let office = Office::open().await;
    let firm = office.token_for(&[Role::Applicant], "p1", "", Some("0314409058002"));
    let (dossier, _) = crate::support::submitted(&office.browser, &firm).await;
    let id = dossier.rsplit('/').next().unwrap();
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.002");
    let far = office.token(Role::ComplaintHandler, "h2", "H26.14");
    let file = async |who: &str, more: Value| {
        let mut body = about(id, None);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        office.browser.post("/v1/complaints", who, "", body).await
    };
    let here = json!({ "agency": "G02.002" });
    assert_eq!(file(&handler, here).await.refused(), (422, "complainant-missing"));
    // The firm's own dossier, in another spelling of its tax code.
    let firms =
        json!({ "agency": "G02.002", "channel": "counter", "complainant": "0314409058-002" });
    let filed = file(&handler, firms).await.granted();
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    office.browser.get(&complaint, &firm).await.granted();
    // Somebody without an account, and a dossier that the agency has.
    let letter = json!({ "agency": "G02.002", "channel": "post" });
    file(&handler, letter).await.granted();
    let elsewhere = json!({ "agency": "H26.14", "channel": "post" });
    assert_eq!(file(&far, elsewhere).await.refused(), (422, "unknown-dossier"));
    let other = json!({ "agency": "G02.002", "channel": "post", "complainant": "c9" });
    assert_eq!(file(&handler, other).await.refused(), (422, "unknown-dossier"));
}

#[tokio::test]
async fn an_overdue_complaint_carries_the_dossier_that_it_is_about() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let body = about(&certificate.id, None);
    office.browser.post("/v1/complaints", &certificate.applicant, "", body).await.granted();
    office.settle().await;
    office.wait_until("2026-12-01T00:00").await;
    let all =
        office.engine.store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    let overdue = all.events.iter().find(|event| &*event.kind == "feedback.ComplaintOverdue.v1");
    let envelope: Value = serde_json::from_str(&overdue.unwrap().meta).unwrap();
    assert_eq!(envelope["dossier"], *certificate.id);
}

#[tokio::test]
async fn what_comes_on_paper_is_entered_by_an_officer_and_has_the_longer_period() {
    let mut office = Office::open().await;
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    let mut due = Vec::new();
    for channel in ["counter", "online"] {
        let mut body = json!({
            "agency": "G02.001", "text": "The rule is unclear.", "name": "Lê C", "address": "Hà Nội", "phone": "0912 345 678",
            "channel": channel,
        });
        let who = if channel == "online" { office.applicant("c1") } else { handler.clone() };
        if channel == "counter" {
            let citizen = office.applicant("c1");
            let refused = office.browser.post("/v1/complaints", &citizen, "", body.clone()).await;
            assert_eq!(refused.refused(), (422, "channel-needs-an-officer"));
            body["complainant"] = json!("c1");
        }
        let filed = office.browser.post("/v1/complaints", &who, "", body).await.granted();
        let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
        // The complainant has an account; the officer may not read the answer with a code.
        assert_eq!(filed.get("status_code").is_some(), channel == "online");
        let class = json!({ "class": "content_of_rules" });
        let classified = take(&mut office, &complaint, "classification", &handler, class).await;
        due.push(classified.granted()["due_at"].as_str().unwrap().to_owned());
        let citizen = office.applicant("c1");
        assert_eq!(office.browser.get(&complaint, &citizen).await.granted()["channel"], channel);
    }
    // Tuesday 24 November is Vietnam Culture Day: 5 working days, and 3.
    assert_eq!(due, ["2026-11-30T17:00:00Z", "2026-11-26T17:00:00Z"]);
}

#[tokio::test]
async fn nobody_deals_with_a_complaint_about_their_own_dossier_or_step() {
    let mut office = Office::open().await;
    let (citizen, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, _) = crate::support::submitted(&office.browser, &citizen).await;
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    accepted.granted();
    let id = dossier.rsplit('/').next().unwrap();
    let history = office
        .browser
        .get(&format!("{}/timeline", in_register(&dossier)), &citizen)
        .await
        .granted();
    let accepted = history.as_array().unwrap().iter();
    let mut accepted = accepted.filter(|entry| entry["event"] == "intake.DossierAccepted.v1");
    let position = accepted.next().unwrap()["position"].clone();
    let body = json!({
        "agency": "G02", "text": "It took long.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0912 345 678", "dossier": id, "position": position,
    });
    let filed = office.browser.post("/v1/complaints", &citizen, "", body).await.granted();
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let class = json!({ "class": "conduct_or_delay" });
    let handling = [Role::ComplaintHandler];
    let (address, etag) = (format!("{complaint}/classification"), "\"1\"");
    for (who, code) in [("clerk-1", "own-step"), ("a1", "own-matter")] {
        let handler = office.token_for(&handling, who, "G02", None);
        let refused = office.browser.post(&address, &handler, etag, class.clone()).await;
        assert_eq!(refused.refused(), (403, code));
    }
    let far = office.token(Role::ComplaintHandler, "clerk-1", "H26.14");
    let refused = office.browser.post(&address, &far, etag, class.clone()).await;
    assert_eq!(refused.refused(), (404, "not-found"), "it is none of theirs at all");
    let own = office.token_for(&handling, "clerk-1", "G02", None);
    let document = office.browser.upload(&own, "note").await;
    let documents = json!({ "documents": [{ "document": document, "file_name": "a.pdf" }] });
    let path = format!("{complaint}/documents");
    let refused = office.browser.post(&path, &own, etag, documents).await;
    assert_eq!(refused.refused(), (403, "own-step"));

    // A duplicate shows the answer to this complaint.
    let body = json!({
        "agency": "G02", "text": "It took long.", "name": "Trần D", "address": "Huế",
        "phone": "0912 345 679",
    });
    let other = office.applicant("a2");
    let other = office.browser.post("/v1/complaints", &other, "", body).await.granted();
    let duplicate = format!("/v1/complaints/{}", other["complaint"].as_str().unwrap());
    office.browser.get(&duplicate, &own).await.granted();
    let into = json!({ "into": filed["complaint"] });
    let refused = take(&mut office, &duplicate, "merger", &own, into.clone()).await;
    assert_eq!(refused.refused(), (403, "own-step"));
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    take(&mut office, &duplicate, "merger", &handler, into).await.granted();
    assert_eq!(office.browser.get(&duplicate, &own).await.refused(), (403, "own-step"));
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
}

#[tokio::test]
async fn who_deals_with_a_complaint_reaches_the_timeline_of_its_dossier_until_that_is_done() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let other = submitted(&mut office, "a2", "download").await;
    let at = |of: &crate::life::Certificate| format!("{}/timeline", of.at("register/dossiers"));
    let (timeline, others) = (at(&certificate), at(&other));
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    let next = office.token(Role::ComplaintHandler, "h2", "G02.003");
    let read = async |office: &Office, path: &str, who: &str| {
        office.browser.get(path, who).await.status.as_u16()
    };
    assert_eq!(read(&office, &timeline, &handler).await, 404, "nobody complains");
    let body = about(&certificate.id, None);
    let filed = office.browser.post("/v1/complaints", &certificate.applicant, "", body).await;
    let filed = filed.granted()["complaint"].as_str().unwrap().to_owned();
    office.settle().await;
    let whole = office.browser.get(&timeline, &handler).await.granted();
    let events: Vec<&str> =
        whole.as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"intake.DossierSubmitted.v1"), "{events:?}");
    assert!(events.contains(&"feedback.ComplaintFiled.v1"), "{events:?}");
    assert_eq!(read(&office, &others, &handler).await, 404, "only that dossier");
    assert_eq!(read(&office, &timeline, &next).await, 404, "another agency");

    let complaint = format!("/v1/complaints/{filed}");
    let class = json!({ "class": "not_ours" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    let to = json!({ "to": "G02.003" });
    take(&mut office, &complaint, "forwarding", &handler, to).await.granted();
    assert_eq!(read(&office, &timeline, &handler).await, 404, "it was passed on");
    assert_eq!(read(&office, &timeline, &next).await, 200);
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &complaint, "classification", &next, class).await.granted();
    let answer = json!({ "answer": "We are sorry." });
    take(&mut office, &complaint, "answer", &next, answer).await.granted();
    assert_eq!(read(&office, &timeline, &next).await, 200);
    let text = json!({ "text": "The office apologised." });
    take(&mut office, &complaint, "publication", &next, text).await.granted();
    assert_eq!(read(&office, &timeline, &next).await, 404, "it is done");
    let party = office.token(Role::ComplaintHandler, "a1", "G02.003");
    let why = json!({ "reason": "Still nobody answers." });
    take(&mut office, &complaint, "reopening", &certificate.applicant, why).await.granted();
    assert_eq!(read(&office, &timeline, &next).await, 200);
    let own = office.browser.get(&timeline, &party).await;
    assert_eq!(own.refused(), (403, "own-matter"));
}

#[tokio::test]
async fn whoever_found_that_something_is_missing_does_not_deal_with_the_complaint_about_the_request()
 {
    let mut office = Office::open().await;
    let (citizen, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, _) = crate::support::submitted(&office.browser, &citizen).await;
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    office.settle().await;
    let review = dossier.replace("/dossiers/", "/reviews/");
    let reviewer = office.token(Role::Reviewer, "r1", "G02.002");
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let needs = json!({ "components": [], "reason": "The plan is not signed." });
    take(&mut office, &review, "supplement-needs", &reviewer, needs).await.granted();
    office.settle().await;
    let id = dossier.rsplit('/').next().unwrap();
    let entries = office
        .browser
        .get(&format!("{}/timeline", in_register(&dossier)), &citizen)
        .await
        .granted();
    let asked = entries.as_array().unwrap().iter();
    let mut asked = asked.filter(|entry| entry["event"] == "intake.SupplementRequested.v1");
    let body = json!({
        "agency": "G02.002", "text": "It was signed.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0912 345 678", "dossier": id, "position": asked.next().unwrap()["position"],
    });
    let filed = office.browser.post("/v1/complaints", &citizen, "", body).await.granted();
    assert_eq!(filed["step"], "intake.SupplementRequested.v1");
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let class = json!({ "class": "conduct_or_delay" });
    let address = format!("{complaint}/classification");
    let own = office.token_for(&[Role::ComplaintHandler, Role::Reviewer], "r1", "G02.002", None);
    let refused = office.browser.post(&address, &own, "\"1\"", class.clone()).await;
    assert_eq!(refused.refused(), (403, "own-step"), "{}", refused.body);
    // The clerk accepted it, which is something else.
    let other = office.token_for(&[Role::ComplaintHandler], "clerk-1", "G02", None);
    office.browser.post(&address, &other, "\"1\"", class).await.granted();
}
