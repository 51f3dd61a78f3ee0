//! What was wrong once, through HTTP: fees that excess covers, payments that begin too late, reads
//! of papers, and a law that is read again.

use dossier::contract::Role;
use events::{EventStore, Filter, Position, SqliteOptions};
use http::Method;
use serde_json::{Value, json};

use crate::cashier_day::started;
use crate::life::{notice, pay, submitted, take};
use crate::payment::multi_level;
use crate::support::wallet::{Mood, Wallet};
use crate::support::{Office, at};

#[tokio::test]
async fn a_further_fee_that_an_excess_covers_has_a_receipt_and_the_book_shows_it() {
    let mut office = Office::open().await;
    crate::further_fees::issue(&office).await;
    let certificate = multi_level(&mut office).await;
    let payments = certificate.at("payments");
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.003");
    let head = office.token(Role::Cashier, "cashier-2", "G02.003");
    let reference = started(&mut office, &certificate).await;
    notice(&mut office, &reference, "ipn-1", "captured", 6_700_000).await;
    let shown = office.browser.get(&payments, &cashier).await.granted();
    let found = json!({
        "payment": shown["attempts"][0]["payment"], "captured_vnd": 6_700_000,
        "reason": "cổng xác nhận thu thừa",
    });
    let found = take(&mut office, &payments, "resolutions", &cashier, found).await.granted();
    let proposed = &found["proposed_resolution"]["resolution"];
    if proposed.is_string() {
        let approve = json!({ "resolution": proposed });
        take(&mut office, &payments, "resolution-approvals", &head, approve).await.granted();
    }
    let shown = office.browser.get(&payments, &cashier).await.granted();
    assert_eq!(
        (&shown["owed_back_vnd"], &shown["outstanding_vnd"]),
        (&json!(1_500_000), &json!(0))
    );
    let further = json!({ "rule": "mlm-on-site", "reason": "thẩm định tại trụ sở" });
    let clerk = office.clerk();
    take(&mut office, &payments, "further-fees", &clerk, further).await.granted();
    let shown = office.browser.get(&payments, &cashier).await.granted();
    assert_eq!((&shown["owed_back_vnd"], &shown["outstanding_vnd"]), (&json!(0), &json!(0)));
    let receipts = shown["receipts"].as_array().unwrap().iter();
    let mut amounts: Vec<i64> =
        receipts.map(|one| one["stands_for_vnd"].as_i64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [1_500_000, 5_200_000], "{shown}");
    let book = "/v1/payment-books/2026-11-20_G02.003_sandbox";
    let totals = office.browser.get(book, &cashier).await.granted()["totals"].clone();
    assert_eq!(totals["receipted_vnd"], 6_700_000, "{totals}");
}

#[tokio::test]
async fn a_payment_that_waited_for_too_long_is_not_begun_at_the_partner_any_more() {
    let wallet = Wallet::open().await;
    let folder = tempfile::tempdir().unwrap();
    let outside = wallet.outside(folder.path());
    let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    *wallet.mood.lock().unwrap() = Mood::Fails;
    let body = json!({ "provider": "wallet" });
    take(&mut office, &payments, "attempts", &certificate.applicant, body).await.granted();
    let calls = wallet.called("/create").len();
    assert!(calls > 0);
    // Nothing runs for half an hour, as while a process is down.
    office.engine.clock.advance_to(at("2026-11-20T09:40"));
    *wallet.mood.lock().unwrap() = Mood::Works;
    office.settle().await;
    assert_eq!(wallet.called("/create").len(), calls, "the payer may have begun another one");
    let shown = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!(shown["attempts"][0]["state"], "failed", "{shown}");
}

#[tokio::test]
async fn an_officers_look_at_a_receipt_is_a_recorded_read_and_the_payers_own_is_not() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let payments = certificate.at("payments");
    let shown = office.browser.get(&payments, &certificate.applicant).await.granted();
    let receipt = shown["receipts"][0]["receipt"].as_str().unwrap();
    let address = format!("{payments}/receipts/{receipt}");
    for token in [&certificate.applicant, &cashier] {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", &*authorization), ("accept", "application/pdf")];
        let answer = office.browser.send(Method::GET, &address, &headers, Vec::new()).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    let page = office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await;
    let events = page.unwrap().events;
    let reads = events.iter().filter(|event| event.kind.starts_with("reads."));
    let reads = reads.map(|event| serde_json::from_str::<Value>(&event.data).unwrap());
    let reads: Vec<Value> =
        reads.flat_map(|event| event["reads"].as_array().unwrap().clone()).collect();
    let of_receipts: Vec<&Value> =
        reads.iter().filter(|read| read["operation"] == "get_receipt").collect();
    assert_eq!(of_receipts.len(), 1, "{reads:?}");
    assert_eq!(
        (&of_receipts[0]["reader"], &of_receipts[0]["dossiers"]),
        (&json!("cashier-1"), &json!([certificate.id]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_that_was_declared_is_in_the_law_after_the_log_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let open = || EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(open(), at("2026-11-20T09:00")).await;
    let operator = office.token(Role::Operator, "operator-1", "");
    let body = json!({
        "agency": "G02.001", "from": "2026-11-20T08:00:00+07:00", "to": "2026-11-20T08:30:00+07:00",
        "planned": false, "notice_at": "2026-11-20T08:05:00+07:00", "reason": "mất điện",
    });
    office.browser.post("/v1/outages", &operator, "", body).await.granted();
    office.settle().await;
    let declared: Vec<_> =
        office.engine.law().outages().iter().map(|one| (one.id, one.from, one.to)).collect();
    assert_eq!(declared.len(), 1);
    office.stop().await;
    drop(office);
    let again = Office::open_with(open(), at("2026-11-20T10:00")).await;
    let known: Vec<_> =
        again.engine.law().outages().iter().map(|one| (one.id, one.from, one.to)).collect();
    assert_eq!(known, declared);
}
