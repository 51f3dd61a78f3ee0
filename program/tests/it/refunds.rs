//! Money that goes back through providers, through HTTP: on its way until the provider has told the outcome.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, notice_of, pay, submitted, take};
use crate::support::Office;

/// A dossier that was withdrawn before its acceptance after it was paid through this sandbox, and the attempt.
async fn owed(office: &mut Office, provider: &str) -> (Certificate, Value) {
    let certificate = submitted(office, "a1", "download").await;
    let payments = certificate.at("payments");
    if provider == "sandbox" {
        pay(office, &certificate).await;
    } else {
        let body = json!({ "provider": provider });
        let begun =
            take(office, &payments, "attempts", &certificate.applicant, body).await.granted();
        let reference = begun["attempts"][0]["reference"].as_str().unwrap().to_owned();
        notice_of(office, provider, &reference, "e1", "captured", 30_000).await;
    }
    let (dossier, applicant) = (certificate.at("dossiers"), certificate.applicant.clone());
    take(office, &dossier, "withdrawal", &applicant, json!({})).await.granted();
    let shown = shown(office, &certificate).await;
    assert_eq!(shown["owed_back_vnd"], 30_000);
    (certificate, shown["attempts"][0].clone())
}

async fn shown(office: &Office, certificate: &Certificate) -> Value {
    office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted()
}

fn body(attempt: &Value, amount: i64) -> Value {
    json!({ "payment": attempt["payment"], "amount_vnd": amount, "reason": "rút hồ sơ" })
}

