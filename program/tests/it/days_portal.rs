//! The day of a portal as one script: from the search for a procedure, without a token, to the
//! rating.

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::changes::all;
use crate::life::{Certificate, pay, take};
use crate::parcels::decided;
use crate::support::{Answer, Office};

/// Reads without a token.
async fn public(office: &Office, path: &str) -> Value {
    let answer = office.browser.send(Method::GET, path, &[], Vec::new()).await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

fn pointers(refused: &Answer) -> Vec<&str> {
    let errors = refused.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

/// What the portal draws before anybody signs in; returns the required components.
async fn before_filing(office: &Office) -> Vec<String> {
    let found = public(office, "/v1/procedures?q=mau+d&channel=online").await;
    let code = found[0]["code"].as_str().unwrap();
    assert_eq!(code, "CO.D", "{found}");
    let procedure = public(office, &format!("/v1/procedures/{code}")).await;
    let fee = public(office, "/v1/procedures/CO.D/fee?channel=online&agency=G02.001").await;
    assert_eq!(fee["total_vnd"], 30_000);
    let required = procedure["documents"].as_array().unwrap().iter();
    let required = required.filter(|component| component["required"] == true);
    required.map(|component| component["code"].as_str().unwrap().to_owned()).collect()
}

/// Submits first what is wrong in several fields, then what is right.
async fn filed(office: &mut Office, required: &[String]) -> Certificate {
    let applicant = office.applicant("a1");
    let mut body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "online", "documents": [],
        "delivery": { "channel": "download" },
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "1", "address": "Nam Định" },
            "destination": "US", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "52", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let all_at_once = pointers(&refused);
    for pointer in ["/form/exporter/tax_code", "/form/destination", "/form/goods/0/hs"] {
        assert!(all_at_once.contains(&pointer), "{pointer}: {all_at_once:?}");
    }
    body["form"]["exporter"]["tax_code"] = json!("0101234565");
    body["form"]["destination"] = json!("TH");
    body["form"]["consignee"] = json!("Siam Textile");
    body["form"]["goods"][0]["hs"] = json!("520811");
    let mut documents = Vec::new();
    for component in required {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    body["documents"] = Value::Array(documents);
    let filed = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    office.settle().await;
    Certificate { id: filed["id"].as_str().unwrap().to_owned(), applicant }
}

#[tokio::test]
async fn a_portal_carries_its_user_from_the_search_to_the_rating() {
    let mut office = Office::open().await;
    let required = before_filing(&office).await;
    assert_eq!(required, ["application", "export_declaration", "invoice"]);

    let certificate = filed(&mut office, &required).await;
    let applicant = certificate.applicant.clone();
    let dossier = certificate.at("dossiers");

    let mine = office.browser.get("/v1/register/dossiers", &applicant).await.granted();
    assert_eq!(
        (&mine[0]["id"], &mine[0]["waiting_on"]),
        (&json!(certificate.id), &json!("applicant"))
    );
    pay(&mut office, &certificate).await;

    let clerk = office.clerk();
    let asked = json!({ "components": ["invoice"], "reason": "Hóa đơn thiếu trang 2" });
    take(&mut office, &dossier, "supplement-requests", &clerk, asked).await.granted();
    let shown = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!(shown["supplement"]["reason"], "Hóa đơn thiếu trang 2");
    let invoice = office.browser.upload(&applicant, "both pages").await;
    let supplement = json!({ "documents": [
        { "component": "invoice", "document": invoice, "file_name": "invoice.pdf" }] });
    take(&mut office, &dossier, "supplements", &applicant, supplement).await.granted();
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let why = office.browser.get(&format!("{dossier}/deadline"), &applicant).await.granted();
    assert!(why["due_at"].is_string(), "{why}");

    let signed = office.browser.upload(&clerk, "the signed certificate").await;
    let result = json!({ "number": "VN-TH-1", "document": signed });
    decided(&mut office, &certificate, result).await;
    let code = shown["code"].as_str().unwrap();
    let looked_up = public(&office, &format!("/v1/register/lookup/{code}")).await;
    assert_eq!(looked_up["code"], code);
    let delivery = certificate.at("deliveries");
    take(&mut office, &delivery, "downloads", &applicant, json!({})).await.granted();
    let rating = certificate.at("ratings");
    let rated = office.browser.post(&rating, &applicant, "", json!({ "score": 5 })).await.granted();
    assert_eq!(rated["score"], 5);
    office.settle().await;
    let closed = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!((&closed["stage"], &closed["closed_as"]), (&json!("closed"), &json!("delivered")));

    let changes = all(&office, &applicant).await;
    let kinds: Vec<&str> = changes.iter().map(|change| change["type"].as_str().unwrap()).collect();
    for kind in
        ["DossierSubmitted", "FeeSettled", "DossierAccepted", "DossierDecided", "ResultIssued"]
    {
        assert!(kinds.iter().any(|told| told.contains(kind)), "{kind}: {kinds:?}");
    }
    let reads = format!("/v1/register/dossiers/{}/reads", certificate.id);
    let readers = office.browser.get(&reads, &applicant).await.granted();
    assert!(readers.as_array().unwrap().iter().any(|read| read["role"] == "reviewer"), "{readers}");
    let stranger = office.token(Role::Applicant, "a2", "");
    assert_eq!(office.browser.get(&dossier, &stranger).await.refused(), (404, "not-found"));
}
