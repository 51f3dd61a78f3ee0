//! One payment for several dossiers of one payer, through HTTP: the exact sum, other sums, dossiers
//! that change meanwhile, statements, a called partner, and crashes.

use dossier::contract::{PaymentOrderEvent, Role};
use dossier::services::Category;
use events::EventStore;
use http::Method;
use serde_json::{Value, json};

use crate::life::{Certificate, notice, pay, submitted, take};
use crate::mandates::{Acting, answered};
use crate::support::wallet::Wallet;
use crate::support::{Answer, Office, at, faulty};

const ORDERS: &str = "/v1/payment-orders";

pub(crate) async fn certificates(office: &mut Office, count: usize) -> Vec<Certificate> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(submitted(office, "a1", "download").await);
    }
    office.settle().await;
    all
}

pub(crate) fn ids(certificates: &[Certificate]) -> Vec<&str> {
    certificates.iter().map(|one| &*one.id).collect()
}

pub(crate) async fn ordered(
    office: &mut Office,
    token: &str,
    dossiers: &[&str],
    provider: &str,
) -> Answer {
    let body = json!({ "dossiers": dossiers, "provider": provider });
    let answer = office.browser.post(ORDERS, token, "", body).await;
    office.settle().await;
    answer
}

/// An order for these dossiers through the sandbox.
pub(crate) async fn order(office: &mut Office, certificates: &[Certificate]) -> Value {
    let token = certificates[0].applicant.clone();
    ordered(office, &token, &ids(certificates), "sandbox").await.granted()
}

fn address(order: &Value) -> String {
    format!("{ORDERS}/{}", order["order"].as_str().unwrap())
}

async fn shown(office: &Office, order: &Value, token: &str) -> Value {
    office.browser.get(&address(order), token).await.granted()
}

pub(crate) async fn paid(office: &Office, certificate: &Certificate) -> Value {
    office.browser.get(&certificate.at("payments"), &certificate.applicant).await.granted()
}

pub(crate) async fn received(office: &Office, certificates: &[Certificate]) -> Vec<i64> {
    let mut all = Vec::new();
    for certificate in certificates {
        all.push(paid(office, certificate).await["received_vnd"].as_i64().unwrap());
    }
    all
}

async fn count(office: &Office, kind: &str) -> usize {
    office.log().await.iter().filter(|one| *one == kind).count()
}

