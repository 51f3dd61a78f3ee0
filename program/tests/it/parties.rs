//! Who is a party to a matter, who acts for whom, and who reads how much of it.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::take;
use crate::support::{Office, energy_label, in_register, submitted};

const OWN: (u16, &str) = (403, "own-matter");
const NOTHING: (u16, &str) = (404, "not-found");

/// A dossier that a reviewer works on: its address, and that of its review.
async fn claimed(office: &mut Office, applicant: &str) -> (String, String) {
    let (dossier, _) = submitted(&office.browser, applicant).await;
    let clerk = office.clerk();
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let review = dossier.replace("dossiers", "reviews");
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    (dossier, review)
}

#[tokio::test]
async fn nobody_works_on_a_dossier_of_their_own_whatever_other_roles_they_have() {
    let mut office = Office::open().await;
    let all = [Role::Applicant, Role::Clerk, Role::Reviewer, Role::Approver, Role::Cashier];
    let everything = office.token_for(&all, "officer-9", "G02", None);
    let (dossier, etag) = submitted(&office.browser, &everything).await;
    let accept = format!("{dossier}/acceptance");
    let accepted = office.browser.post(&accept, &everything, &etag, json!({})).await;
    assert_eq!(accepted.refused(), OWN);
    // As its applicant, everything is open that is open to applicants.
    office.browser.get(&dossier, &everything).await.granted();
    let officer = office.token_for(&all[1..], "officer-9", "G02", None);
    assert_eq!(office.browser.get(&dossier, &officer).await.refused(), OWN);
    // Far from their agency they are told no more than anybody.
    let far = office.token(Role::Clerk, "officer-9", "H26.14");
    assert_eq!(office.browser.get(&dossier, &far).await.refused(), NOTHING);

    let clerk = office.clerk();
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let review = dossier.replace("dossiers", "reviews");
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    let etag = office.browser.get(&review, &reviewer).await.etag();
    let claim = format!("{review}/claim");
    assert_eq!(office.browser.post(&claim, &everything, &etag, json!({})).await.refused(), OWN);
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let over = json!({ "to": "officer-9", "reason": "leave" });
    let handed = take(&mut office, &review, "hand-over", &reviewer, over).await;
    assert_eq!(handed.refused(), (422, "officer-is-a-party"));
    // Nor by acting for the applicant today, or by having filed for somebody else.
    let roles = [Role::Reviewer, Role::Approver];
    let acting = office.token_for(&roles, "officer-8", "G02", Some("officer-9"));
    assert_eq!(office.browser.get(&review, &acting).await.refused(), OWN);
    let filing = office.token_for(&[Role::Applicant], "officer-9", "", Some("firm-1"));
    let (filed, _) = submitted(&office.browser, &filing).await;
    assert_eq!(office.browser.get(&filed, &officer).await.refused(), OWN);
}

#[tokio::test]
async fn an_officer_enters_no_dossier_of_their_own() {
    let office = Office::open().await;
    let clerk = office.clerk();
    let mut body = energy_label(&office.browser, &clerk).await;
    body["applicant"] = json!("clerk-1");
    let refused = office.browser.post("/v1/dossiers", &clerk, "", body.clone()).await;
    assert_eq!(refused.refused(), OWN);
    body["applicant"] = json!("citizen-1");
    office.browser.post("/v1/dossiers", &clerk, "", body).await.granted();
}

#[tokio::test]
async fn a_mandate_ends_with_the_token_and_all_people_of_a_firm_have_its_dossiers() {
    let mut office = Office::open().await;
    let acts = |subject: &str, firm| office.token_for(&[Role::Applicant], subject, "", firm);
    let (first, colleague) = (acts("p1", Some("firm-1")), acts("p2", Some("firm-1")));
    let (alone, elsewhere) = (acts("p1", None), acts("p1", Some("firm-2")));
    let (firm, other) = (acts("firm-1", None), acts("p3", Some("firm-2")));
    let (dossier, _) = submitted(&office.browser, &first).await;
    let name = office.browser.get(&dossier, &first).await.granted();
    let name = name["documents"][0]["document"].as_str().unwrap().to_owned();
    let registered = in_register(&dossier);
    let read = [
        dossier.clone(),
        format!("{dossier}/deadline"),
        format!("{registered}/timeline"),
        format!("{registered}/obligations"),
        format!("{dossier}/documents/{name}"),
    ];
    for address in read {
        for who in [&first, &colleague, &firm] {
            assert!(office.browser.get(&address, who).await.status.is_success(), "{address}");
        }
        for who in [&alone, &elsewhere, &other] {
            assert_eq!(office.browser.get(&address, who).await.refused(), NOTHING, "{address}");
        }
    }
    let etag = office.browser.get(&dossier, &first).await.etag();
    let withdrawal = format!("{dossier}/withdrawal");
    let why = json!({ "reason": "changed plans" });
    let gone = office.browser.post(&withdrawal, &alone, &etag, why.clone()).await;
    assert_eq!(gone.refused(), NOTHING);
    take(&mut office, &dossier, "withdrawal", &colleague, why).await.granted();
}

