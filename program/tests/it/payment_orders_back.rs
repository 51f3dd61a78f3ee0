//! Reversals and disputes of the payment of an order, through HTTP: entered once, and a fact of
//! every dossier.

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::life::{Certificate, notice, take};
use crate::payment_orders::{certificates, check, import, order, paid, received};
use crate::support::{Office, at};

const FEE: i64 = 30_000;
const SUM: i64 = 90_000;

/// An order of three dossiers, paid.
async fn paid_order(office: &mut Office) -> (Vec<Certificate>, Value) {
    let all = certificates(office, 3).await;
    let begun = order(office, &all).await;
    let reference = begun["reference"].as_str().unwrap();
    assert_eq!(notice(office, reference, "e1", "captured", SUM).await["matched"], true);
    assert_eq!(received(office, &all).await, [FEE; 3]);
    (all, begun)
}

fn cashier(office: &Office, name: &str) -> String {
    office.token(Role::Cashier, name, "G02.001")
}

/// A report of the sandbox about the order.
async fn told(office: &mut Office, order: &Value, report: Value) -> Value {
    let provider = office.token(Role::PaymentProvider, "sandbox", "");
    let mut body = json!({ "provider": "sandbox", "reference": order["reference"] });
    body.as_object_mut().unwrap().extend(report.as_object().unwrap().clone());
    let answer = office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    office.settle().await;
    answer
}

async fn outstanding(office: &Office, all: &[Certificate]) -> Vec<i64> {
    let mut each = Vec::new();
    for one in all {
        each.push(paid(office, one).await["outstanding_vnd"].as_i64().unwrap());
    }
    each
}

async fn list(office: &Office, path: &str) -> Vec<Value> {
    let list = office.browser.get(path, &cashier(office, "k1")).await.granted();
    list.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_reported_reversal_of_the_whole_payment_is_one_of_every_dossier_once() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    for (event, matched) in [("r1", true), ("r1", true), ("r2", true)] {
        let report = json!({
            "event": event, "kind": "reversed", "amount_vnd": SUM, "transaction": "CB1",
        });
        assert_eq!(told(&mut office, &order, report).await["matched"], matched, "{event}");
    }
    assert_eq!(outstanding(&office, &all).await, [FEE; 3]);
    for one in &all {
        let shown = paid(&office, one).await;
        assert_eq!(shown["attempts"][0]["reversals"].as_array().unwrap().len(), 1);
        assert_eq!(shown["receipts"][0]["became"], "cancelled");
        assert_eq!(shown["settled_at"], Value::Null);
    }
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PaymentReversed").count(), 3);
    check(&office).await;
}

#[tokio::test]
async fn what_was_returned_before_is_not_taken_back_and_what_is_left_is() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    let dossier = all[0].at("dossiers");
    take(&mut office, &dossier, "withdrawal", &all[0].applicant, json!({})).await.granted();
    let back = json!({
        "payment": order["members"][0]["payment"], "amount_vnd": FEE, "reason": "rút hồ sơ",
    });
    let (payments, first) = (all[0].at("payments"), cashier(&office, "k1"));
    take(&mut office, &payments, "refund-requests", &first, back).await.granted();
    let report = |event: &str, amount: i64| json!({ "event": event, "kind": "reversed", "amount_vnd": amount });
    assert_eq!(told(&mut office, &order, report("r1", SUM)).await["matched"], false, "too much");
    assert_eq!(told(&mut office, &order, report("r2", SUM - FEE)).await["matched"], true);
    assert_eq!(outstanding(&office, &all).await, [0, FEE, FEE]);
    check(&office).await;
}