pub(crate) async fn check(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

fn cashier(office: &Office) -> String {
    office.token(Role::Cashier, "k1", "G02.001")
}

pub(crate) async fn import(office: &mut Office, lines: Value) {
    let body = json!({ "account": "sandbox", "lines": lines });
    let cashier = cashier(office);
    office.browser.post("/v1/payment-statements", &cashier, "", body).await.granted();
    office.settle().await;
}

async fn differences(office: &Office) -> Value {
    office.browser.get("/v1/payment-differences", &cashier(office)).await.granted()
}

#[tokio::test]
async fn one_payment_of_the_exact_sum_settles_all_dossiers_each_with_its_receipt() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 3).await;
    let begun = order(&mut office, &all).await;
    assert_eq!((&begun["state"], &begun["total_vnd"]), (&json!("open"), &json!(90_000)));
    let members = begun["members"].as_array().unwrap();
    assert_eq!(members.len(), 3);
    for (member, certificate) in members.iter().zip(&all) {
        assert_eq!(
            (&member["dossier"], &member["amount_vnd"]),
            (&json!(certificate.id), &json!(30_000))
        );
        let attempt = &paid(&office, certificate).await["attempts"][0];
        assert_eq!((&attempt["order"], &attempt["payment"]), (&begun["order"], &member["payment"]));
        assert_eq!(attempt["short_reference"], begun["short_reference"]);
        let alone = json!({ "provider": "sandbox" });
        let payments = certificate.at("payments");
        let refused = take(&mut office, &payments, "attempts", &certificate.applicant, alone).await;
        assert_eq!(refused.refused(), (409, "payment-in-progress"));
    }
    let reference = begun["reference"].as_str().unwrap();
    for event in ["e1", "e1", "e2"] {
        let answer = notice(&mut office, reference, event, "captured", 90_000).await;
        assert_eq!(answer["matched"], true);
    }
    for certificate in &all {
        let paid = paid(&office, certificate).await;
        assert_eq!((&paid["received_vnd"], &paid["outstanding_vnd"]), (&json!(30_000), &json!(0)));
        assert_eq!(paid["receipts"].as_array().unwrap().len(), 1);
        assert_eq!(paid["attempts"][0]["state"], "captured");
    }
    assert_eq!(shown(&office, &begun, &all[0].applicant).await["state"], "paid");
    assert_eq!(shown(&office, &begun, &cashier(&office)).await["state"], "paid");
    for (kind, expected) in [("OrderPaid", 1), ("OrderConfirmed", 1), ("PaymentCaptured", 3)] {
        assert_eq!(count(&office, kind).await, expected, "{kind}");
    }
    let stranger = office.applicant("a2");
    let refused = office.browser.get(&address(&begun), &stranger).await;
    assert_eq!(refused.refused(), (404, "not-found"));
    let elsewhere = office.token(Role::Cashier, "k2", "G02.003");
    assert_eq!(
        office.browser.get(&address(&begun), &elsewhere).await.refused(),
        (404, "not-found")
    );
    let cancellation = format!("{}/cancellation", address(&begun));
    let late = office.browser.post(&cancellation, &all[0].applicant, "", json!({})).await;
    assert_eq!(late.refused(), (409, "order-paid"));
    check(&office).await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_any_dossier_is_told_at_once_and_nothing_is_begun() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    pay(&mut office, &all[1]).await;
    let stranger = submitted(&mut office, "a2", "download").await;
    office.settle().await;
    let before = office.log().await;
    let list = [&*all[0].id, &*stranger.id, &*all[1].id, "none", &*all[0].id];
    let token = all[0].applicant.clone();
    let refused = ordered(&mut office, &token, &list, "walet").await;
    let errors = refused.body["errors"].as_array().unwrap().clone();
    let pairs: Vec<(&str, &str)> = errors
        .iter()
        .map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    let expected = [
        ("/provider", "unknown-provider"),
        ("/dossiers/1", "order-of-unknown-dossier"),
        ("/dossiers/2", "nothing-owed"),
        ("/dossiers/3", "order-of-unknown-dossier"),
        ("/dossiers/4", "order-names-dossier-twice"),
    ];
    assert_eq!(pairs, expected, "{}", refused.body);
    assert_eq!(refused.status, 422);
    assert_eq!(office.log().await, before, "nothing half done");
    let alone = ordered(&mut office, &token, &[&all[0].id], "sandbox").await;
    assert_eq!(alone.refused(), (422, "order-too-small"));
    // A cashier may begin it for a payer, and for one only.
    let cashier = cashier(&office);
    let two = [&*all[0].id, &*stranger.id];
    let refused = ordered(&mut office, &cashier, &two, "sandbox").await;
    assert_eq!(refused.refused(), (422, "order-of-another-payer"));
    assert_eq!(office.log().await, before);
}

#[tokio::test]
async fn another_sum_is_given_to_nobody_until_a_cashier_has_matched_it() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    let begun = order(&mut office, &all).await;
    let reference = begun["reference"].as_str().unwrap();
    for _ in 0..2 {
        let wrong = notice(&mut office, reference, "e1", "captured", 59_000).await;
        assert_eq!(wrong["matched"], false);
    }
    assert_eq!(received(&office, &all).await, [0, 0]);
    let doubted = shown(&office, &begun, &all[0].applicant).await;
    assert_eq!(
        (&doubted["state"], &doubted["doubts"][0]["said_vnd"]),
        (&json!("open"), &json!(59_000))
    );
    let cashier = cashier(&office);
    let list = office.browser.get("/v1/payment-notices/unmatched", &cashier).await.granted();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list[0]["order"], begun["order"]);
    notice(&mut office, "LOST", "e2", "captured", 7_000).await;
    let count = |list: Value| list.as_array().unwrap().len();
    let unmatched = "/v1/payment-notices/unmatched";
    assert_eq!(count(office.browser.get(unmatched, &cashier).await.granted()), 2);
    let of_orders = format!("{unmatched}?of_orders=true");
    let doubted = office.browser.get(&of_orders, &cashier).await.granted();
    assert_eq!((&doubted[0]["order"], count(doubted.clone())), (&begun["order"], 1));
    // More than the part of one dossier: what is too much goes back by the ordinary way.
    let body = json!({
        "notice": list[0]["notice"], "payment": begun["members"][0]["payment"], "reason": "by phone",
    });
    let payments = all[0].at("payments");
    take(&mut office, &payments, "matched-notices", &cashier, body).await.granted();
    let matched = paid(&office, &all[0]).await;
    assert_eq!(matched["received_vnd"], 59_000);
    assert_eq!(matched["attempts"][0]["doubts"].as_array().unwrap().len(), 1);
    assert_eq!(received(&office, &all[1..]).await, [0]);
    assert_eq!(office.browser.get(&of_orders, &cashier).await.granted(), json!([]));
    check(&office).await;
}