#[tokio::test]
async fn a_complaint_is_its_firms_and_nobody_handles_their_own() {
    let office = Office::open().await;
    let acts = |subject: &str, firm| office.token_for(&[Role::Applicant], subject, "", firm);
    let body = json!({
        "agency": "G02.001", "text": "Nobody answers.", "name": "C", "address": "D", "phone": "0902123456",
    });
    let filed = office.browser.post("/v1/complaints", &acts("h1", Some("firm-1")), "", body).await;
    let (etag, filed) = (filed.etag(), filed.granted());
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    office.browser.get(&complaint, &acts("p2", Some("firm-1"))).await.granted();
    let alone = office.browser.get(&complaint, &acts("h1", None)).await;
    assert_eq!(alone.refused(), NOTHING);
    let own = office.token(Role::ComplaintHandler, "h1", "G02");
    let class = json!({ "class": "conduct_or_delay" });
    let classify = format!("{complaint}/classification");
    let classified = office.browser.post(&classify, &own, &etag, class.clone()).await;
    assert_eq!(classified.refused(), OWN);
    let other = office.token(Role::ComplaintHandler, "h2", "G02");
    office.browser.post(&classify, &other, &etag, class).await.granted();
    let operator = office.token(Role::Operator, "o1", "");
    let shown = office.browser.get(&complaint, &operator).await.granted();
    assert_eq!((&shown["text"], &shown["stage"]), (&Value::Null, &json!("classified")));
}

#[tokio::test]
async fn a_consulted_agency_reads_what_it_was_asked_about_until_it_has_answered() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let (dossier, review) = claimed(&mut office, &applicant).await;
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    let consultee = |agency: &str| office.token(Role::Consultee, "consultee-1", agency);
    let (asked, other, above) = (consultee("H26.14"), consultee("G02.003"), consultee("H26"));
    for who in [&asked, &other, &above] {
        assert_eq!(office.browser.get(&dossier, who).await.refused(), NOTHING);
        assert_eq!(office.browser.get(&review, who).await.refused(), NOTHING);
    }
    let unknown = json!({ "agency": "NOSUCH", "question": "?" });
    let unknown = take(&mut office, &review, "consultations", &reviewer, unknown).await;
    assert_eq!(unknown.refused(), (422, "unknown-agency"));
    for agency in ["H26.14", "G02.003"] {
        let question = json!({ "agency": agency, "question": format!("Safe for {agency}?") });
        take(&mut office, &review, "consultations", &reviewer, question).await.granted();
    }

    let shown = office.browser.get(&dossier, &asked).await.granted();
    assert_eq!(shown["form"]["model"], "S1");
    let name = shown["documents"][0]["document"].as_str().unwrap();
    let document = format!("{dossier}/documents/{name}");
    assert!(office.browser.get(&document, &asked).await.status.is_success());
    assert!(office.browser.get(&dossier, &above).await.status.is_success(), "the one above it");
    let registered = in_register(&dossier);
    for closed in [
        format!("{dossier}/deadline"),
        format!("{registered}/timeline"),
        format!("{registered}/obligations"),
        format!("{registered}/elapsed"),
    ] {
        let refused = office.browser.get(&closed, &asked).await;
        assert_eq!(refused.refused(), (403, "role-forbidden"), "{closed}");
    }
    let seen = office.browser.get(&review, &asked).await.granted();
    assert_eq!(seen["consultations"].as_array().unwrap().len(), 1);
    let own = &seen["consultations"][0];
    assert_eq!((&own["agency"], &own["question"]), (&json!("H26.14"), &json!("Safe for H26.14?")));
    let fields: Vec<_> = seen.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["code", "consultations", "dossier"]);

    let answer = json!({ "consultation": own["consultation"], "agrees": true, "answer": "Yes." });
    let answered = take(&mut office, &review, "consultation-answers", &asked, answer).await;
    let answered = answered.granted();
    assert_eq!(answered["consultations"], json!([]));
    assert_eq!(answered["closed_consultations"][0]["answer"], "Yes.");
    // What it has done stays open to it; what it was shown for that does not.
    assert_eq!(office.browser.get(&review, &asked).await.granted(), answered);
    assert_eq!(office.browser.get(&dossier, &asked).await.refused(), NOTHING);
    assert_eq!(office.browser.get(&document, &asked).await.refused(), NOTHING);

    let done = json!({ "activity": "registration" });
    take(&mut office, &review, "activities", &reviewer, done).await.granted();
    let decision = json!({ "outcome": "approved", "reason": "complete" });
    take(&mut office, &review, "decision-proposals", &reviewer, decision).await.granted();
    assert_eq!(office.browser.get(&dossier, &other).await.refused(), NOTHING, "it is decided");
    let moot = office.browser.get(&review, &other).await.granted();
    assert_eq!(moot["closed_consultations"][0]["question"], "Safe for G02.003?");
    let all = office.browser.get(&review, &reviewer).await.granted();
    assert_eq!(all["closed_consultations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn cashiers_and_operators_read_where_a_dossier_stands_and_not_what_is_in_it() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let (dossier, review) = claimed(&mut office, &applicant).await;
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    let question = json!({ "agency": "H26.14", "question": "Safe?" });
    take(&mut office, &review, "consultations", &reviewer, question).await.granted();
    let whole = office.browser.get(&dossier, &reviewer).await.granted();
    let name = whole["documents"][0]["document"].as_str().unwrap();
    let cashier = office.token(Role::Cashier, "cashier-1", "G02");
    let operator = office.token(Role::Operator, "operator-1", "");
    for who in [&cashier, &operator] {
        let shown = office.browser.get(&dossier, who).await.granted();
        assert_eq!((&shown["form"], &shown["documents"]), (&Value::Null, &json!([])));
        assert_eq!((&shown["code"], &shown["stage"]), (&whole["code"], &whole["stage"]));
        let document = office.browser.get(&format!("{dossier}/documents/{name}"), who).await;
        assert_eq!(document.refused(), (403, "role-forbidden"));
    }
    let shown = office.browser.get(&review, &operator).await.granted();
    assert_eq!(shown["consultations"][0]["question"], Value::Null);
    assert_eq!(shown["stage"], "open");
}
