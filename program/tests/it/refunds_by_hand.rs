//! Money that does not go back through its provider, and outcomes that were recorded wrongly,
//! through HTTP: cashiers see it with the reason, and no state is without a way out.

use std::path::Path;
use std::sync::Arc;

use dossier::contract::{DossierId, PaymentId, Role, Vnd};
use dossier::payment::Payment;
use dossier::payment::request_refund::RequestRefund;
use engine::{CommandEnvelope, Streams};
use events::{EventStore, SqliteOptions};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{Certificate, notice_of, submitted, take};
use crate::support::wallet::Wallet;
use crate::support::{Office, at};

const HALF_PAST: &str = "2026-11-20T09:30";

fn log(folder: &Path) -> EventStore {
    EventStore::sqlite(&folder.join("log.sqlite"), SqliteOptions::default()).unwrap()
}

async fn shown(office: &Office, certificate: &Certificate) -> Value {
    office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted()
}

async fn repayment(office: &Office) -> Value {
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let path = "/v1/payment-tasks?kind=repayment";
    let list = office.browser.get(path, &cashier).await.granted();
    let [task] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    task.clone()
}

/// A wallet that took 30,000 for a dossier, and is switched off afterwards; the dossier is
/// withdrawn after that.
async fn switched_off(folder: &Path) -> (Office, Certificate, Value) {
    let wallet = Wallet::open().await;
    let mut office = Office::open_with_partners(log(folder), wallet.outside(folder)).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let body = json!({ "provider": "wallet", "return_url": "https://portal.example/paid" });
    take(&mut office, &payments, "attempts", &certificate.applicant, body).await.granted();
    let attempt = shown(&office, &certificate).await["attempts"][0].clone();
    let order = attempt["short_reference"].as_str().unwrap();
    let report = Wallet::report(order, 30_000, (0, 4711)).to_string().into_bytes();
    let headers = [("content-type", "application/json")];
    let notices = "/v1/partners/wallet/notices";
    let answer = office.browser.send(Method::POST, notices, &headers, report).await.unwrap();
    assert_eq!(answer.status, 204);
    office.settle().await;
    office.stop().await;
    drop(office);

    let outside = wallet.outside(folder);
    let path = folder.join("wallet.yaml");
    let file = std::fs::read_to_string(&path).unwrap().replace("enabled: true", "enabled: false");
    std::fs::write(&path, file).unwrap();
    let known = payment::partners::read(folder, Some(folder)).unwrap();
    let public_url = "https://dossier.example".parse().ok();
    let partners = payment::partners::Partners::new(known, public_url, Vec::new()).unwrap().into();
    let outside = program::Outside { partners, ..outside };
    let mut office = Office::reopen_with_partners(log(folder), outside, at(HALF_PAST)).await;
    office.settle().await;
    let dossier = certificate.at("dossiers");
    take(&mut office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    (office, certificate, attempt)
}

#[tokio::test]
async fn money_of_a_partner_that_is_switched_off_is_listed_with_the_reason_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut office, certificate, attempt) = switched_off(folder.path()).await;
    let task = repayment(&office).await;
    assert_eq!((&task["state"], &task["by_hand"]), (&json!("owed"), &json!("provider_off")));
    assert!(task["due_at"].is_string(), "{task}");
    let metrics = office.engine.metrics.text();
    assert!(metrics.contains("dossier_payments_not_returnable 1"), "{metrics}");
    // The provider cannot be asked for it, and the answer says so at the field.
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let payments = certificate.at("payments");
    let ask = json!({
        "payment": attempt["payment"], "amount_vnd": 30_000, "reason": "rút hồ sơ",
    });
    let refused = take(&mut office, &payments, "refund-requests", &cashier, ask).await;
    assert_eq!(refused.refused(), (422, "provider-cannot-refund"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/payment");
    // It goes back in another way.
    let back = json!({ "amount_vnd": 30_000, "reason": "trả tiền mặt" });
    take(&mut office, &payments, "refunds", &cashier, back).await.granted();
    let metrics = office.engine.metrics.text();
    assert!(metrics.contains("dossier_payments_not_returnable 0"), "{metrics}");
}

#[tokio::test]
async fn a_refund_that_was_certainly_not_sent_before_its_partner_was_switched_off_is_owed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut office, certificate, attempt) = switched_off(folder.path()).await;
    // As another replica requested it that still had the partner.
    let streams = Arc::new(Streams::<Payment>::new(Arc::clone(&office.engine)));
    let dossier: DossierId = certificate.id.parse().unwrap();
    let payment = PaymentId(attempt["payment"].as_str().unwrap().parse().unwrap());
    let command =
        RequestRefund {
            payment, amount: Vnd(30_000), reason: web::Text("rút hồ sơ".to_owned())
        };
    let stream = Streams::<Payment>::of(dossier.0);
    let envelope = CommandEnvelope::by_service("payment", stream, Uuid::from_u128(5));
    streams.execute(&envelope.about(Some(dossier)), &command).await.unwrap();
    office.settle().await;
    let paid = shown(&office, &certificate).await;
    assert_eq!((&paid["on_its_way_vnd"], &paid["owed_back_vnd"]), (&json!(0), &json!(30_000)));
    assert_eq!(paid["sent_refunds"][0]["code"], "not sent: the partner is switched off");
    let task = repayment(&office).await;
    assert_eq!((&task["state"], &task["by_hand"]), (&json!("refused"), &json!("provider_off")));
}