#[tokio::test]
async fn a_reference_leads_to_its_order_or_its_attempt_for_who_may_read_it() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 3).await;
    let begun = order(&mut office, &all[..2]).await;
    let token = all[2].applicant.clone();
    let alone = json!({ "provider": "sandbox" });
    let payments = all[2].at("payments");
    let alone = take(&mut office, &payments, "attempts", &token, alone).await.granted();
    let attempt = &alone["attempts"][0];
    let cashier = cashier(&office);
    let elsewhere = office.token(Role::Cashier, "k2", "G02.003");
    let named = |reference: &str| format!("/v1/payment-references/{reference}");
    let short = begun["short_reference"].as_str().unwrap().to_lowercase();
    for reference in [begun["reference"].as_str().unwrap(), &*short] {
        let found = office.browser.get(&named(reference), &cashier).await.granted();
        assert_eq!((&found["order"], &found["dossier"]), (&begun["order"], &Value::Null));
        let refused = office.browser.get(&named(reference), &elsewhere).await;
        assert_eq!(refused.refused(), (404, "not-found"));
    }
    for reference in [&attempt["reference"], &attempt["short_reference"]] {
        let path = named(reference.as_str().unwrap());
        let found = office.browser.get(&path, &token).await.granted();
        assert_eq!((&found["dossier"], &found["order"]), (&json!(all[2].id), &Value::Null));
        assert_eq!(found["payment"], attempt["payment"]);
        let stranger = office.applicant("a2");
        assert_eq!(office.browser.get(&path, &stranger).await.refused(), (404, "not-found"));
    }
    let mut mistyped = short.clone();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    for reference in [&*mistyped, "DSO-1", "DSR-1-2", "other"] {
        let refused = office.browser.get(&named(reference), &cashier).await;
        assert_eq!(refused.refused(), (404, "not-found"), "{reference}");
    }
}

#[tokio::test]
async fn a_dossier_that_is_withdrawn_meanwhile_has_its_part_owed_back() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    let begun = order(&mut office, &all).await;
    let dossier = all[1].at("dossiers");
    let token = all[1].applicant.clone();
    take(&mut office, &dossier, "withdrawal", &token, json!({})).await.granted();
    notice(&mut office, begun["reference"].as_str().unwrap(), "e1", "captured", 60_000).await;
    assert_eq!(received(&office, &all).await, [30_000, 30_000]);
    let withdrawn = paid(&office, &all[1]).await;
    assert_eq!(withdrawn["owed_back_vnd"], 30_000);
    assert!(withdrawn["repayment"]["due_at"].is_string(), "{withdrawn}");
    // The transaction is that of the other dossier too: a part of it goes back.
    let cashier = cashier(&office);
    let part = json!({
        "payment": begun["members"][1]["payment"], "amount_vnd": 30_000, "reason": "rút hồ sơ",
    });
    let payments = all[1].at("payments");
    take(&mut office, &payments, "refund-requests", &cashier, part).await.granted();
    let back = paid(&office, &all[1]).await;
    assert_eq!((&back["refunded_vnd"], &back["owed_back_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(received(&office, &all).await, [30_000, 30_000]);
    assert_eq!(paid(&office, &all[0]).await["refunded_vnd"], 0);
    check(&office).await;
}

#[tokio::test]
async fn a_dossier_that_was_paid_otherwise_before_the_order_could_be_paid_ends_it() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    let begun = order(&mut office, &all).await;
    let cancellation = format!("{}/cancellation", address(&begun));
    let token = all[0].applicant.clone();
    for _ in 0..2 {
        let ended = office.browser.post(&cancellation, &token, "", json!({})).await.granted();
        assert_eq!(ended["state"], "cancelled");
    }
    office.settle().await;
    assert_eq!(paid(&office, &all[1]).await["attempts"][0]["state"], "failed");
    pay(&mut office, &all[0]).await;
    // What the payer has sent all the same counts; what was paid twice goes back.
    notice(&mut office, begun["reference"].as_str().unwrap(), "late", "captured", 60_000).await;
    assert_eq!(received(&office, &all).await, [60_000, 30_000]);
    assert_eq!(paid(&office, &all[0]).await["owed_back_vnd"], 30_000);
    assert_eq!(shown(&office, &begun, &token).await["state"], "paid");
    check(&office).await;
}

#[tokio::test]
async fn an_order_expires_as_a_whole_and_its_dossiers_are_free() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    let token = all[0].applicant.clone();
    let silent = ordered(&mut office, &token, &ids(&all), "sandbox-silent").await.granted();
    office.wait_until("2026-11-23T09:05").await;
    assert_eq!(shown(&office, &silent, &token).await["state"], "expired");
    for certificate in &all {
        assert_eq!(paid(&office, certificate).await["attempts"][0]["state"], "expired");
    }
    let again = ordered(&mut office, &token, &ids(&all), "sandbox").await.granted();
    assert_eq!(again["state"], "open");
    // The provider is asked about the order, once, and its answer pays all dossiers.
    office.wait_until("2026-11-23T09:40").await;
    assert_eq!(shown(&office, &again, &token).await["state"], "paid");
    assert_eq!(received(&office, &all).await, [30_000, 30_000]);
    check(&office).await;
}

