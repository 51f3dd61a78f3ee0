//! Money that does not come as it should, through HTTP: told several times, too much, too late, of another amount, or of
//! nothing that is ours; and how it goes back.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, notice, pay, submitted, take};
use crate::payment::multi_level;
use crate::support::Office;

async fn begun(office: &mut Office, certificate: &Certificate, provider: &str) -> String {
    let body = json!({ "provider": provider });
    let payments = certificate.at("payments");
    let started = take(office, &payments, "attempts", &certificate.applicant, body).await.granted();
    let attempts = started["attempts"].as_array().unwrap();
    let open = attempts.iter().find(|attempt| attempt["state"] == "started").unwrap();
    open["reference"].as_str().unwrap().to_owned()
}

async fn told(office: &mut Office, provider: &str, body: Value) -> Value {
    let token = office.token(Role::PaymentProvider, provider, "");
    let answer = office.browser.post("/v1/payment-notices", &token, "", body).await.granted();
    office.settle().await;
    answer
}

async fn shown(office: &mut Office, certificate: &Certificate) -> Value {
    office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted()
}

async fn tasks(office: &Office, agency: &str) -> Vec<(String, i64)> {
    let cashier = office.token(Role::Cashier, "k1", agency);
    let rows = office.browser.get("/v1/payment-tasks", &cashier).await.granted();
    let row = |row: &Value| (row["kind"].as_str().unwrap().to_owned(), row["amount_vnd"].as_i64());
    rows.as_array().unwrap().iter().map(row).map(|(kind, vnd)| (kind, vnd.unwrap())).collect()
}

#[tokio::test]
async fn a_capture_that_the_query_found_is_not_counted_again_when_its_notice_comes_late() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let reference = begun(&mut office, &certificate, "sandbox").await;
    office.wait_until("2026-11-20T09:31").await;
    let found = shown(&mut office, &certificate).await;
    assert_eq!((&found["received_vnd"], &found["outstanding_vnd"]), (&json!(30_000), &json!(0)));
    for (event, source) in [("ipn-4711", "notice"), ("return-77", "return"), ("l9", "settlement")] {
        let body = json!({
            "provider": "sandbox", "event": event, "reference": reference, "kind": "captured",
            "amount_vnd": 30_000, "transaction": "14422574", "source": source,
        });
        assert_eq!(told(&mut office, "sandbox", body).await["matched"], true);
    }
    let after = shown(&mut office, &certificate).await;
    assert_eq!((&after["received_vnd"], &after["owed_back_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(after["receipts"].as_array().unwrap().len(), 1);
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let more = json!({ "amount_vnd": 60_000, "reason": "twice" });
    let refused = take(&mut office, &certificate.at("payments"), "refunds", &cashier, more).await;
    assert_eq!(refused.refused(), (409, "refund-exceeds-received"));
}

#[tokio::test]
async fn parts_with_numbers_of_their_own_are_counted_each() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let reference = begun(&mut office, &certificate, "sandbox-partial").await;
    let part = |number: &str, event: &str, amount: i64| {
        json!({
            "provider": "sandbox-partial", "event": event, "reference": reference,
            "kind": "captured", "amount_vnd": amount, "transaction": number,
        })
    };
    told(&mut office, "sandbox-partial", part("T1", "e1", 10_000)).await;
    told(&mut office, "sandbox-partial", part("T1", "e2", 10_000)).await;
    let partly = shown(&mut office, &certificate).await;
    assert_eq!(partly["attempts"][0]["state"], "partly_captured");
    assert_eq!(partly["outstanding_vnd"], 20_000);
    told(&mut office, "sandbox-partial", part("T2", "e3", 20_000)).await;
    let whole = shown(&mut office, &certificate).await;
    assert_eq!(whole["attempts"][0]["state"], "captured");
    assert_eq!((&whole["received_vnd"], &whole["outstanding_vnd"]), (&json!(30_000), &json!(0)));
    assert!(whole["settled_at"].is_string());
}

#[tokio::test]
async fn what_went_back_before_the_acceptance_is_owed_again_and_nothing_is_accepted_without_it() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let back = json!({ "amount_vnd": 29_999, "reason": "wrong account" });
    let owed = take(&mut office, &payments, "refunds", &cashier, back).await.granted();
    assert_eq!((&owed["outstanding_vnd"], &owed["settled_at"]), (&json!(29_999), &Value::Null));
    let waiting = office.browser.get(&dossier, &certificate.applicant).await.granted();
    assert_eq!(waiting["fee_received"], false);
    let one = take(&mut office, &payments, "cash", &cashier, json!({ "amount_vnd": 1 })).await;
    assert_eq!(one.refused(), (422, "amount-differs"));
    let clerk = office.clerk();
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    assert_eq!(accepted.refused(), (409, "fee-not-received"));
    let rest = json!({ "amount_vnd": 29_999 });
    take(&mut office, &payments, "cash", &cashier, rest).await.granted();
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    // The dossier is worked on for its fee now.
    let back = json!({ "amount_vnd": 30_000, "reason": "a favour" });
    let refused = take(&mut office, &payments, "refunds", &cashier, back).await;
    assert_eq!(refused.refused(), (409, "fee-in-use"));
}

