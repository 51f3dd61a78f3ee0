//! Payment partners through HTTP: a wallet that is called, its reports, queries, and crashes.

use events::EventStore;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::life::{Certificate, submitted, take};
use crate::support::wallet::{Mood, Wallet};
use crate::support::{Answer, Office, at};

const NOTICES: &str = "/v1/partners/wallet/notices";

async fn open() -> (Office, Wallet, tempfile::TempDir) {
    let wallet = Wallet::open().await;
    let folder = tempfile::tempdir().unwrap();
    let outside = wallet.outside(folder.path());
    (Office::open_with_partners(EventStore::memory(), outside).await, wallet, folder)
}

/// Starts a payment through the wallet; gives the attempt.
async fn start(office: &mut Office, certificate: &Certificate) -> Value {
    start_from(office, certificate, "https://portal.example/paid?a=1#end").await
}

async fn start_from(office: &mut Office, certificate: &Certificate, return_url: &str) -> Value {
    let body = json!({ "provider": "wallet", "return_url": return_url });
    let payments = certificate.at("payments");
    take(office, &payments, "attempts", &certificate.applicant, body).await.granted();
    paid(office, certificate).await["attempts"][0].clone()
}

async fn paid(office: &Office, certificate: &Certificate) -> Value {
    let payments = certificate.at("payments");
    office.browser.get(&payments, &certificate.applicant).await.granted()
}

async fn report(office: &mut Office, report: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    let body = report.to_string().into_bytes();
    let answer = office.browser.send(Method::POST, NOTICES, &headers, body).await.unwrap();
    office.settle().await;
    answer
}