async fn tasks(office: &Office, filter: &str) -> Vec<Value> {
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let path = format!("/v1/payment-tasks?kind=repayment{filter}");
    office.browser.get(&path, &cashier).await.granted().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_refund_through_a_provider_that_answers_at_once_is_shown_with_its_code() {
    let mut office = Office::open().await;
    let (certificate, attempt) = owed(&mut office, "sandbox").await;
    let (payments, cashier) =
        (certificate.at("payments"), office.token(Role::Cashier, "k1", "G02.001"));
    let too_much =
        take(&mut office, &payments, "refund-requests", &cashier, body(&attempt, 30_001));
    assert_eq!(too_much.await.refused(), (409, "refund-exceeds-owed"));
    let asked = take(&mut office, &payments, "refund-requests", &cashier, body(&attempt, 30_000));
    let asked = asked.await.granted();
    assert_eq!((&asked["on_its_way_vnd"], &asked["owed_back_vnd"]), (&json!(30_000), &json!(0)));
    let done = shown(&office, &certificate).await;
    assert_eq!((&done["refunded_vnd"], &done["on_its_way_vnd"]), (&json!(30_000), &json!(0)));
    let sent = &done["sent_refunds"][0];
    assert_eq!((&sent["state"], &sent["code"]), (&json!("refunded"), &json!("refunded")));
    assert_eq!(sent["reason"], "rút hồ sơ");
    assert_eq!(sent["requested_by"], Value::Null, "not for the payer");
    assert_eq!(done["receipts"][0]["became"], "cancelled");
    assert_eq!(done["refunds"][0]["refund"], sent["refund"]);
    assert!(tasks(&office, "").await.is_empty());
    let till = office.browser.get("/v1/payment-movements", &cashier).await.granted();
    let refund = till["movements"].as_array().unwrap().iter().find(|one| one["kind"] == "refund");
    assert_eq!(refund.unwrap()["provider"], "sandbox", "not from the till: {till}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// A report about a refund of 30,000 with the provider's number.
async fn told(office: &mut Office, reference: &str, kind: &str, number: &str) -> Value {
    let provider = office.token(Role::PaymentProvider, "sandbox-silent", "");
    let body = json!({
        "provider": "sandbox-silent", "event": format!("{kind}-{number}"), "reference": reference,
        "kind": kind, "amount_vnd": 30_000, "transaction": number,
    });
    let answer = office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    office.settle().await;
    answer
}

#[tokio::test]
async fn a_silent_provider_has_the_money_on_its_way_until_it_tells_or_a_cashier_finds_out() {
    let mut office = Office::open().await;
    let (certificate, attempt) = owed(&mut office, "sandbox-silent").await;
    let (payments, cashier) =
        (certificate.at("payments"), office.token(Role::Cashier, "k1", "G02.001"));
    let reference = attempt["reference"].as_str().unwrap();
    take(&mut office, &payments, "refund-requests", &cashier, body(&attempt, 30_000))
        .await
        .granted();
    let waiting = tasks(&office, "&state=on_its_way").await;
    assert_eq!((waiting.len(), &waiting[0]["amount_vnd"]), (1, &json!(30_000)));
    assert!(waiting[0]["since"].is_string() && waiting[0]["due_at"].is_string(), "{waiting:?}");
    // Another amount is of another refund; it is kept for a cashier.
    let other = notice_of(&mut office, "sandbox-silent", reference, "r0", "refunded", 29_999).await;
    assert_eq!(other["matched"], false);
    // So is one with neither the id nor a number of a refund.
    let none = notice_of(&mut office, "sandbox-silent", reference, "r", "refunded", 30_000).await;
    assert_eq!(none["matched"], false);
    let refusal = told(&mut office, reference, "refund_refused", "R1").await;
    assert_eq!(refusal["matched"], true);
    let refused = tasks(&office, "&state=refused").await;
    assert_eq!((refused.len(), &refused[0]["refused_code"]), (1, &json!("")));
    assert_eq!(shown(&office, &certificate).await["owed_back_vnd"], 30_000);

    take(&mut office, &payments, "refund-requests", &cashier, body(&attempt, 30_000))
        .await
        .granted();
    let sent = shown(&office, &certificate).await["sent_refunds"][1]["refund"].clone();
    let end = json!({ "refund": sent, "outcome": "refunded", "reason": "theo sao kê", "transaction": "R9" });
    let early = take(&mut office, &payments, "ended-refunds", &cashier, end.clone()).await;
    assert_eq!(early.refused(), (409, "refund-being-sent"));
    office.wait_until("2026-11-23T10:00").await;
    let ended = take(&mut office, &payments, "ended-refunds", &cashier, end).await.granted();
    let last = &ended["sent_refunds"][1];
    assert_eq!((&last["state"], &last["transaction"]), (&json!("refunded"), &json!("R9")));
    assert_eq!(last["finding"], "theo sao kê");
    assert_eq!(shown(&office, &certificate).await["sent_refunds"][1]["finding"], Value::Null);
    // The provider tells it late: it is known.
    let late = told(&mut office, reference, "refunded", "R9").await;
    assert_eq!(late["matched"], true);
    // Another number is of a refund that nobody requested, and another outcome contradicts.
    for (kind, number) in [("refunded", "R7"), ("refund_refused", "R9")] {
        let kept = told(&mut office, reference, kind, number).await;
        assert_eq!(kept["matched"], false, "{kind} {number}");
    }
    assert_eq!(shown(&office, &certificate).await["refunded_vnd"], 30_000);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// Money that went back through an account, by the records of payments.
async fn returned(office: &Office, account: &str) -> Value {
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let path = format!("/v1/payment-parity?account={account}&from=2026-11-20");
    office.browser.get(&path, &cashier).await.granted()["totals"]["recorded_out_vnd"].clone()
}

#[tokio::test]
async fn a_refund_is_booked_on_the_account_from_which_it_went_back() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let silent = json!({ "provider": "sandbox-silent" });
    let begun = take(&mut office, &payments, "attempts", &certificate.applicant, silent).await;
    let reference = begun.granted()["attempts"][0]["reference"].as_str().unwrap().to_owned();
    // The attempt no longer counts as one in progress, but its money may still come.
    office.wait_until("2026-11-20T10:00").await;
    let sandbox = json!({ "provider": "sandbox" });
    let begun = take(&mut office, &payments, "attempts", &certificate.applicant, sandbox).await;
    let attempts = begun.granted()["attempts"].as_array().unwrap().clone();
    let first = attempts.iter().find(|one| one["provider"] == "sandbox").unwrap();
    let of_first = first["reference"].as_str().unwrap();
    notice_of(&mut office, "sandbox", of_first, "e1", "captured", 30_000).await;
    // The newest money is on the other account.
    let late = notice_of(&mut office, "sandbox-silent", &reference, "e1", "captured", 30_000).await;
    assert_eq!(late["matched"], true);
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let back = body(first, 30_000);
    take(&mut office, &payments, "refund-requests", &cashier, back).await.granted();
    assert_eq!(shown(&office, &certificate).await["refunded_vnd"], 30_000);
    assert_eq!(returned(&office, "sandbox").await, 30_000);
    assert_eq!(returned(&office, "sandbox-silent").await, 0);
}