#[tokio::test]
async fn a_line_of_a_statement_pays_an_order_and_is_no_difference_to_its_parts() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 3).await;
    let begun = order(&mut office, &all).await;
    let line = |event: &str, amount: i64| {
        json!([{
            "event": event, "kind": "received", "amount_vnd": amount,
            "booked_at": "2026-11-20T08:59:00+07:00", "memo": "CTY nop phi",
            "reference": begun["short_reference"],
        }])
    };
    import(&mut office, line("L1", 90_000)).await;
    assert_eq!(received(&office, &all).await, [30_000; 3]);
    assert_eq!(differences(&office).await, json!([]));
    import(&mut office, line("L1", 90_000)).await;
    let notice =
        notice(&mut office, begun["reference"].as_str().unwrap(), "ipn", "captured", 90_000);
    assert_eq!(notice.await["matched"], true, "the same money");
    assert_eq!(received(&office, &all).await, [30_000; 3]);
    assert_eq!(differences(&office).await, json!([]));
    let path = "/v1/payment-parity?agency=G02.001&account=sandbox&from=2026-11-20";
    let parity = office.browser.get(path, &cashier(&office)).await.granted();
    let totals = (&parity["totals"]["stated_in_vnd"], &parity["totals"]["recorded_in_vnd"]);
    assert_eq!(totals, (&json!(90_000), &json!(90_000)), "{parity}");
    check(&office).await;
}

#[tokio::test]
async fn whatever_fails_between_the_notice_and_the_last_part_each_dossier_has_its_part_once() {
    for seed in 1..=4 {
        let faults = events::Faults {
            seed,
            unreachable_after: 120,
            conflict: 80,
            unreachable_before: 0,
            busy: 0,
        };
        let mut office = Office::open_with(faulty(faults).await, at("2026-11-20T09:00")).await;
        let all = certificates(&mut office, 6).await;
        let begun = order(&mut office, &all).await;
        let provider = office.token(Role::PaymentProvider, "sandbox", "");
        let body = json!({
            "provider": "sandbox", "event": "e1", "reference": begun["reference"],
            "kind": "captured", "amount_vnd": 180_000,
        });
        office.browser.post("/v1/payment-notices", &provider, "", body.clone()).await.granted();
        // It is acknowledged, and nothing that follows from it was done.
        assert_eq!(count(&office, "PaymentCaptured").await, 0);
        office.settle().await;
        office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
        office.settle().await;
        assert_eq!(received(&office, &all).await, [30_000; 6], "seed {seed}");
        assert_eq!(count(&office, "PaymentCaptured").await, 6, "seed {seed}");
        check(&office).await;
    }
}

