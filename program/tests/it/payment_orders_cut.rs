//! Payment orders of which something was cut off in between: a dossier that joined too late, parts
//! that are missing, and a sum that comes under two names.

use dossier::contract::{OrderShare, PaymentId, PaymentOrderId, Role, Vnd};
use dossier::payment::Payment;
use dossier::payment::join_payment_order::JoinPaymentOrder;
use engine::{CommandEnvelope, Streams};
use events::{EventStore, SqliteOptions};
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{notice, take};
use crate::payment_orders::{certificates, check, ids, import, order, ordered, paid, received};
use crate::support::{Office, at};

#[tokio::test]
async fn a_dossier_that_joins_an_order_after_its_end_is_freed_again() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 3).await;
    let begun = order(&mut office, &all[..2]).await;
    let id: Uuid = begun["order"].as_str().unwrap().parse().unwrap();
    let cancellation = format!("/v1/payment-orders/{id}/cancellation");
    let token = all[0].applicant.clone();
    office.browser.post(&cancellation, &token, "", json!({})).await.granted();
    office.settle().await;
    // Its request was slow: it did not see the end before, and nobody answers it any more.
    let now = at("2026-11-20T09:00");
    let join = JoinPaymentOrder {
        share: OrderShare {
            order: PaymentOrderId(id),
            total: Vnd(60_000),
            ordered_at: now,
            leads: false,
            represented_by: None,
        },
        payment: PaymentId(Uuid::from_u128(8)),
        provider: dossier::text::Partner("sandbox".to_owned()),
        amount: Vnd(30_000),
        expires_at: at("2026-11-23T09:00"),
        return_url: None,
        payer_address: None,
    };
    let third: Uuid = all[2].id.parse().unwrap();
    let payments: Streams<Payment> = Streams::new(office.engine.clone());
    let stream = Streams::<Payment>::of(third);
    let envelope = CommandEnvelope::by_service("payment", stream, Uuid::from_u128(9));
    let joined = payments
        .execute(&envelope.about(Some(dossier::contract::DossierId(third))), &join)
        .await
        .unwrap();
    assert!(joined.loaded.state.attempts.contains_key(&join.payment));
    office.settle().await;
    assert_eq!(paid(&office, &all[2]).await["attempts"][0]["state"], "failed");
    let alone = json!({ "provider": "sandbox" });
    take(&mut office, &all[2].at("payments"), "attempts", &token, alone).await.granted();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_a_paid_order_lacks_is_noted_at_once_and_found_after_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let all = certificates(&mut office, 3).await;
    let begun = order(&mut office, &all).await;
    let provider = office.token(Role::PaymentProvider, "sandbox", "");
    let body = json!({
        "provider": "sandbox", "event": "e1", "reference": begun["reference"],
        "kind": "captured", "amount_vnd": 90_000,
    });
    office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    let kinds = |all: &[program::Finding]| -> Vec<&'static str> {
        all.iter().map(|one| one.kind).collect()
    };
    let report = program::check(&office.engine.store).await.unwrap();
    assert_eq!((kinds(&report.findings), kinds(&report.notes)), (vec![], vec!["order"; 3]));
    office.settle().await;
    assert_eq!(received(&office, &all).await, [30_000; 3]);
    office.wait_until("2026-11-21T12:00").await;
    order_of_two(&mut office).await;
    check(&office).await;
    let cut = folder.path().join("cut.sqlite");
    let whole = Connection::open(&log).unwrap();
    whole.execute("VACUUM INTO ?1", [cut.display().to_string()]).unwrap();
    let edit = "UPDATE events SET data = json_set(data, '$.provider_event', 'another')
                WHERE position = (SELECT max(position) FROM events
                                  WHERE kind = 'payment.PaymentCaptured.v1')";
    assert_eq!(Connection::open(&cut).unwrap().execute(edit, []).unwrap(), 1);
    let report = program::check(&EventStore::sqlite_read_only(&cut).unwrap()).await.unwrap();
    assert!(kinds(&report.findings).contains(&"order"), "{:?}", report.findings);
}

/// Something happens later.
async fn order_of_two(office: &mut Office) {
    let more = certificates(office, 2).await;
    order(office, &more).await;
}

#[tokio::test]
async fn the_sum_of_an_order_that_a_statement_names_differently_is_counted_once() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 5).await;
    let token = all[0].applicant.clone();
    let first = order(&mut office, &all[..2]).await;
    let second = ordered(&mut office, &token, &ids(&all[2..4]), "sandbox").await.granted();
    let alone = json!({ "provider": "sandbox" });
    take(&mut office, &all[4].at("payments"), "attempts", &token, alone).await.granted();
    notice(&mut office, first["reference"].as_str().unwrap(), "n-1", "captured", 60_000).await;
    let line = |event: &str, amount: i64| -> Value {
        json!({
            "event": event, "kind": "received", "amount_vnd": amount,
            "booked_at": "2026-11-20T08:30:00+07:00", "memo": "CTY nop phi",
        })
    };
    // A part is no transfer by itself.
    import(&mut office, json!([line("L1", 60_000), line("L2", 30_000)])).await;
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let rows = office.browser.get("/v1/payment-notices/unmatched", &cashier).await.granted();
    let rows: Vec<(Value, Value)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["event"].clone(), row["may_be_same"].clone()))
        .collect();
    assert_eq!(rows, [(json!("L1"), json!(["n-1"])), (json!("L2"), Value::Null)]);
    let rows = office.browser.get("/v1/payment-notices/unmatched", &cashier).await.granted();
    let matched = |row: usize, payment: &Value| json!({ "notice": rows[row]["notice"], "payment": payment, "reason": "sao kê" });
    let other = all[2].at("payments");
    let body = matched(0, &second["members"][0]["payment"]);
    let refused = take(&mut office, &other, "matched-notices", &cashier, body).await;
    assert_eq!(refused.refused(), (409, "transfer-perhaps-counted"));
    let attempt = paid(&office, &all[4]).await["attempts"][0]["payment"].clone();
    let body = matched(1, &attempt);
    take(&mut office, &all[4].at("payments"), "matched-notices", &cashier, body).await.granted();
    assert_eq!(received(&office, &all).await, [30_000, 30_000, 0, 0, 30_000]);
    check(&office).await;
}
