//! Claims to groups that reduce a fee, from the rules that want evidence to the receipt for the
//! rest.

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::life::{Certificate, notice, take};
use crate::rules::{second, send};
use crate::support::{Answer, Office};

/// Issues a version of the certificate of origin in which digital citizens have to prove it.
async fn issued(office: &Office) {
    let identity = "documents:\n  - { code: identity, name: { vi: Thẻ định danh, en: Identity card }, required: false }\n";
    let text = second()
        .replace("effective: { from: 2026-12-01 }", "effective: { from: 2026-11-20 }")
        .replacen("documents:\n", identity, 1)
        .replace("{ group: digital_citizen }", "{ group: digital_citizen, evidence: identity }");
    send(office, "", "procedure", &text).await.granted();
}

/// Files a certificate of origin as a digital citizen.
async fn filed(office: &mut Office, subject: &str, components: &[&str]) -> Answer {
    let applicant = office.applicant(subject);
    let mut documents = Vec::new();
    for component in components {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "online", "documents": documents,
        "groups": ["digital_citizen"], "delivery": { "channel": "download" },
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    office.settle().await;
    answer
}

/// A filed certificate whose reduced fee is paid.
async fn paid(office: &mut Office, subject: &str) -> Certificate {
    let components = ["application", "export_declaration", "invoice", "identity"];
    let body = filed(office, subject, &components).await.granted();
    assert_eq!(body["claims"][0]["outcome"], "open");
    let id = body["id"].as_str().unwrap().to_owned();
    let certificate = Certificate { id, applicant: office.applicant(subject) };
    let payments = certificate.at("payments");
    let provider = json!({ "provider": "sandbox" });
    let started = take(office, &payments, "attempts", &certificate.applicant, provider).await;
    let started = started.granted();
    assert_eq!(started["total_vnd"], 15_000, "provisionally");
    let reference = started["attempts"][0]["reference"].as_str().unwrap().to_owned();
    notice(office, &reference, &format!("e-{subject}"), "captured", 15_000).await;
    certificate
}

fn pointers(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_catalogue_and_the_quote_show_the_evidence_that_a_group_wants() {
    let office = Office::open().await;
    let read = async |path: &str| -> Value {
        let answer = office.browser.send(Method::GET, path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    };
    let looked_up = json!([{
        "group": "digital_citizen", "confirmed_by_officer": true, "component": null,
    }]);
    assert_eq!(read("/v1/procedures/CO.D").await["group_evidence"], looked_up);
    issued(&office).await;
    let wanted = json!([{
        "group": "digital_citizen", "confirmed_by_officer": true, "component": "identity",
    }]);
    assert_eq!(read("/v1/procedures/CO.D").await["group_evidence"], wanted);
    let asked = "/v1/procedures/CO.D/fee?channel=online&agency=G02.001";
    assert_eq!(read(asked).await["group_evidence"], json!([]));
    let quote = read(&format!("{asked}&groups=digital_citizen")).await;
    assert_eq!((&quote["total_vnd"], &quote["group_evidence"]), (&json!(15_000), &wanted));
}

#[tokio::test]
async fn a_rejected_claim_makes_the_rest_of_the_fee_owed_and_the_applicant_reads_why() {
    let mut office = Office::open().await;
    issued(&office).await;
    let bare = filed(&mut office, "a1", &["application", "export_declaration", "invoice"]).await;
    assert_eq!(bare.refused(), (422, "evidence-missing"));
    assert_eq!(pointers(&bare), ["/groups/0"]);

    let certificate = paid(&mut office, "a1").await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    let (clerk, applicant) = (office.clerk(), certificate.applicant.clone());
    let silent = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    assert_eq!((silent.refused(), pointers(&silent)), ((422, "claim-unanswered"), vec!["/claims"]));
    let body = json!({ "claims": [{ "group": "digital_citizen", "confirmed": false }] });
    let bare = take(&mut office, &dossier, "acceptance", &clerk, body).await;
    assert_eq!(bare.refused(), (422, "claim-reason-missing"));
    assert_eq!(pointers(&bare), ["/claims/0/reason"]);

    let body = json!({
        "claims": [{ "group": "digital_citizen", "confirmed": false, "reason": "thẻ hết hạn" }],
    });
    let rejected = take(&mut office, &dossier, "acceptance", &clerk, body).await.granted();
    assert_eq!(
        (&rejected["stage"], &rejected["fee_received"]),
        (&json!("submitted"), &json!(false))
    );
    let shown = office.browser.get(&dossier, &applicant).await.granted();
    let claim = &shown["claims"][0];
    assert_eq!(
        (&claim["outcome"], &claim["reason"], &claim["evidence"]),
        (&json!("rejected"), &json!("thẻ hết hạn"), &json!("identity"))
    );
    assert_eq!((&shown["status"], &shown["waiting_on"]), (&json!(6), &json!("applicant")));
    assert_eq!(shown["next"][0]["kind"], "pay_fee");
    assert_eq!(shown["next"][0]["due_at"], "2026-12-14T17:00:00Z", "15 working days");
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let hidden = office.browser.get(&dossier, &reviewer).await.granted();
    assert_eq!(hidden["claims"], Value::Null);
    let owed = office.browser.get(&payments, &applicant).await.granted();
    assert_eq!((&owed["total_vnd"], &owed["outstanding_vnd"]), (&json!(30_000), &json!(15_000)));
    assert_eq!(owed["lines"][0]["reduction"], Value::Null);
    let early = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    assert_eq!(early.refused(), (409, "fee-not-received"));

    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let rest = json!({ "amount_vnd": 15_000 });
    take(&mut office, &payments, "cash", &cashier, rest).await.granted();
    let receipts = office.browser.get(&payments, &applicant).await.granted();
    assert_eq!(receipts["receipts"].as_array().unwrap().len(), 2, "{receipts}");
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    assert_eq!(accepted["stage"], "processing");
    let timeline = format!("/v1/register/dossiers/{}/timeline", certificate.id);
    let timeline = office.browser.get(&timeline, &applicant).await.granted().to_string();
    assert!(timeline.contains("intake.FeeClaimsDecided.v1"), "{timeline}");
    assert!(office.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_rejected_claim_is_confirmed_after_all_while_the_rest_is_unpaid_and_not_later() {
    let mut office = Office::open().await;
    issued(&office).await;
    let clerk = office.clerk();
    let claims = |confirmed: bool, reason: &str| {
        json!({ "claims": [
            { "group": "digital_citizen", "confirmed": confirmed, "reason": reason },
        ] })
    };
    let certificate = paid(&mut office, "a1").await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    take(&mut office, &dossier, "acceptance", &clerk, claims(false, "thẻ hết hạn")).await.granted();
    let anew = claims(true, "đã xuất trình thẻ mới");
    let confirmed = take(&mut office, &dossier, "acceptance", &clerk, anew).await.granted();
    assert_eq!(confirmed["stage"], "submitted");
    let shown = office.browser.get(&dossier, &certificate.applicant).await.granted();
    assert_eq!(
        (&shown["claims"][0]["outcome"], &shown["claims"][0]["reason"], &shown["fee_received"]),
        (&json!("confirmed"), &json!("đã xuất trình thẻ mới"), &json!(true))
    );
    let payment = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!((&payment["total_vnd"], &payment["outstanding_vnd"]), (&json!(15_000), &json!(0)));
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    assert_eq!(accepted["stage"], "processing");

    let certificate = paid(&mut office, "a2").await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    take(&mut office, &dossier, "acceptance", &clerk, claims(false, "thẻ hết hạn")).await.granted();
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let rest = json!({ "amount_vnd": 15_000 });
    take(&mut office, &payments, "cash", &cashier, rest).await.granted();
    let late = take(&mut office, &dossier, "acceptance", &clerk, claims(true, "thẻ mới")).await;
    assert_eq!(late.refused(), (409, "claim-final"));
    assert!(office.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_rest_that_is_not_paid_returns_the_dossier_and_the_money() {
    let mut office = Office::open().await;
    issued(&office).await;
    let certificate = paid(&mut office, "a1").await;
    let clerk = office.clerk();
    let body = json!({
        "claims": [{ "group": "digital_citizen", "confirmed": false, "reason": "thẻ hết hạn" }],
    });
    let dossier = certificate.at("dossiers");
    take(&mut office, &dossier, "acceptance", &clerk, body).await.granted();
    office.wait_until("2026-12-16T00:05").await;
    let closed = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!(closed["closed_as"], "not_paid");
    let payment = office.browser.get(&certificate.at("payments"), &clerk).await.granted();
    assert_eq!(payment["owed_back_vnd"], 15_000);
}

#[tokio::test]
async fn a_confirmed_claim_is_accepted_at_the_reduced_fee() {
    let mut office = Office::open().await;
    issued(&office).await;
    let certificate = paid(&mut office, "a1").await;
    let clerk = office.clerk();
    let body = json!({ "claims": [{ "group": "digital_citizen", "confirmed": true }] });
    let dossier = certificate.at("dossiers");
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, body).await.granted();
    assert_eq!(
        (&accepted["stage"], &accepted["claims"][0]["outcome"]),
        (&json!("processing"), &json!("confirmed"))
    );
    let again =
        json!({ "claims": [{ "group": "digital_citizen", "confirmed": false, "reason": "x" }] });
    let again = take(&mut office, &dossier, "acceptance", &clerk, again).await;
    assert_eq!(again.refused(), (409, "already-answered"));
}