#[tokio::test]
async fn a_repeated_request_is_the_same_order_and_another_one_is_refused() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 3).await;
    let payer = Acting::by(all[0].applicant.clone());
    let mut answers = Vec::new();
    for list in [&all[..2], &all[..2], &all[1..]] {
        let body = json!({ "dossiers": ids(list), "provider": "sandbox" });
        answers.push(payer.send(&office, (Method::POST, ORDERS), ("k1", ""), &body).await);
        office.settle().await;
    }
    let other = answers.pop().unwrap();
    assert_eq!(other.refused(), (422, "idempotency-key-reused"));
    let [first, second]: [Value; 2] =
        answers.into_iter().map(Answer::granted).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(first["order"], second["order"]);
    assert_eq!(count(&office, "OrderStarted").await, 1);
}

#[tokio::test]
async fn who_orders_for_a_payer_by_a_mandate_is_no_officer_in_the_matter() {
    let mut office = Office::open().await;
    let all = certificates(&mut office, 2).await;
    let lan = Acting::by(office.applicant("lan"));
    let owner = Acting::by(office.applicant("a1"));
    let terms = json!({ "representative": "lan", "procedures": ["CO.D"] });
    let mandate = owner.post(&office, "/v1/mandates", terms).await.granted();
    let mandate = mandate["mandate"].as_str().unwrap().to_owned();
    answered(&office, &lan, &mandate, "acceptance").await.granted();
    let lan = lan.under(&mandate);
    let body = json!({ "dossiers": ids(&all), "provider": "sandbox" });
    let begun = lan.post(&office, ORDERS, body).await.granted();
    office.settle().await;
    assert_eq!(begun["payer"], "a1");
    let as_cashier = office.token(Role::Cashier, "lan", "G02.001");
    for path in [address(&begun), all[0].at("payments"), all[1].at("payments")] {
        let refused = office.browser.get(&path, &as_cashier).await;
        assert_eq!(refused.refused(), (403, "own-matter"), "{path}");
    }
    let own = lan.send(&office, (Method::GET, &address(&begun)), ("g1", ""), &json!({})).await;
    assert_eq!(own.granted()["state"], "open");
}

#[tokio::test]
async fn a_called_wallet_is_asked_for_the_sum_once_and_its_signed_report_pays_all() {
    let wallet = Wallet::open().await;
    let folder = tempfile::tempdir().unwrap();
    let outside = wallet.outside(folder.path());
    let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
    let all = certificates(&mut office, 2).await;
    let token = all[0].applicant.clone();
    let begun = ordered(&mut office, &token, &ids(&all), "wallet").await.granted();
    let short = begun["short_reference"].as_str().unwrap();
    let created = wallet.called("/create");
    assert_eq!(created.len(), 1);
    assert_eq!((&created[0]["amount"], &created[0]["orderId"]), (&json!(60_000), &json!(short)));
    let shown_now = shown(&office, &begun, &token).await;
    assert_eq!(shown_now["next_url"], format!("http://wallet.example/{short}"));
    assert!(paid(&office, &all[0]).await["attempts"][0]["next_url"].is_null());

    office.wait_until("2026-11-20T09:20").await;
    let message = Wallet::report(short, 60_000, (0, 4711)).to_string();
    let headers = [("content-type", "application/json")];
    for _ in 0..2 {
        let bytes = message.clone().into_bytes();
        let address = "/v1/partners/wallet/notices";
        let taken = office.browser.send(Method::POST, address, &headers, bytes).await.unwrap();
        assert_eq!(taken.status, 204);
        office.settle().await;
    }
    for certificate in &all {
        let paid = paid(&office, certificate).await;
        assert_eq!(paid["outstanding_vnd"], 0);
        assert_eq!(paid["settled_at"], "2026-11-20T02:05:00Z", "when the wallet took the money");
    }
    let stream = Category::Order.stream(begun["order"].as_str().unwrap());
    let stream = events::StreamName::new(&stream).unwrap();
    let recorded = office.engine.store.read(&stream, None).await.unwrap();
    let evidence = recorded.iter().find_map(|event| {
        let decoded =
            <PaymentOrderEvent as dossier::contract::EventSet>::decode(&event.kind, &event.data);
        match decoded.unwrap() {
            PaymentOrderEvent::OrderPaid(paid) => paid.message.unwrap().known().cloned(),
            _ => None,
        }
    });
    assert_eq!(evidence.as_deref(), Some(&*message), "the exact bytes");
    check(&office).await;
}