/// A withdrawn dossier whose 30,000 are on their way through a provider that answers nothing.
async fn on_its_way(office: &mut Office) -> (Certificate, Value) {
    let certificate = submitted(office, "a1", "download").await;
    let payments = certificate.at("payments");
    let body = json!({ "provider": "sandbox-silent" });
    let begun = take(office, &payments, "attempts", &certificate.applicant, body).await.granted();
    let attempt = begun["attempts"][0].clone();
    let reference = attempt["reference"].as_str().unwrap();
    notice_of(office, "sandbox-silent", reference, "e1", "captured", 30_000).await;
    let dossier = certificate.at("dossiers");
    take(office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let ask = json!({
        "payment": attempt["payment"], "amount_vnd": 30_000, "reason": "rút hồ sơ",
    });
    take(office, &payments, "refund-requests", &cashier, ask).await.granted();
    office.wait_until("2026-11-23T10:00").await;
    let sent = shown(office, &certificate).await["sent_refunds"][0]["refund"].clone();
    (certificate, sent)
}

#[tokio::test]
async fn money_that_went_back_has_a_number_and_a_wrong_outcome_is_corrected_by_two_persons() {
    let mut office = Office::open().await;
    let (certificate, refund) = on_its_way(&mut office).await;
    let payments = certificate.at("payments");
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let second = office.token(Role::Cashier, "k2", "G02.001");
    let mut end = json!({ "refund": refund, "outcome": "refunded", "reason": "theo sao kê" });
    let refused = take(&mut office, &payments, "ended-refunds", &cashier, end.clone()).await;
    assert_eq!(refused.refused(), (422, "refund-number-missing"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/transaction");
    end["transaction"] = json!("R1");
    take(&mut office, &payments, "ended-refunds", &cashier, end).await.granted();
    assert_eq!(shown(&office, &certificate).await["refunded_vnd"], 30_000);

    // It was read wrongly: the money is still here.
    let right = json!({ "refund": refund, "outcome": "refused", "reason": "đọc nhầm sao kê" });
    let proposed = take(&mut office, &payments, "refund-corrections", &cashier, right).await;
    let proposed = proposed.granted()["proposed_entry"].clone();
    assert_eq!(
        (&proposed["what"]["kind"], &proposed["what"]["outcome"]),
        (&json!("refund_outcome"), &json!("refused"))
    );
    assert_eq!(proposed["reason"], "đọc nhầm sao kê");
    assert!(proposed["due_at"].is_string(), "{proposed}");
    let list = office.browser.get("/v1/payment-tasks?kind=approval", &second).await.granted();
    assert_eq!(
        (&list[0]["why"], &list[0]["amount_vnd"]),
        (&json!("entry_proposed"), &json!(30_000))
    );
    let approve = json!({ "entry": proposed["entry"] });
    let own = take(&mut office, &payments, "entry-approvals", &cashier, approve.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    take(&mut office, &payments, "entry-approvals", &second, approve).await.granted();
    let paid = shown(&office, &certificate).await;
    assert_eq!((&paid["refunded_vnd"], &paid["owed_back_vnd"]), (&json!(0), &json!(30_000)));
    assert_eq!(paid["sent_refunds"][0]["state"], "refused");
    assert_eq!(paid["proposed_entry"], Value::Null);
    let task = repayment(&office).await;
    assert!(task["due_at"].is_string() && task["by_hand"] == "provider_refused", "{task}");
    // The books know that nothing has gone.
    let path = "/v1/payment-parity?account=sandbox-silent&from=2026-11-20";
    let totals = office.browser.get(path, &cashier).await.granted()["totals"].clone();
    let moved = |name: &str| totals[name].as_i64().unwrap();
    assert_eq!(moved("recorded_in_vnd") - moved("recorded_out_vnd"), 30_000, "{totals}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_proposed_entry_is_rejected_with_a_reason_and_changes_nothing() {
    let mut office = Office::open().await;
    let (certificate, refund) = on_its_way(&mut office).await;
    let payments = certificate.at("payments");
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let end = json!({ "refund": refund, "outcome": "refused", "reason": "theo điện thoại" });
    take(&mut office, &payments, "ended-refunds", &cashier, end).await.granted();
    let right = json!({
        "refund": refund, "outcome": "refunded", "transaction": "R1", "reason": "theo sao kê",
    });
    let proposed = take(&mut office, &payments, "refund-corrections", &cashier, right).await;
    let entry = proposed.granted()["proposed_entry"]["entry"].clone();
    let approver = office.token(Role::Approver, "p1", "G02.001");
    let reject = json!({ "entry": entry, "reason": "chưa thấy trên sao kê" });
    let rejected = take(&mut office, &payments, "entry-rejections", &approver, reject).await;
    let rejected = rejected.granted();
    assert_eq!(rejected["rejected_proposals"][0]["reason"], "chưa thấy trên sao kê");
    assert_eq!(
        (&rejected["refunded_vnd"], &rejected["owed_back_vnd"]),
        (&json!(0), &json!(30_000))
    );
}