fn order(attempt: &Value) -> String {
    attempt["short_reference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_wallet_is_called_once_and_its_signed_report_settles_the_fee_at_its_own_time() {
    let (mut office, wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let attempt = start(&mut office, &certificate).await;
    let next_url = format!("http://wallet.example/{}", order(&attempt));
    assert_eq!((&attempt["state"], &attempt["next_url"]), (&json!("started"), &json!(next_url)));
    let created = wallet.called("/create");
    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["ipnUrl"], "https://dossier.example/v1/partners/wallet/notices");
    assert_eq!(created[0]["redirectUrl"], "https://dossier.example/v1/partners/wallet/return");
    assert_eq!(created[0]["amount"], 30_000);

    office.wait_until("2026-11-20T09:20").await;
    let captured = Wallet::report(&order(&attempt), 30_000, (0, 4711));
    for _ in 0..2 {
        assert_eq!(report(&mut office, &captured).await.status, 204);
    }
    let paid = paid(&office, &certificate).await;
    assert_eq!((&paid["received_vnd"], &paid["outstanding_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(paid["settled_at"], "2026-11-20T02:05:00Z", "when the wallet took the money");
    assert_eq!(paid["receipts"].as_array().unwrap().len(), 1);
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PaymentCaptured").count(), 1);
    assert_eq!(log.iter().filter(|kind| *kind == "NoticeUnmatched").count(), 0);
}

#[tokio::test]
async fn a_wrong_signature_is_refused_with_what_the_partner_needs_and_leaves_no_trace() {
    let (mut office, _wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let attempt = start(&mut office, &certificate).await;
    let before = office.log().await;
    let mut forged = Wallet::report(&order(&attempt), 30_000, (0, 4711));
    forged["amount"] = json!(1);
    let refused = report(&mut office, &forged).await;
    assert_eq!(refused.status, 401, "{} {:?}", refused.body, refused.headers);
    let why = refused.header("signature-error");
    for part in ["momo-2", "keys tried: wallet", "SHA-256 of the canonical string: "] {
        assert!(why.contains(part), "{why}");
    }
    assert!(!why.contains("wallet secret"), "{why}");
    assert_eq!(office.log().await, before);
    let metrics = office.browser.send(Method::GET, "/metrics", &[], Vec::new()).await.unwrap();
    let metrics = metrics.body.as_str().unwrap().to_owned();
    assert!(metrics.contains("partner_signature_refused_total{partner=\"wallet\"} 1"), "{metrics}");
    assert!(metrics.contains("lane_open{partner=\"wallet\"} 0"), "{metrics}");
    for address in ["/v1/partners/other/notices", "/v1/partners/sandbox/notices"] {
        let unknown = office.browser.send(Method::POST, address, &[], b"{}".to_vec()).await;
        assert_eq!(unknown.unwrap().refused(), (404, "not-found"));
    }
    let long = vec![b'x'; 64 * 1024 + 1];
    let long = office.browser.send(Method::POST, NOTICES, &[], long).await.unwrap();
    assert_eq!(long.refused(), (413, "body-too-large"));
}

#[tokio::test]
async fn signed_messages_that_name_nothing_or_mean_nothing_are_kept_and_listed() {
    let (mut office, _wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    start(&mut office, &certificate).await;
    for _ in 0..2 {
        let stranger = Wallet::report("ORDER-1", 30_000, (0, 4711));
        assert_eq!(report(&mut office, &stranger).await.status, 204);
    }
    let impossible = Wallet::report("ORDER-2", -5, (0, 4712));
    assert_eq!(report(&mut office, &impossible).await.status, 204);
    let operator = office.token(dossier::contract::Role::Operator, "op", "");
    let list = office.browser.get("/v1/payment-notices/unmatched", &operator).await.granted();
    let [stranger, impossible] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(
        (&stranger["kind"], &stranger["reference"]),
        (&json!("captured"), &json!("ORDER-1"))
    );
    assert_eq!(stranger["paid_at"], "2026-11-20T02:05:00Z");
    assert_eq!(impossible["kind"], "impossible");
    let findings = impossible["findings"].as_array().unwrap();
    assert!(findings[0].as_str().unwrap().starts_with("/amount: "), "{impossible}");
    // The cashier knows whose money it is.
    let paid_before = paid(&office, &certificate).await;
    let cashier = office.token(dossier::contract::Role::Cashier, "cashier", "G02");
    let body = json!({
        "notice": stranger["notice"], "payment": paid_before["attempts"][0]["payment"],
        "reason": "by the payer's statement",
    });
    let payments = certificate.at("payments");
    take(&mut office, &payments, "matched-notices", &cashier, body).await.granted();
    assert_eq!(paid(&office, &certificate).await["outstanding_vnd"], 0);
}

#[tokio::test]
async fn a_wallet_that_reports_nothing_is_asked_and_its_answer_is_the_same_fact_as_its_report() {
    let (mut office, wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let attempt = start(&mut office, &certificate).await;
    office.wait_until("2026-11-20T09:31").await;
    assert_eq!(wallet.called("/query").len(), 1);
    assert_eq!(paid(&office, &certificate).await["attempts"][0]["state"], "unknown");
    *wallet.paid.lock().unwrap() = Some(4711);
    office.wait_until("2026-11-20T12:00").await;
    assert_eq!(paid(&office, &certificate).await["received_vnd"], 30_000);
    let late = Wallet::report(&order(&attempt), 30_000, (0, 4711));
    report(&mut office, &late).await;
    let paid = paid(&office, &certificate).await;
    assert_eq!((&paid["received_vnd"], &paid["owed_back_vnd"]), (&json!(30_000), &json!(0)));
    office.wait_until("2026-11-24T09:00").await;
    assert_eq!(wallet.called("/query").len(), 2, "nobody asks about what is known");
}

#[tokio::test]
async fn a_wallet_that_does_not_work_is_given_up_and_the_payer_begins_again() {
    let (mut office, wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    *wallet.mood.lock().unwrap() = Mood::Fails;
    let attempt = start(&mut office, &certificate).await;
    assert_eq!((&attempt["state"], &attempt["next_url"]), (&json!("started"), &Value::Null));
    office.wait_until("2026-11-20T09:29").await;
    let tries = wallet.called("/create");
    assert!((4..40).contains(&tries.len()), "{}", tries.len());
    assert!(tries.iter().all(|one| *one == tries[0]), "the same order each time");
    office.wait_until("2026-11-20T11:00").await;
    assert_eq!(paid(&office, &certificate).await["attempts"][0]["state"], "failed");
    let operator = office.token(dossier::contract::Role::Operator, "op", "");
    let requests = "/v1/partners/wallet/requests";
    let given_up = format!("{requests}?state=given_up&limit=1");
    let list = office.browser.get(&given_up, &operator).await.granted();
    let [first] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!((&first["state"], &first["result"]), (&json!("given_up"), &json!("status 500")));
    assert_eq!(first["dossier"], certificate.id);
    let of = |what: &str| format!("{requests}/{}/{what}", first["request"].as_str().unwrap());
    let post = |address: String| {
        let (browser, operator) = (office.browser.clone(), operator.clone());
        async move { browser.post(&address, &operator, "", json!({})).await }
    };
    // The payment has failed: the payer begins another one.
    assert_eq!(post(of("replays")).await.refused(), (409, "request-not-needed"));
    let cancelled = post(of("cancellations")).await.granted();
    assert_eq!(
        (&cancelled["state"], &cancelled["changed"]["by"]),
        (&json!("cancelled"), &json!("op"))
    );
    let list =
        office.browser.get(&format!("{requests}?state=cancelled"), &operator).await.granted();
    assert_eq!(list[0]["changed"]["change"], "cancelled");
    assert!(list[0]["changed"]["at"].is_string(), "{list}");
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PartnerRequestChanged").count(), 1);
    assert_eq!(post(of("cancellations")).await.refused(), (409, "request-not-cancellable"));
    assert_eq!(post(format!("{requests}/nothing/replays")).await.refused(), (404, "not-found"));
    let clerk = office.clerk();
    assert_eq!(office.browser.get(requests, &clerk).await.refused().0, 403);

    *wallet.mood.lock().unwrap() = Mood::Works;
    office.wait_until("2026-11-20T13:00").await;
    let body = json!({ "provider": "wallet" });
    let payments = certificate.at("payments");
    let again = take(&mut office, &payments, "attempts", &certificate.applicant, body).await;
    again.granted();
    let attempts = paid(&office, &certificate).await["attempts"].clone();
    let opened = attempts.as_array().unwrap().iter().filter(|one| one["next_url"].is_string());
    assert_eq!(opened.count(), 1, "{attempts}");
}

#[tokio::test]
async fn a_lost_answer_and_a_crash_before_the_end_of_a_try_repeat_the_same_request() {
    let (mut office, wallet, folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    *wallet.mood.lock().unwrap() = Mood::Loses;
    start(&mut office, &certificate).await;
    // The wallet took the order; nobody knows.
    *wallet.mood.lock().unwrap() = Mood::Works;
    office.wait_until("2026-11-20T09:01").await;
    let attempt = paid(&office, &certificate).await["attempts"][0].clone();
    assert!(attempt["next_url"].is_string(), "{attempt}");
    // As after a crash between the record of the answer and the end of the try.
    let file = rusqlite::Connection::open(folder.path().join("outbox.sqlite")).unwrap();
    let sql = "UPDATE request SET state = 'waiting', next_at = 0";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    let calls = wallet.called("/create").len();
    office.wait_until("2026-11-20T09:10").await;
    assert_eq!(wallet.called("/create").len(), calls, "the outcome is in the log");
    let done: String = file.query_row("SELECT state FROM request", [], |row| row.get(0)).unwrap();
    assert_eq!(done, "done");
    let created = wallet.called("/create");
    assert!(created.len() >= 2 && created.iter().all(|one| *one == created[0]));
    let opened = office.log().await.iter().filter(|kind| *kind == "PaymentOpened").count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_browser_returns_to_the_site_of_its_payment_and_to_no_other() {
    let (mut office, _wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let elsewhere = json!({ "provider": "walet", "return_url": "https://evil.example/" });
    let payments = certificate.at("payments");
    let refused = take(&mut office, &payments, "attempts", &certificate.applicant, elsewhere).await;
    let pointers: Vec<_> = refused.body["errors"].as_array().unwrap().iter().collect();
    assert_eq!(pointers.len(), 2, "all at once: {}", refused.body);
    let attempt = start(&mut office, &certificate).await;
    let returned = Wallet::report(&order(&attempt), 30_000, (0, 4711));
    let address = |values: &Value| {
        let pairs: Vec<(String, String)> = values
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().map_or(v.to_string(), ToOwned::to_owned)))
            .collect();
        let query = serde_urlencoded::to_string(pairs).unwrap();
        format!("/v1/partners/wallet/return?{query}")
    };
    let sent =
        office.browser.send(Method::GET, &address(&returned), &[], Vec::new()).await.unwrap();
    let payment = attempt["payment"].as_str().unwrap();
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert_eq!(
        sent.header("location"),
        format!("https://portal.example/paid?a=1&payment={payment}#end")
    );
    let second = submitted(&mut office, "a2", "download").await;
    let vietnamese = "https://portal.example/nộp?hồ=sơ#xong đó";
    let unusual = start_from(&mut office, &second, vietnamese).await;
    let unusual_report = Wallet::report(&order(&unusual), 30_000, (0, 4712));
    let sent = office.browser.send(Method::GET, &address(&unusual_report), &[], Vec::new()).await;
    let payment = unusual["payment"].as_str().unwrap();
    assert_eq!(
        sent.unwrap().header("location"),
        format!(
            "https://portal.example/n%E1%BB%99p?h%E1%BB%93=s%C6%A1&payment={payment}#xong%20%C4%91%C3%B3"
        ),
        "a header is ASCII"
    );
    let before = office.log().await;
    let mut forged = returned;
    forged["orderId"] = json!("DSR4Z7K0M2C9WXQ5");
    let refused =
        office.browser.send(Method::GET, &address(&forged), &[], Vec::new()).await.unwrap();
    assert_eq!(refused.refused(), (403, "partner-signature-wrong"));
    assert_eq!(office.log().await, before, "what a browser carries is no evidence");
}

#[tokio::test]
async fn a_payment_that_the_partner_cannot_take_is_not_begun_and_says_why() {
    let (mut office, _wallet, folder) = open().await;
    let path = folder.path().join("wallet.yaml");
    let file = std::fs::read_to_string(&path).unwrap();
    let file = file.replace("amount_min: 1000", "amount_min: 50000");
    std::fs::write(&path, file).unwrap();
    let known = payment::partners::read(folder.path(), Some(folder.path())).unwrap();
    let public_url = "https://dossier.example".parse().ok();
    let partners = payment::partners::Partners::new(known, public_url, Vec::new()).unwrap().into();
    let outside = program::Outside { partners, ..program::Outside::none(false).unwrap() };
    drop(std::mem::replace(
        &mut office,
        Office::open_with_partners(EventStore::memory(), outside).await,
    ));
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let body = json!({ "provider": "wallet" });
    let refused = take(&mut office, &payments, "attempts", &certificate.applicant, body).await;
    assert_eq!(refused.refused(), (422, "provider-unable"));
    assert!(refused.body.to_string().contains("50000"), "{}", refused.body);
    assert_eq!(paid(&office, &certificate).await["attempts"], json!([]));
    let later = at("2026-11-20T09:00") + SignedDuration::from_hours(1);
    office.wait_until_instant(later).await;
}

#[tokio::test]
async fn payers_are_offered_partners_that_can_take_the_payment_and_operators_see_how_they_work() {
    let (mut office, wallet, _folder) = open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let providers = format!("{}/providers", certificate.at("payments"));
    let offered = office.browser.get(&providers, &certificate.applicant).await.granted();
    let names: Vec<&str> =
        offered.as_array().unwrap().iter().map(|one| one["provider"].as_str().unwrap()).collect();
    assert!(names.starts_with(&["wallet", "sandbox"]), "{offered}");
    assert!(offered[0]["title"]["vi"].is_string(), "{offered}");
    let stranger = office.token(dossier::contract::Role::Applicant, "b2", "");
    assert_eq!(office.browser.get(&providers, &stranger).await.refused().0, 404);

    let operator = office.token(dossier::contract::Role::Operator, "op", "");
    let list = office.browser.get("/v1/partners", &operator).await.granted();
    assert_eq!(
        (&list[0]["partner"], &list[0]["breaker"], &list[0]["waiting"], &list[0]["lag_s"]),
        (&json!("wallet"), &json!("closed"), &json!(0), &json!(0))
    );
    assert_eq!(list[0]["waiting_since"], Value::Null);
    *wallet.mood.lock().unwrap() = Mood::Fails;
    start(&mut office, &certificate).await;
    office.wait_until("2026-11-20T09:08").await;
    let list = office.browser.get("/v1/partners", &operator).await.granted();
    assert_eq!((&list[0]["waiting"], &list[0]["breaker"]), (&json!(1), &json!("open")), "{list}");
    assert!(list[0]["lag_s"].as_i64().unwrap() >= 300, "{list}");
    let cashier = office.token(dossier::contract::Role::Cashier, "cashier", "G02");
    assert_eq!(office.browser.get("/v1/partners", &cashier).await.refused().0, 403);

    *wallet.mood.lock().unwrap() = Mood::Works;
    let attempt = paid(&office, &certificate).await["attempts"][0].clone();
    let captured = Wallet::report(&order(&attempt), 30_000, (0, 4711));
    assert_eq!(report(&mut office, &captured).await.status, 204);
    let offered = office.browser.get(&providers, &certificate.applicant).await.granted();
    assert_eq!(offered, json!([]), "nothing is outstanding");
}