#[tokio::test]
async fn a_reversal_of_a_part_is_kept_until_it_is_recorded_for_the_dossiers_concerned() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    let part = 2 * FEE;
    let report = json!({
        "event": "r1", "kind": "reversed", "amount_vnd": part, "transaction": "CB1",
    });
    assert_eq!(told(&mut office, &order, report).await["matched"], false);
    let kept = list(&office, "/v1/payment-notices/unmatched").await;
    assert_eq!((kept.len(), &kept[0]["kind"]), (1, &json!("reversed")));
    let (first, second) = (cashier(&office, "k1"), cashier(&office, "k2"));
    for (place, left) in [(0, 1), (2, 0)] {
        let payments = all[place].at("payments");
        let mut letter = json!({
            "payment": order["members"][place]["payment"], "amount_vnd": FEE,
            "transaction": "CB1", "reason": "công văn 12/NH",
        });
        letter["whole_order"] = json!(true);
        let whole = take(&mut office, &payments, "reversals", &first, letter.clone()).await;
        assert_eq!(whole.refused(), (422, "order-reversal-not-whole"));
        letter["whole_order"] = json!(false);
        let proposed = take(&mut office, &payments, "reversals", &first, letter).await.granted();
        let approve = json!({ "entry": proposed["proposed_entry"]["entry"] });
        take(&mut office, &payments, "entry-approvals", &second, approve).await.granted();
        // The notice leaves the list once its whole amount is recorded.
        assert_eq!(list(&office, "/v1/payment-notices/unmatched").await.len(), left);
    }
    assert_eq!(outstanding(&office, &all).await, [FEE, 0, FEE]);
    // It is known, also if the provider reports it again.
    let again = json!({
        "event": "r9", "kind": "reversed", "amount_vnd": part, "transaction": "CB1",
    });
    told(&mut office, &order, again).await;
    assert!(list(&office, "/v1/payment-notices/unmatched").await.is_empty());
    check(&office).await;
}

#[tokio::test]
async fn a_letter_about_a_reversed_payment_is_entered_once_by_two_persons_for_all_dossiers() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    let (first, second) = (cashier(&office, "k1"), cashier(&office, "k2"));
    // One dossier has ended, and its part was returned in cash.
    let dossier = all[2].at("dossiers");
    take(&mut office, &dossier, "withdrawal", &all[2].applicant, json!({})).await.granted();
    let back = json!({ "amount_vnd": FEE, "reason": "rút hồ sơ" });
    take(&mut office, &all[2].at("payments"), "refunds", &first, back).await.granted();
    let payments = all[1].at("payments");
    let letter = json!({
        "payment": order["members"][1]["payment"], "amount_vnd": SUM, "transaction": "CB1",
        "reason": "công văn 12/NH", "whole_order": true,
    });
    let proposed =
        take(&mut office, &payments, "reversals", &first, letter.clone()).await.granted();
    let entry = &proposed["proposed_entry"];
    assert_eq!((&entry["what"]["order"], &entry["amount_vnd"]), (&order["order"], &json!(SUM)));
    assert_eq!(outstanding(&office, &all).await, [0; 3], "only proposed");
    let listed = list(&office, "/v1/payment-tasks?kind=approval").await;
    assert_eq!((listed.len(), &listed[0]["amount_vnd"]), (1, &json!(SUM)));
    let approve = json!({ "entry": entry["entry"] });
    let own = take(&mut office, &payments, "entry-approvals", &first, approve.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    take(&mut office, &payments, "entry-approvals", &second, approve).await.granted();
    assert_eq!(outstanding(&office, &all).await, [FEE, FEE, 0]);
    let debts = list(&office, "/v1/payment-tasks?kind=debt").await;
    assert_eq!((debts.len(), &debts[0]["dossier"]), (1, &json!(all[2].id)));
    let again = take(&mut office, &payments, "reversals", &first, letter).await;
    assert_eq!(again.refused(), (409, "reversal-known"));
    check(&office).await;
    // The late report is known, too.
    let late = json!({
        "event": "r1", "kind": "reversed", "amount_vnd": SUM, "transaction": "CB1",
    });
    assert_eq!(told(&mut office, &order, late).await["matched"], true);
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PaymentReversed").count(), 3);
    check(&office).await;
}

#[tokio::test]
async fn a_line_of_a_statement_takes_the_payment_of_an_order_back_without_a_difference() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    let line = |event: &str, kind: &str| {
        json!({
            "event": event, "kind": kind, "amount_vnd": SUM, "reference": order["short_reference"],
            "booked_at": "2026-11-20T08:59:00+07:00", "memo": "CTY nop phi",
        })
    };
    import(&mut office, json!([line("L1", "received"), line("L2", "reversed")])).await;
    assert_eq!(outstanding(&office, &all).await, [FEE; 3]);
    assert_eq!(list(&office, "/v1/payment-differences").await, [] as [Value; 0]);
    check(&office).await;
}

