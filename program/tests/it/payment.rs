//! Money through HTTP: notices in any order, unknown outcomes, receipts without a hole.

use dossier::contract::{EventSet, ReceiptEvent, Role};
use events::{EventStore, StreamName};
use serde_json::json;

use crate::life::{Certificate, notice, notice_of, pay, submitted, take};
use crate::support::{Office, at, faulty};

#[tokio::test]
async fn a_notice_twice_is_one_payment_and_one_receipt() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let payments = certificate.at("payments");
    let before = office.browser.get(&payments, &certificate.applicant).await.granted();
    let reference = before["attempts"][0]["reference"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        assert_eq!(
            notice(&mut office, &reference, "e1", "captured", 30_000).await["matched"],
            true
        );
    }
    let after = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(before, after);
    // Another name of the same capture: this provider never captures twice for one attempt.
    notice(&mut office, &reference, "e2", "captured", 30_000).await;
    let named = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!((&named["received_vnd"], &named["owed_back_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(named["receipts"].as_array().unwrap().len(), 1);
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "CaptureConfirmed").count(), 1);
}

#[tokio::test]
async fn a_provider_speaks_only_for_itself_and_for_attempts_that_were_begun_with_it() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let start = json!({ "provider": "sandbox-silent" });
    let started =
        take(&mut office, &payments, "attempts", &certificate.applicant, start).await.granted();
    let reference = started["attempts"][0]["reference"].as_str().unwrap().to_owned();
    assert_eq!(notice(&mut office, &reference, "e1", "captured", 30_000).await["matched"], false);
    let other = office.token(Role::PaymentProvider, "another", "");
    let body = json!({
        "provider": "sandbox-silent", "event": "e2", "reference": reference, "kind": "captured", "amount_vnd": 30_000,
    });
    let refused = office.browser.post("/v1/payment-notices", &other, "", body).await;
    assert_eq!(refused.refused(), (422, "provider-not-caller"));
    let body = json!({
        "provider": "sandbox-silent", "event": "e3", "reference": reference, "kind": "captured", "amount_vnd": -1,
    });
    let refused = office.browser.post("/v1/payment-notices", &other, "", body).await;
    let codes: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["provider-not-caller", "amount-impossible"], "all at once");
    let unpaid = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(unpaid["received_vnd"], 0);
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_asked_and_its_answer_settles_the_fee() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let start = json!({ "provider": "sandbox" });
    take(&mut office, &payments, "attempts", &certificate.applicant, start).await.granted();
    office.wait_until("2026-11-20T09:31").await;
    let paid = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(
        (&paid["attempts"][0]["state"], &paid["outstanding_vnd"]),
        (&json!("captured"), &json!(0))
    );
}

#[tokio::test]
async fn a_provider_that_never_knows_is_given_up_and_another_attempt_is_possible() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let silent = json!({ "provider": "sandbox-silent" });
    take(&mut office, &payments, "attempts", &certificate.applicant, silent).await.granted();
    office.wait_until("2026-11-24T00:00").await;
    let given_up = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(given_up["attempts"][0]["state"], "expired");
    // What comes after that still counts.
    let reference = given_up["attempts"][0]["reference"].as_str().unwrap().to_owned();
    notice_of(&mut office, "sandbox-silent", &reference, "late", "captured", 30_000).await;
    let paid = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(paid["outstanding_vnd"], 0);
}

/// An accepted dossier whose clock starts with the fee.
pub(crate) async fn multi_level(office: &mut Office) -> Certificate {
    let applicant = office.applicant("a1");
    let mut documents = Vec::new();
    for component in ["application", "deposit", "plan"] {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "MLM.CERTIFICATE", "agency": "G02.003", "channel": "online", "documents": documents,
        "delivery": { "channel": "collection" },
        "form": {
            "company": { "name": "Đa cấp A", "tax_code": "0101234565" },
            "capital_vnd": 10_000_000_000_i64, "deposit_bank": "VCB",
        },
    });
    let id = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    let certificate = Certificate { id: id["id"].as_str().unwrap().to_owned(), applicant };
    let clerk = office.clerk();
    let dossier = certificate.at("dossiers");
    let accepted = take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    assert!(accepted["due_at"].is_null(), "the clock starts with the fee");
    certificate
}

#[tokio::test]
async fn a_fee_that_is_not_paid_in_its_window_returns_the_dossier() {
    let mut office = Office::open().await;
    let Certificate { id, applicant } = multi_level(&mut office).await;
    office.wait_until("2027-01-10T00:00").await;
    let returned = office.browser.get(&format!("/v1/dossiers/{id}"), &applicant).await.granted();
    assert_eq!(
        (&returned["stage"], &returned["closed_as"]),
        (&json!("closed"), &json!("not_paid"))
    );
}

#[tokio::test]
async fn receipts_have_neither_doubles_nor_holes_whatever_fails() {
    let faults = events::Faults {
        seed: 3,
        unreachable_after: 120,
        conflict: 80,
        unreachable_before: 80,
        busy: 0,
    };
    let mut office = Office::open_with(faulty(faults).await, at("2026-11-20T09:00")).await;
    let mut certificates = Vec::new();
    for n in 0..12 {
        certificates.push(submitted(&mut office, &format!("a{n}"), "download").await);
    }
    for certificate in &certificates {
        pay(&mut office, certificate).await;
    }
    office.settle().await;
    let stream = StreamName::new("receipts-XNK-26E-2026").unwrap();
    let receipts = office.engine.store.read(&stream, None).await.unwrap();
    let numbers: Vec<u64> = receipts
        .iter()
        .map(|event| {
            let ReceiptEvent::ReceiptIssued(receipt) =
                ReceiptEvent::decode(&event.kind, &event.data).unwrap();
            receipt.number
        })
        .collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
    for certificate in &certificates {
        let paid =
            office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted();
        assert_eq!(paid["receipts"].as_array().unwrap().len(), 1, "{paid}");
    }
}

#[tokio::test]
async fn where_money_is_real_the_sandbox_is_not_offered() {
    let store = EventStore::memory();
    let mut office = Office::open_as(store, at("2026-11-20T09:00"), false).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let body = json!({ "provider": "sandbox" });
    let answer = take(&mut office, &payments, "attempts", &certificate.applicant, body).await;
    assert_eq!(answer.refused(), (422, "unknown-provider"));
}
