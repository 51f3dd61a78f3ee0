//! Transfers that come under two names, from the partner and in a statement: each counts once, and
//! two transfers of one amount count both.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::cashier_day::started;
use crate::life::{Certificate, notice, submitted, take};
use crate::support::{Answer, Office};

const UNMATCHED: &str = "/v1/payment-notices/unmatched";

struct Desk {
    office: Office,
    cashier: String,
    dossiers: Vec<(Certificate, String)>,
}

/// Two dossiers of which the payment was begun.
async fn open() -> Desk {
    let mut office = Office::open().await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let mut dossiers = Vec::new();
    for applicant in ["a1", "a2"] {
        let certificate = submitted(&mut office, applicant, "download").await;
        let reference = started(&mut office, &certificate).await;
        dossiers.push((certificate, reference));
    }
    Desk { office, cashier, dossiers }
}

impl Desk {
    async fn import(&mut self, lines: Value) {
        let body = json!({ "account": "sandbox", "lines": lines });
        let address = "/v1/payment-statements";
        self.office.browser.post(address, &self.cashier, "", body).await.granted();
        self.office.settle().await;
    }

    /// The names of what is unmatched, each with what may be the same.
    async fn unmatched(&self) -> Vec<(String, Value)> {
        let rows = self.office.browser.get(UNMATCHED, &self.cashier).await.granted();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["event"].as_str().unwrap().to_owned(), row["may_be_same"].clone()))
            .collect()
    }

    /// Matches what has this name with a dossier's attempt.
    async fn match_with(&mut self, event: &str, dossier: usize, distinct: &[&str]) -> Answer {
        let rows = self.office.browser.get(UNMATCHED, &self.cashier).await.granted();
        let row = rows.as_array().unwrap().iter().find(|row| row["event"] == event).unwrap();
        let payments = self.dossiers[dossier].0.at("payments");
        let shown = self.office.browser.get(&payments, &self.cashier).await.granted();
        let body = json!({
            "notice": row["notice"], "payment": shown["attempts"][0]["payment"],
            "reason": "sao kê của người nộp", "distinct_from": distinct,
        });
        take(&mut self.office, &payments, "matched-notices", &self.cashier, body).await
    }

    async fn received(&self) -> Vec<i64> {
        let mut received = Vec::new();
        for (certificate, _) in &self.dossiers {
            let shown = self.office.browser.get(&certificate.at("payments"), &self.cashier).await;
            received.push(shown.granted()["received_vnd"].as_i64().unwrap());
        }
        received
    }

    async fn differences(&self) -> Vec<String> {
        let rows = self.office.browser.get("/v1/payment-differences", &self.cashier).await;
        let rows = rows.granted();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["difference"].as_str().unwrap().to_owned()).collect()
    }
}