#[tokio::test]
async fn a_dispute_about_an_order_is_a_task_of_every_dossier_that_one_answer_does() {
    let mut office = Office::open().await;
    let (all, order) = paid_order(&mut office).await;
    let first = cashier(&office, "k1");
    let payments = all[0].at("payments");
    let letter = json!({
        "payment": order["members"][0]["payment"], "dispute": "D9", "amount_vnd": SUM,
        "reason": "công văn 7/NH", "whole_order": true,
    });
    take(&mut office, &payments, "disputes", &first, letter).await.granted();
    let tasks = list(&office, "/v1/payment-tasks?kind=dispute").await;
    assert_eq!(tasks.len(), 3, "{tasks:?}");
    assert!(tasks.iter().all(|task| task["amount_vnd"] == FEE && task["due_at"].is_string()));
    // A report of the same dispute is known, and of another one is not.
    let report = |number: &str, kind: &str, amount: i64| {
        json!({
            "event": format!("{kind}-{number}"), "kind": kind, "amount_vnd": amount, "dispute": number,
        })
    };
    for (number, amount, matched) in [("D9", SUM, true), ("D8", SUM - 1, false)] {
        let answer = told(&mut office, &order, report(number, "disputed", amount)).await;
        assert_eq!(answer["matched"], matched, "{number}");
    }
    // Whichever dossier it is answered for.
    let answer = json!({ "dispute": "D9", "reason": "đã gửi biên lai" });
    let payments = all[2].at("payments");
    take(&mut office, &payments, "dispute-answers", &first, answer).await.granted();
    assert!(list(&office, "/v1/payment-tasks?kind=dispute").await.is_empty());
    let kept = told(&mut office, &order, report("D9", "dispute_kept", 0)).await;
    assert_eq!(kept["matched"], true);
    for one in &all {
        let dispute = paid(&office, one).await["attempts"][0]["disputes"][0].clone();
        assert_eq!((&dispute["outcome"], &dispute["answered"]), (&json!("kept"), &json!(true)));
    }
    let lost = told(&mut office, &order, report("D9", "dispute_lost", 0)).await;
    assert_eq!(lost["matched"], false, "it contradicts");
    let log = office.log().await;
    for kind in ["PaymentDisputed", "DisputeAnswered", "DisputeEnded"] {
        assert_eq!(log.iter().filter(|one| *one == kind).count(), 3, "{kind}");
    }
    check(&office).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_finds_a_dossier_without_the_reversal_of_its_order_and_more_that_goes_back_than_came()
{
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let (reversed, order) = paid_order(&mut office).await;
    let report = json!({ "event": "r1", "kind": "reversed", "amount_vnd": SUM });
    told(&mut office, &order, report).await;
    let (back, order) = paid_order(&mut office).await;
    let dossier = back[1].at("dossiers");
    take(&mut office, &dossier, "withdrawal", &back[1].applicant, json!({})).await.granted();
    let body = json!({
        "payment": order["members"][1]["payment"], "amount_vnd": FEE, "reason": "rút hồ sơ",
    });
    let (payments, first) = (back[1].at("payments"), cashier(&office, "k1"));
    take(&mut office, &payments, "refund-requests", &first, body).await.granted();
    assert_eq!(paid(&office, &back[1]).await["refunded_vnd"], FEE);
    office.wait_until("2026-11-21T12:00").await;
    paid_order(&mut office).await;
    assert_eq!(outstanding(&office, &reversed).await, [FEE; 3]);
    check(&office).await;
    for edit in [
        "UPDATE events SET data = json_set(data, '$.provider_event', 'another')
         WHERE position = (SELECT max(position) FROM events WHERE kind = 'payment.PaymentReversed.v1')",
        "UPDATE events SET data = json_set(data, '$.amount', 90001)
         WHERE kind = 'payment.OrderRefundBegun.v1'",
    ] {
        let cut = folder.path().join("cut.sqlite");
        _ = std::fs::remove_file(&cut);
        let whole = Connection::open(&log).unwrap();
        whole.execute("VACUUM INTO ?1", [cut.display().to_string()]).unwrap();
        assert_eq!(Connection::open(&cut).unwrap().execute(edit, []).unwrap(), 1);
        let report = program::check(&EventStore::sqlite_read_only(&cut).unwrap()).await.unwrap();
        let found = report.findings.iter().any(|one| one.kind == "order");
        assert!(found, "{edit}: {:?}", report.findings);
    }
}
