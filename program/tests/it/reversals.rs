//! Money that a provider takes back, and disputes, through HTTP: the fee is owed again or becomes a
//! debt, cashiers see what is due, and the books pair it with the statement.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, pay, submitted, take};
use crate::support::Office;

async fn shown(office: &Office, certificate: &Certificate) -> Value {
    office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted()
}

fn cashier(office: &Office, name: &str) -> String {
    office.token(Role::Cashier, name, "G02.001")
}

async fn tasks(office: &Office, kind: &str) -> Vec<Value> {
    let path = format!("/v1/payment-tasks?kind={kind}");
    let list = office.browser.get(&path, &cashier(office, "k1")).await.granted();
    list.as_array().unwrap().clone()
}

/// A report of the sandbox about the first attempt.
async fn told(office: &mut Office, certificate: &Certificate, report: Value) -> Value {
    let provider = office.token(Role::PaymentProvider, "sandbox", "");
    let reference = shown(office, certificate).await["attempts"][0]["reference"].clone();
    let mut body = json!({ "provider": "sandbox", "reference": reference });
    body.as_object_mut().unwrap().extend(report.as_object().unwrap().clone());
    let answer = office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    office.settle().await;
    answer
}

async fn checked(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_reversal_before_the_acceptance_makes_the_fee_owed_again_and_pairs_with_the_statement() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let reversed = json!({
        "event": "r1", "kind": "reversed", "amount_vnd": 30_000, "transaction": "CB1",
    });
    for _ in 0..2 {
        let answer = told(&mut office, &certificate, reversed.clone()).await;
        assert_eq!(answer["matched"], true);
    }
    let paid = shown(&office, &certificate).await;
    assert_eq!((&paid["received_vnd"], &paid["outstanding_vnd"]), (&json!(0), &json!(30_000)));
    assert_eq!(paid["settled_at"], Value::Null);
    let attempt = &paid["attempts"][0];
    assert_eq!(attempt["reversed_vnd"], 30_000);
    assert_eq!(attempt["reversals"][0]["transaction"], "CB1");
    assert_eq!(paid["receipts"][0]["became"], "cancelled");
    let path = "/v1/payment-parity?account=sandbox&from=2026-11-20";
    let totals = office.browser.get(path, &cashier(&office, "k1")).await.granted();
    let totals = totals["totals"].clone();
    assert_eq!(
        (&totals["recorded_in_vnd"], &totals["recorded_out_vnd"]),
        (&json!(30_000), &json!(30_000))
    );
    let till = office.browser.get("/v1/payment-movements", &cashier(&office, "k1")).await.granted();
    assert_eq!(till["reversed_vnd"], 30_000, "{till}");
    checked(&office).await;
    // It is paid once more.
    pay(&mut office, &certificate).await;
    assert_eq!(shown(&office, &certificate).await["outstanding_vnd"], 0);
    checked(&office).await;
}