fn line(event: &str, more: &Value) -> Value {
    let mut line = json!({
        "event": event, "kind": "received", "amount_vnd": 30_000,
        "booked_at": "2026-11-20T08:30:00+07:00", "memo": "NGUYEN VAN A nop phi",
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

#[tokio::test]
async fn a_transfer_that_a_partner_and_a_statement_name_differently_is_counted_once() {
    let mut desk = open().await;
    notice(&mut desk.office, "mistyped", "n-1", "captured", 30_000).await;
    desk.import(json!([line("L1", &json!({}))])).await;
    let listed = desk.unmatched().await;
    assert_eq!(listed[0], ("n-1".to_owned(), json!(["L1"])), "{listed:?}");
    desk.match_with("n-1", 0, &[]).await.granted();
    assert_eq!(desk.unmatched().await, [("L1".to_owned(), json!(["n-1"]))]);

    // Counting it for another dossier is refused, with the name of what is counted.
    let refused = desk.match_with("L1", 1, &[]).await;
    assert!(refused.body["detail"].as_str().unwrap().contains("n-1"), "{}", refused.body);
    assert_eq!(refused.refused(), (409, "transfer-perhaps-counted"));
    assert_eq!(desk.received().await, [30_000, 0]);
    // It is the same: then it belongs to the same attempt, and nothing differs any more.
    desk.match_with("L1", 0, &[]).await.granted();
    assert_eq!(desk.received().await, [30_000, 0]);
    assert!(desk.unmatched().await.is_empty());
    assert!(desk.differences().await.is_empty(), "{:?}", desk.differences().await);
}

#[tokio::test]
async fn two_transfers_of_one_amount_and_day_count_both_once_they_were_compared() {
    let mut desk = open().await;
    desk.import(json!([line("L1", &json!({}))])).await;
    notice(&mut desk.office, "mistyped", "n-1", "captured", 30_000).await;
    desk.match_with("L1", 0, &[]).await.granted();
    assert_eq!(desk.match_with("n-1", 1, &[]).await.refused(), (409, "transfer-perhaps-counted"));
    desk.match_with("n-1", 1, &["L1"]).await.granted();
    assert_eq!(desk.received().await, [30_000, 30_000]);
    let log = desk.office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "NoticeMatched").count(), 2);
    assert_eq!(desk.differences().await, ["missing_there"], "no statement has the second");
}

#[tokio::test]
async fn a_common_number_tells_for_sure_and_the_line_is_not_listed_again() {
    let mut desk = open().await;
    let provider = desk.office.token(Role::PaymentProvider, "sandbox", "");
    let body = json!({
        "provider": "sandbox", "event": "n-1", "transaction": "FT1", "reference": "mistyped",
        "kind": "captured", "amount_vnd": 30_000,
    });
    desk.office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    desk.office.settle().await;
    desk.import(json!([line("L1", &json!({ "transaction": "FT1" }))])).await;
    assert_eq!(desk.unmatched().await, [("n-1".to_owned(), json!(["L1"]))]);
    desk.match_with("n-1", 0, &[]).await.granted();
    assert_eq!(desk.received().await, [30_000, 0]);
    assert!(desk.unmatched().await.is_empty());
    assert!(desk.differences().await.is_empty(), "{:?}", desk.differences().await);
}

#[tokio::test]
async fn a_line_with_a_reference_waits_if_its_money_may_be_counted_by_hand_elsewhere() {
    let mut desk = open().await;
    notice(&mut desk.office, "mistyped", "n-1", "captured", 30_000).await;
    desk.match_with("n-1", 0, &[]).await.granted();
    let reference = desk.dossiers[1].1.clone();
    desk.import(json!([line("L1", &json!({ "reference": reference }))])).await;
    assert_eq!(desk.received().await, [30_000, 0], "a cashier is asked first");
    assert_eq!(desk.unmatched().await, [("L1".to_owned(), json!(["n-1"]))]);
    desk.match_with("L1", 1, &["n-1"]).await.granted();
    assert_eq!(desk.received().await, [30_000, 30_000]);
    // A transfer of another amount waits for nobody.
    let third = submitted(&mut desk.office, "a3", "download").await;
    let reference = started(&mut desk.office, &third).await;
    let more = json!({ "reference": reference, "amount_vnd": 29_000 });
    desk.import(json!([line("L2", &more)])).await;
    desk.dossiers.push((third, reference));
    assert_eq!(desk.received().await[2], 29_000);
}

#[tokio::test]
async fn an_equal_second_transfer_of_the_same_day_counts_and_is_owed_back() {
    let mut desk = open().await;
    let certificate = submitted(&mut desk.office, "a3", "download").await;
    let payments = certificate.at("payments");
    let start = json!({ "provider": "sandbox-partial" });
    let applicant = certificate.applicant.clone();
    let shown = take(&mut desk.office, &payments, "attempts", &applicant, start).await.granted();
    let reference = shown["attempts"][0]["reference"].clone();
    let lines = ["FT1", "FT2"]
        .map(|number| line(number, &json!({ "reference": reference, "transaction": number })));
    let body = json!({ "account": "sandbox-partial", "lines": lines });
    for _ in 0..2 {
        let address = "/v1/payment-statements";
        desk.office.browser.post(address, &desk.cashier, "", body.clone()).await.granted();
        desk.office.settle().await;
    }
    let shown = desk.office.browser.get(&payments, &desk.cashier).await.granted();
    assert_eq!(shown["received_vnd"], 60_000, "two transfers, each once: {shown}");
    let attempt = &shown["attempts"][0];
    assert_eq!(attempt["captured_vnd"], 60_000, "{attempt}");
}