#[tokio::test]
async fn the_fee_of_a_withdrawn_dossier_is_owed_back_with_a_day_and_a_miss_is_recorded() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    let applicant = certificate.applicant.clone();
    take(&mut office, &dossier, "withdrawal", &applicant, json!({})).await.granted();
    let owed = shown(&mut office, &certificate).await;
    assert_eq!((&owed["owed_back_vnd"], &owed["outstanding_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(owed["repayment"]["why"], "dossier_ended");
    assert_eq!(owed["repayment"]["due_at"], "2026-12-01T17:00:00Z");
    assert_eq!(tasks(&office, "G02.001").await, [("repayment".to_owned(), 30_000)]);
    assert!(tasks(&office, "G02.002").await.is_empty(), "another agency's is not shown");
    assert!(office.engine.metrics.text().contains("dossier_payments_to_give_back 1"));
    office.wait_until("2026-12-02T00:00").await;
    let late = shown(&mut office, &certificate).await;
    assert_eq!(late["repayment"]["missed"], true);
    assert!(office.engine.metrics.text().contains("dossier_payments_missed 1"));
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let back = json!({ "amount_vnd": 30_000, "reason": "withdrawn" });
    take(&mut office, &payments, "refunds", &cashier, back).await.granted();
    let done = shown(&mut office, &certificate).await;
    assert_eq!((&done["owed_back_vnd"], &done["repayment"]), (&json!(0), &Value::Null));
    assert!(tasks(&office, "G02.001").await.is_empty());
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.periods > 2, "{report:?}");
}

#[tokio::test]
async fn an_amount_that_does_not_agree_waits_for_the_cashier_and_a_large_refund_for_two() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let reference = begun(&mut office, &certificate, "sandbox").await;
    notice(&mut office, &reference, "e1", "captured", 3_000_000).await;
    notice(&mut office, &reference, "e1", "captured", 30_000).await;
    let doubtful = shown(&mut office, &certificate).await;
    let doubts = doubtful["attempts"][0]["doubts"].as_array().unwrap();
    let words: Vec<_> =
        doubts.iter().map(|d| (d["doubt"].as_str(), d["said_vnd"].as_i64())).collect();
    assert_eq!(
        words,
        [(Some("not_the_attempts_amount"), Some(3_000_000)), (Some("other_amount"), Some(30_000))]
    );
    assert_eq!(doubtful["discrepancy_due_at"], "2026-11-25T17:00:00Z");
    assert_eq!(tasks(&office, "G02.001").await, [("discrepancy".to_owned(), 3_000_000)]);
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let back = json!({ "amount_vnd": 2_970_000, "reason": "too much" });
    let early = take(&mut office, &payments, "refunds", &cashier, back.clone()).await;
    assert_eq!(early.refused(), (409, "amount-in-doubt"));
    let payment = doubtful["attempts"][0]["payment"].clone();
    assert_eq!(doubtful["receipts"][0]["amount_vnd"], 30_000, "what is in doubt has none");
    let found = json!({ "payment": payment, "captured_vnd": 3_000_000, "reason": "statement" });
    let said = take(&mut office, &payments, "resolutions", &cashier, found).await.granted();
    assert_eq!((&said["owed_back_vnd"], &said["repayment"]), (&json!(0), &Value::Null));
    let resolution = said["proposed_resolution"]["resolution"].clone();
    let waiting = ("approval".to_owned(), 3_000_000);
    assert!(tasks(&office, "G02.001").await.contains(&waiting));
    let agree = json!({ "resolution": resolution });
    let own = take(&mut office, &payments, "resolution-approvals", &cashier, agree.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    let second = office.token(Role::Cashier, "k2", "G02.001");
    let agreed = take(&mut office, &payments, "resolution-approvals", &second, agree).await;
    assert_eq!(agreed.granted()["owed_back_vnd"], 2_970_000);
    let proposed = take(&mut office, &payments, "refunds", &cashier, back).await.granted();
    let refund = proposed["proposed_refund"]["refund"].clone();
    assert_eq!((&proposed["refunded_vnd"], refund.is_string()), (&json!(0), true));
    let agree = json!({ "refund": refund });
    let own = take(&mut office, &payments, "refund-approvals", &cashier, agree.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    assert_eq!(proposed["proposed_refund"]["due_at"], "2026-11-25T17:00:00Z");
    office.wait_until("2026-11-26T00:00").await;
    let late = shown(&mut office, &certificate).await;
    assert_eq!(late["proposed_refund"]["missed"], true);
    let agreed = take(&mut office, &payments, "refund-approvals", &second, agree).await.granted();
    let receipts = agreed["receipts"].as_array().unwrap();
    assert_eq!((receipts.len(), &receipts[0]["became"]), (1, &Value::Null), "the fee stays");
    assert_eq!((&agreed["refunded_vnd"], &agreed["owed_back_vnd"]), (&json!(2_970_000), &json!(0)));
    assert!(agreed["settled_at"].is_string() && agreed["proposed_refund"].is_null());
    assert!(tasks(&office, "G02.001").await.is_empty());
}

#[tokio::test]
async fn what_names_none_of_our_payments_is_kept_listed_and_counted() {
    let mut office = Office::open().await;
    let nobody = "DSR-00000000000000000000000000000001-00000000000000000000000000000002";
    for reference in ["other", nobody] {
        for _ in 0..2 {
            assert_eq!(notice(&mut office, reference, "e1", "captured", 1).await["matched"], false);
        }
    }
    assert_eq!(office.log().await, ["NoticeUnmatched", "NoticeUnmatched"]);
    // The same fact with another amount is not the same.
    notice(&mut office, "other", "e1", "captured", 2).await;
    notice(&mut office, "other", "e1", "captured", 2).await;
    let operator = office.token(Role::Operator, "o1", "");
    let address = "/v1/payment-notices/unmatched";
    let first = office.browser.get(&format!("{address}?limit=2"), &operator).await;
    let next = first.header("link");
    let first = first.granted();
    assert_eq!(first[0]["reference"], "other");
    assert_eq!((&first[0]["kind"], &first[0]["amount_vnd"]), (&json!("captured"), &json!(1)));
    let next = next.split(['<', '>']).nth(1).unwrap().to_owned();
    let second = office.browser.get(&next, &operator).await.granted();
    assert_eq!((second.as_array().unwrap().len(), &second[0]["amount_vnd"]), (1, &json!(2)));
    assert!(office.engine.metrics.text().contains("dossier_payments_unmatched 3"));
    let clerk = office.clerk();
    let refused = office.browser.get(address, &clerk).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
}

#[tokio::test]
async fn a_proposal_that_was_a_mistake_is_taken_back_by_who_made_it() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let reference = begun(&mut office, &certificate, "sandbox").await;
    notice(&mut office, &reference, "e1", "captured", 3_000_000).await;
    let doubtful = shown(&mut office, &certificate).await;
    let payment = doubtful["attempts"][0]["payment"].clone();
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let found = json!({ "payment": payment, "captured_vnd": 3_000_000, "reason": "statement" });
    let said = take(&mut office, &payments, "resolutions", &cashier, found.clone()).await.granted();
    let again = take(&mut office, &payments, "resolutions", &cashier, found).await;
    assert_eq!(again.refused(), (409, "resolution-already-proposed"));
    let resolution = said["proposed_resolution"]["resolution"].clone();
    let back = json!({ "resolution": resolution, "reason": "hundredths" });
    let open =
        take(&mut office, &payments, "resolution-rejections", &cashier, back).await.granted();
    assert!(open["proposed_resolution"].is_null());
    assert_eq!(tasks(&office, "G02.001").await, [("discrepancy".to_owned(), 3_000_000)]);
    let found = json!({ "payment": payment, "captured_vnd": 30_000, "reason": "hundredths" });
    take(&mut office, &payments, "resolutions", &cashier, found).await.granted();
    assert!(tasks(&office, "G02.001").await.is_empty());
}

#[tokio::test]
async fn a_receipt_of_what_went_back_is_reduced_and_then_cancelled() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    let applicant = certificate.applicant.clone();
    take(&mut office, &dossier, "withdrawal", &applicant, json!({})).await.granted();
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    for (amount, left, became) in [(10_000, 20_000, "reduced"), (20_000, 0, "cancelled")] {
        let back = json!({ "amount_vnd": amount, "reason": "withdrawn" });
        take(&mut office, &payments, "refunds", &cashier, back).await.granted();
        let shown = shown(&mut office, &certificate).await;
        let receipt = &shown["receipts"][0];
        assert_eq!((&receipt["amount_vnd"], &receipt["number"]), (&json!(30_000), &json!(1)));
        assert_eq!(
            (&receipt["stands_for_vnd"], &receipt["became"]),
            (&json!(left), &json!(became))
        );
    }
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn the_clock_that_started_with_the_fee_stands_still_while_some_of_it_is_missing() {
    let mut office = Office::open().await;
    let certificate = multi_level(&mut office).await;
    let (dossier, payments) = (certificate.at("dossiers"), certificate.at("payments"));
    let reference = begun(&mut office, &certificate, "sandbox").await;
    notice(&mut office, &reference, "e1", "captured", 5_200_000).await;
    notice(&mut office, &reference, "e1", "captured", 5_000_000).await;
    let deadline = format!("{dossier}/deadline");
    let running = office.browser.get(&deadline, &certificate.applicant).await.granted();
    assert_eq!(
        (&running["due_at"], &running["suspended"]),
        (&json!("2026-12-14T17:00:00Z"), &json!(false))
    );
    office.wait_until("2026-11-30T10:00").await;
    let payment = shown(&mut office, &certificate).await["attempts"][0]["payment"].clone();
    let cashier = office.token(Role::Cashier, "k1", "G02.003");
    let found = json!({ "payment": payment, "captured_vnd": 5_000_000, "reason": "statement" });
    let owed = take(&mut office, &payments, "resolutions", &cashier, found).await.granted();
    assert_eq!(owed["outstanding_vnd"], 200_000);
    let standing = office.browser.get(&deadline, &certificate.applicant).await.granted();
    assert_eq!(standing["suspended"], true);
    office.wait_until("2026-12-02T10:00").await;
    let rest = json!({ "amount_vnd": 200_000 });
    take(&mut office, &payments, "cash", &cashier, rest).await.granted();
    let running = office.browser.get(&deadline, &certificate.applicant).await.granted();
    assert_eq!(
        (&running["due_at"], &running["suspended"]),
        (&json!("2026-12-16T17:00:00Z"), &json!(false))
    );
    assert_eq!(running["explanation"]["due_at"], running["due_at"]);
    let paid = shown(&mut office, &certificate).await;
    let receipts = paid["receipts"].as_array().unwrap().iter();
    let stand: Vec<_> = receipts.map(|one| one["stands_for_vnd"].as_i64().unwrap()).collect();
    assert_eq!(stand, [5_000_000, 200_000]);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