#[tokio::test]
async fn after_the_end_a_reversal_is_a_debt_on_the_list_that_two_persons_write_off() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (payments, dossier) = (certificate.at("payments"), certificate.at("dossiers"));
    take(&mut office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    let (first, second) = (cashier(&office, "k1"), cashier(&office, "k2"));
    let back = json!({ "amount_vnd": 30_000, "reason": "rút hồ sơ" });
    take(&mut office, &payments, "refunds", &first, back).await.granted();
    // The bank takes back what was returned in cash.
    let attempt = shown(&office, &certificate).await["attempts"][0]["payment"].clone();
    let mut letter = json!({
        "payment": attempt, "amount_vnd": 30_001, "transaction": "CB1", "reason": "công văn 12/NH",
    });
    let refused = take(&mut office, &payments, "reversals", &first, letter.clone()).await;
    assert_eq!(refused.refused(), (422, "reversal-exceeds-attempt"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/amount_vnd");
    letter["amount_vnd"] = json!(30_000);
    let proposed = take(&mut office, &payments, "reversals", &first, letter).await.granted();
    let entry = proposed["proposed_entry"]["entry"].clone();
    let approve = json!({ "entry": entry });
    take(&mut office, &payments, "entry-approvals", &second, approve).await.granted();
    let listed = tasks(&office, "debt").await;
    assert_eq!((listed.len(), &listed[0]["amount_vnd"]), (1, &json!(30_000)));
    assert!(listed[0]["due_at"].is_string(), "{listed:?}");
    assert!(office.engine.metrics.text().contains("dossier_payments_debts 1"));
    let debt = shown(&office, &certificate).await["debts"][0]["debt"].clone();
    checked(&office).await;
    let off = json!({ "debt": debt, "reason": "không thu được" });
    let proposed = take(&mut office, &payments, "debt-write-offs", &first, off).await.granted();
    let approve = json!({ "entry": proposed["proposed_entry"]["entry"] });
    let own = take(&mut office, &payments, "entry-approvals", &first, approve.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    take(&mut office, &payments, "entry-approvals", &second, approve).await.granted();
    assert!(tasks(&office, "debt").await.is_empty());
    checked(&office).await;
}

#[tokio::test]
async fn a_debt_is_paid_at_the_counter_with_a_receipt() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (payments, dossier) = (certificate.at("payments"), certificate.at("dossiers"));
    take(&mut office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    let first = cashier(&office, "k1");
    let back = json!({ "amount_vnd": 30_000, "reason": "rút hồ sơ" });
    take(&mut office, &payments, "refunds", &first, back).await.granted();
    let reversed = json!({ "event": "r1", "kind": "reversed", "amount_vnd": 30_000 });
    told(&mut office, &certificate, reversed).await;
    let debt = shown(&office, &certificate).await["debts"][0]["debt"].clone();
    let short = json!({ "debt": debt, "amount_vnd": 1 });
    let refused = take(&mut office, &payments, "settled-debts", &first, short).await;
    assert_eq!(refused.refused(), (422, "amount-differs"));
    let cash = json!({ "debt": debt, "amount_vnd": 30_000 });
    let paid = take(&mut office, &payments, "settled-debts", &first, cash).await.granted();
    assert_eq!(paid["debts"], Value::Null);
    assert!(tasks(&office, "debt").await.is_empty());
    let till = office.browser.get("/v1/payment-movements", &first).await.granted();
    assert_eq!(till["cash_vnd"], 30_000);
    checked(&office).await;
}

#[tokio::test]
async fn a_dispute_bars_refunds_is_a_task_until_it_is_answered_and_is_missed_after_its_date() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let begun = json!({
        "event": "d1", "kind": "disputed", "amount_vnd": 30_000, "dispute": "D1",
        "answer_by": "2026-11-24T10:00:00Z",
    });
    told(&mut office, &certificate, begun).await;
    let (payments, dossier) = (certificate.at("payments"), certificate.at("dossiers"));
    take(&mut office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    let paid = shown(&office, &certificate).await;
    assert_eq!(paid["owed_back_vnd"], 30_000);
    assert!(paid["repayment"]["due_at"].is_string(), "what is owed back has a date all the time");
    let first = cashier(&office, "k1");
    let attempt = paid["attempts"][0]["payment"].clone();
    let ask = json!({ "payment": attempt, "amount_vnd": 30_000, "reason": "rút hồ sơ" });
    let refused = take(&mut office, &payments, "refund-requests", &first, ask.clone()).await;
    assert_eq!(refused.refused(), (409, "payment-disputed"));
    let back = json!({ "amount_vnd": 30_000, "reason": "rút hồ sơ" });
    let refused = take(&mut office, &payments, "refunds", &first, back).await;
    assert_eq!(refused.refused(), (409, "amount-disputed"));
    let listed = tasks(&office, "dispute").await;
    assert_eq!((listed.len(), &listed[0]["due_at"]), (1, &json!("2026-11-24T10:00:00Z")));
    office.wait_until("2026-11-24T17:01").await;
    assert_eq!(tasks(&office, "dispute").await[0]["missed"], true);
    assert_eq!(shown(&office, &certificate).await["attempts"][0]["disputes"][0]["missed"], true);
    let answer = json!({ "dispute": "D1", "reason": "đã gửi biên lai" });
    take(&mut office, &payments, "dispute-answers", &first, answer).await.granted();
    assert!(tasks(&office, "dispute").await.is_empty());
    let kept = json!({ "event": "d2", "kind": "dispute_kept", "amount_vnd": 0, "dispute": "D1" });
    assert_eq!(told(&mut office, &certificate, kept).await["matched"], true);
    let lost = json!({ "event": "d3", "kind": "dispute_lost", "amount_vnd": 0, "dispute": "D1" });
    assert_eq!(told(&mut office, &certificate, lost).await["matched"], false, "it contradicts");
    take(&mut office, &payments, "refund-requests", &first, ask).await.granted();
    assert_eq!(shown(&office, &certificate).await["refunded_vnd"], 30_000);
    checked(&office).await;
}

#[tokio::test]
async fn a_dispute_from_a_letter_is_recorded_and_ended_by_a_cashier() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (payments, first) = (certificate.at("payments"), cashier(&office, "k1"));
    let attempt = shown(&office, &certificate).await["attempts"][0]["payment"].clone();
    let letter = json!({
        "payment": attempt, "dispute": "D9", "amount_vnd": 30_000, "reason": "công văn 7/NH",
    });
    take(&mut office, &payments, "disputes", &first, letter.clone()).await.granted();
    let again = take(&mut office, &payments, "disputes", &first, letter).await;
    assert_eq!(again.refused(), (409, "dispute-known"));
    let unknown = json!({ "dispute": "D8", "outcome": "kept", "reason": "công văn 9/NH" });
    let refused = take(&mut office, &payments, "ended-disputes", &first, unknown).await;
    assert_eq!(refused.refused(), (422, "unknown-dispute"));
    assert!(refused.body.to_string().contains("D9"), "{}", refused.body);
    let end = json!({ "dispute": "D9", "outcome": "kept", "reason": "công văn 9/NH" });
    let ended = take(&mut office, &payments, "ended-disputes", &first, end).await.granted();
    assert_eq!(ended["attempts"][0]["disputes"][0]["outcome"], "kept");
    checked(&office).await;
}
