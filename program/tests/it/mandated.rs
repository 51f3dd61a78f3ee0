//! What officers see of dossiers in which they acted for a party by a mandate, and what agencies
//! receive that were consulted or handle complaints.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::changes::all;
use crate::life::{Certificate, notice, pay, submitted, take};
use crate::mandates::{Acting, answered};
use crate::support::Office;

const AGENCY: &str = "G02.001";
const OWN_MATTER: (u16, &str) = (403, "own-matter");

/// Lan, who acts for `a1` by a mandate.
async fn lan(office: &Office) -> Acting {
    let lan = Acting::by(office.applicant("lan"));
    let terms = json!({ "representative": "lan", "procedures": [] });
    let owner = Acting::by(office.applicant("a1"));
    let mandate = owner.post(office, "/v1/mandates", terms).await.granted();
    let mandate = mandate["mandate"].as_str().unwrap().to_owned();
    answered(office, &lan, &mandate, "acceptance").await.granted();
    lan.under(&mandate)
}

async fn kinds(office: &Office, token: &str, certificate: &Certificate) -> Vec<String> {
    let changes = all(office, token).await.into_iter();
    let of_dossier = changes.filter(|change| change["subject"] == *certificate.id);
    of_dossier.map(|change| change["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_officer_who_wrote_for_a_party_by_a_mandate_finds_the_dossier_in_no_list_and_no_feed() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let lan = lan(&office).await;
    let clerks = ["lan", "clerk-2"].map(|subject| office.token(Role::Clerk, subject, AGENCY));
    let dossier = certificate.at("dossiers");
    let shown = office.browser.get(&dossier, &certificate.applicant).await.granted();
    let by_code = format!("/v1/register/dossier-codes/{}", shown["code"].as_str().unwrap());
    let sees = async |office: &Office, clerk: &str| {
        let mut listed = Vec::new();
        for path in ["/v1/register/dossiers", "/v1/register/work"] {
            let rows = office.browser.get(path, clerk).await.granted();
            listed.push(rows.to_string().contains(&*certificate.id));
        }
        listed.push(!kinds(office, clerk, &certificate).await.is_empty());
        listed.push(office.browser.get(&by_code, clerk).await.status.is_success());
        listed
    };
    for clerk in &clerks {
        assert_eq!(sees(&office, clerk).await, [true; 4]);
    }
    let text = json!({ "text": "May we send the invoice later?" });
    lan.post(&office, &format!("{dossier}/messages"), text).await.granted();
    office.settle().await;
    assert_eq!(sees(&office, &clerks[0]).await, [false; 4], "not in a matter of hers");
    assert_eq!(sees(&office, &clerks[1]).await, [true; 4]);
    let refused = office.browser.get(&by_code, &clerks[0]).await;
    assert_eq!(refused.refused(), OWN_MATTER);
    office.browser.get(&by_code, &certificate.applicant).await.granted();
}

#[tokio::test]
async fn a_cashier_who_paid_for_a_party_by_a_mandate_has_nothing_to_do_with_the_fee() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let lan = lan(&office).await;
    let payments = certificate.at("payments");
    let provider = json!({ "provider": "sandbox" });
    let started = lan.take(&office, &payments, "attempts", provider).await.granted();
    let reference = started["attempts"][0]["reference"].as_str().unwrap();
    notice(&mut office, reference, "e1", "captured", 30_000).await;
    let till = async |subject: &str| {
        let cashier = office.token(Role::Cashier, subject, AGENCY);
        let till = office.browser.get("/v1/payment-movements", &cashier).await.granted();
        (till["captured_vnd"].clone(), till["movements"].as_array().unwrap().len())
    };
    assert_eq!(till("cashier-1").await, (json!(30_000), 1));
    assert_eq!(till("lan").await, (json!(30_000), 0));
    let cashier = office.token(Role::Cashier, "lan", AGENCY);
    assert_eq!(office.browser.get(&payments, &cashier).await.refused(), OWN_MATTER);
    let other = office.token(Role::Cashier, "cashier-1", AGENCY);
    office.browser.get(&payments, &other).await.granted();
}

#[tokio::test]
async fn a_consulted_agency_receives_the_change_by_its_own_answer() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let clerk = office.clerk();
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "r1", AGENCY);
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let question = json!({ "agency": "H26.14", "question": "agreed?" });
    let asked = take(&mut office, &review, "consultations", &reviewer, question).await.granted();
    let consultation = asked["consultations"][0]["consultation"].clone();
    let consultee = office.token(Role::Consultee, "c1", "H26.14");
    let requested = "review.ConsultationRequested.v1";
    assert_eq!(kinds(&office, &consultee, &certificate).await, [requested]);
    let answer = json!({ "consultation": consultation, "agrees": true, "answer": "Đồng ý" });
    take(&mut office, &review, "consultation-answers", &consultee, answer).await.granted();
    assert_eq!(
        kinds(&office, &consultee, &certificate).await,
        [requested, "review.ConsultationAnswered.v1"]
    );
    let elsewhere = office.token(Role::Consultee, "c2", "H26.15");
    assert!(kinds(&office, &elsewhere, &certificate).await.is_empty());
}

#[tokio::test]
async fn the_handler_of_a_complaint_receives_changes_of_its_dossier_until_it_is_dismissed() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let body = json!({
        "agency": AGENCY, "text": "It takes too long.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0912 345 678", "dossier": certificate.id,
    });
    let filed = office.browser.post("/v1/complaints", &certificate.applicant, "", body).await;
    let filed: Value = filed.granted();
    office.settle().await;
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let handler = office.token(Role::ComplaintHandler, "h1", AGENCY);
    assert!(!kinds(&office, &handler, &certificate).await.is_empty());
    let class = json!({ "class": "not_acceptable", "reason": "Không nêu sự việc." });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    assert!(kinds(&office, &handler, &certificate).await.is_empty());
}
