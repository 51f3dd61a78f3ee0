//! A day of a cashier: everything is found in lists, with no id known beforehand.

use std::sync::Arc;

use dossier::contract::Role;
use events::{EventStore, Expected, Filter, NewEvent, Position, StreamName};
use serde_json::{Value, json};

use crate::life::{Certificate, notice, submitted, take};
use crate::support::{Answer, Office};

async fn list(office: &Office, address: &str, token: &str) -> Vec<Value> {
    office.browser.get(address, token).await.granted().as_array().unwrap().clone()
}

/// Starts a payment through the sandbox, and returns its reference.
pub(crate) async fn started(office: &mut Office, certificate: &Certificate) -> String {
    let (payments, applicant) = (certificate.at("payments"), certificate.applicant.clone());
    let provider = json!({ "provider": "sandbox" });
    let started = take(office, &payments, "attempts", &applicant, provider).await.granted();
    started["attempts"][0]["reference"].as_str().unwrap().to_owned()
}

/// A clerk enters a certificate of origin for an applicant at the counter.
pub(crate) async fn at_counter(office: &mut Office, subject: &str) -> Certificate {
    let clerk = office.clerk();
    let mut documents = Vec::new();
    for component in ["application", "export_declaration", "invoice"] {
        let document = office.browser.upload(&clerk, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "counter", "applicant": subject,
        "documents": documents, "delivery": { "channel": "collection" },
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let answer = office.browser.post("/v1/dossiers", &clerk, "", body).await.granted();
    office.settle().await;
    let id = answer["id"].as_str().unwrap().to_owned();
    Certificate { id, applicant: office.applicant(subject) }
}

/// The address of the payment of a row, which names its dossier.
fn payment_of(row: &Value) -> String {
    let dossier = row["dossier"]["id"].as_str().or(row["dossier"].as_str());
    format!("/v1/payments/{}", dossier.unwrap())
}

#[tokio::test]
async fn a_cashier_takes_matches_returns_and_corrects_money_and_closes_the_till() {
    let mut office = Office::open().await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let counter = at_counter(&mut office, "a1").await;

    // Payments to take at the counter.
    let work = "/v1/register/work?kind=take_cash";
    let rows = list(&office, work, &cashier).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let payments = payment_of(&rows[0]);
    let owed = office.browser.get(&payments, &cashier).await.granted()["outstanding_vnd"].clone();
    let paid = take(&mut office, &payments, "cash", &cashier, json!({ "amount_vnd": owed })).await;
    paid.granted();
    assert!(list(&office, work, &cashier).await.is_empty());
    receipt(&office, &payments, &cashier, None).await;

    // A notice with a mistyped reference waits in the list until it is matched.
    let mistyped = submitted(&mut office, "a2", "download").await;
    started(&mut office, &mistyped).await;
    notice(&mut office, "DSR mistyped", "ipn-1", "captured", 30_000).await;
    let unmatched = "/v1/payment-notices/unmatched";
    let rows = list(&office, unmatched, &cashier).await;
    assert_eq!((rows.len(), &rows[0]["reference"]), (1, &json!("DSR mistyped")));
    let payments = mistyped.at("payments");
    let shown = office.browser.get(&payments, &cashier).await.granted();
    let attempt = shown["attempts"][0]["payment"].clone();
    let body = json!({
        "notice": rows[0]["notice"], "payment": attempt, "reason": "sao kê của người nộp",
    });
    let (address, etag) = (
        format!("{payments}/matched-notices"),
        office.browser.get(&payments, &cashier).await.etag(),
    );
    for sent in ["first", "again, since the reply was lost"] {
        let matched =
            office.browser.post_with(&address, &cashier, "match", &etag, body.clone()).await;
        office.settle().await;
        assert_eq!(matched.granted()["outstanding_vnd"], 0, "{sent}");
        assert!(list(&office, unmatched, &cashier).await.is_empty());
    }
    let again = take(&mut office, &payments, "matched-notices", &cashier, body).await;
    assert_eq!(again.refused(), (409, "notice-already-matched"), "its money is counted once");

    // An over-payment is in the tasks and is given back.
    let surplus = submitted(&mut office, "a3", "download").await;
    let reference = started(&mut office, &surplus).await;
    notice(&mut office, &reference, "ipn-2", "captured", 45_000).await;
    over_payment(&mut office, &cashier).await;

    // Cash that was recorded for the wrong dossier: its receipt is cancelled.
    let back = json!({ "amount_vnd": 30_000, "reason": "thu nhầm hồ sơ" });
    let corrected = take(&mut office, &counter.at("payments"), "refunds", &cashier, back).await;
    let corrected = corrected.granted();
    assert_eq!(corrected["receipts"][0]["became"], "cancelled");
    assert_eq!(corrected["outstanding_vnd"], 30_000, "the fee is owed again");
    receipt(&office, &counter.at("payments"), &cashier, Some("cancelled")).await;

    till(&office, &cashier).await;
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// Reads the receipt as JSON and as PDF.
async fn receipt(office: &Office, payments: &str, cashier: &str, became: Option<&str>) {
    let shown = office.browser.get(payments, cashier).await.granted();
    let id = shown["receipts"][0]["receipt"].as_str().unwrap().to_owned();
    let address = format!("{payments}/receipts/{id}");
    let read = office.browser.get(&address, cashier).await.granted();
    assert_eq!((&read["became"], &read["data"]["amount_vnd"]), (&json!(became), &json!(30_000)));
    let (status, headers, bytes) = office.browser.raw(&address, cashier, "application/pdf").await;
    assert_eq!(
        (status.as_u16(), headers["content-type"].to_str().unwrap()),
        (200, "application/pdf")
    );
    assert!(bytes.starts_with(b"%PDF-"));
}

/// Finds the over-payment among the tasks, clears it up with the provider, and refunds it.
async fn over_payment(office: &mut Office, cashier: &str) {
    let tasks = list(office, "/v1/payment-tasks", cashier).await;
    assert_eq!((tasks.len(), &tasks[0]["kind"]), (1, &json!("discrepancy")), "{tasks:?}");
    let payments = payment_of(&tasks[0]);
    let shown = office.browser.get(&payments, cashier).await.granted();
    let found = json!({
        "payment": shown["attempts"][0]["payment"], "captured_vnd": 45_000,
        "reason": "cổng xác nhận thu thừa",
    });
    take(office, &payments, "resolutions", cashier, found).await.granted();
    let tasks = list(office, "/v1/payment-tasks?kind=repayment", cashier).await;
    assert_eq!(
        (&tasks[0]["why"], &tasks[0]["amount_vnd"]),
        (&json!("over_payment"), &json!(15_000))
    );
    let back = json!({ "amount_vnd": tasks[0]["amount_vnd"], "reason": "nộp thừa" });
    let done = take(office, &payment_of(&tasks[0]), "refunds", cashier, back).await.granted();
    assert_eq!((&done["owed_back_vnd"], &done["outstanding_vnd"]), (&json!(0), &json!(0)));
    assert!(list(office, "/v1/payment-tasks", cashier).await.is_empty());
}

/// The sums and the movements of the day, in pages.
async fn till(office: &Office, cashier: &str) {
    let address = "/v1/payment-movements";
    let till = office.browser.get(address, cashier).await.granted();
    let sums = ["cash_vnd", "captured_vnd", "corrected_vnd", "refunded_vnd"];
    assert_eq!(sums.map(|sum| till[sum].as_i64().unwrap()), [30_000, 75_000, 0, 45_000]);
    assert_eq!((&till["agency"], &till["on"]), (&json!("G02.001"), &json!("2026-11-20")));
    let rows = till["movements"].as_array().unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["cash", "capture", "capture", "refund", "refund"]);
    assert_eq!((&rows[0]["officer"], &rows[0]["provider"]), (&json!("cashier-1"), &Value::Null));
    assert_eq!(rows[2]["provider"], "sandbox");
    let page = office.browser.get(&format!("{address}?limit=4"), cashier).await;
    let next = page.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let second = office.browser.get(&next, cashier).await.granted();
    assert_eq!(second["movements"].as_array().unwrap().len(), 1);
    assert_eq!(second["cash_vnd"], 30_000, "the sums are those of the day");
    let party = office.token(Role::Cashier, "a3", "G02.001");
    let own = office.browser.get(address, &party).await.granted();
    assert_eq!(sums.map(|sum| own[sum].as_i64().unwrap()), [30_000, 75_000, 0, 45_000]);
    assert_eq!(own["movements"].as_array().unwrap().len(), 3, "not those of the own dossier");
    let before = office.browser.get(&format!("{address}?on=2026-11-19"), cashier).await.granted();
    assert_eq!((&before["cash_vnd"], &before["movements"]), (&json!(0), &json!([])));
    let other = office.token(Role::Cashier, "k2", "G02.002");
    let hidden = office.browser.get(&format!("{address}?agency=G02.001"), &other).await;
    assert_eq!(hidden.status, 404, "{}", hidden.body);
}

#[tokio::test]
async fn a_notice_is_matched_with_one_dossier_only_and_with_an_attempt_of_its_provider() {
    let mut office = Office::open().await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let (one, two) = (
        submitted(&mut office, "a1", "download").await,
        submitted(&mut office, "a2", "download").await,
    );
    for certificate in [&one, &two] {
        started(&mut office, certificate).await;
    }
    notice(&mut office, "mistyped", "ipn-1", "captured", 30_000).await;
    notice(&mut office, "mistyped", "ipn-2", "failed", 30_000).await;
    let rows = list(&office, "/v1/payment-notices/unmatched", &cashier).await;
    let mut attempts = Vec::new();
    for certificate in [&one, &two] {
        let shown = office.browser.get(&certificate.at("payments"), &cashier).await.granted();
        attempts.push(shown["attempts"][0]["payment"].clone());
    }
    let body = |notice: &Value, attempt: &Value| json!({ "notice": notice["notice"], "payment": attempt, "reason": "sao kê" });
    let wrong = take(
        &mut office,
        &one.at("payments"),
        "matched-notices",
        &cashier,
        body(&rows[0], &attempts[1]),
    )
    .await;
    assert_eq!(wrong.refused(), (422, "unknown-attempt"));
    let failed = take(
        &mut office,
        &one.at("payments"),
        "matched-notices",
        &cashier,
        body(&rows[1], &attempts[0]),
    )
    .await;
    assert_eq!(failed.refused(), (422, "notice-without-money"));
    // Two cashiers match the same notice with two dossiers at once: one of them is refused.
    let etags = [&one, &two].map(|certificate| certificate.at("payments"));
    let mut sent = Vec::new();
    for (payments, attempt) in etags.iter().zip(&attempts) {
        let etag = office.browser.get(payments, &cashier).await.etag();
        sent.push((format!("{payments}/matched-notices"), etag, body(&rows[0], attempt)));
    }
    let [first, second] = &sent[..] else { unreachable!() };
    let (first, second) = tokio::join!(
        office.browser.post(&first.0, &cashier, &first.1, first.2.clone()),
        office.browser.post(&second.0, &cashier, &second.1, second.2.clone()),
    );
    // The views follow only when the test runs them: one request may wait in vain for what the other
    // has recorded, and is repeated.
    let mut answers = [first, second];
    for (answer, (address, etag, body)) in answers.iter_mut().zip(&sent) {
        if answer.problem() == "not-yet-consistent" {
            office.settle().await;
            *answer = office.browser.post(address, &cashier, etag, body.clone()).await;
        }
    }
    let mut statuses = answers.each_ref().map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", answers[0].body, answers[1].body);
}

/// Matches a notice with the first attempt of a certificate.
async fn matched(
    office: &mut Office,
    certificate: &Certificate,
    cashier: &str,
    notice: &Value,
) -> Answer {
    let payments = certificate.at("payments");
    let shown = office.browser.get(&payments, cashier).await.granted();
    let payment = &shown["attempts"][0]["payment"];
    let body = json!({ "notice": notice, "payment": payment, "reason": "sao kê" });
    take(office, &payments, "matched-notices", cashier, body).await
}

#[tokio::test]
async fn a_notice_whose_match_failed_halfway_can_be_matched_with_another_dossier() {
    let mut office = Office::open().await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.001");
    let wrong = submitted(&mut office, "a1", "download").await;
    let right = submitted(&mut office, "a2", "download").await;
    started(&mut office, &wrong).await;
    started(&mut office, &right).await;
    notice(&mut office, "mistyped", "ipn-1", "captured", 30_000).await;
    let unmatched = "/v1/payment-notices/unmatched";
    let rows = list(&office, unmatched, &cashier).await;
    // The process ended between the assignment to the wrong dossier and the match.
    let id = serde_json::from_value(rows[0]["notice"].clone()).unwrap();
    let dossier = serde_json::from_value(json!(wrong.id)).unwrap();
    let assigned = engine::unmatched::assign(&office.engine, "payment", (id, dossier), None).await;
    assert!(assigned.unwrap());

    let notice = &rows[0]["notice"];
    let early = matched(&mut office, &right, &cashier, notice).await;
    assert_eq!(early.refused(), (409, "notice-being-matched"));
    assert_eq!(list(&office, unmatched, &cashier).await.len(), 1);
    let later = office.engine.clock.now() + engine::limits::ASSIGNED_FOR;
    office.wait_until_instant(later).await;
    let done = matched(&mut office, &right, &cashier, notice).await;
    assert_eq!(done.granted()["outstanding_vnd"], 0);
    let late = matched(&mut office, &wrong, &cashier, notice).await;
    assert_eq!(late.refused(), (409, "notice-already-matched"));
    assert!(list(&office, unmatched, &cashier).await.is_empty());
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);

    // What a process could still record that was suspended between the assignment and the match.
    also_matched_with(&office.engine.store, &wrong.id).await;
    let report = program::check(&office.engine.store).await.unwrap();
    let notices: Vec<_> = report.findings.iter().filter(|found| found.kind == "notice").collect();
    assert_eq!(notices.len(), 1, "{:?}", report.findings);
    assert_eq!(notices[0].stream, format!("payment-{}", wrong.id));
}

/// Records the only match of the log in the payment of another dossier as well.
async fn also_matched_with(store: &EventStore, dossier: &str) {
    let matches = Filter { kinds: vec!["payment.NoticeMatched.v1".into()] };
    let page = store.read_all(Position::START, &matches, 10_000).await.unwrap();
    let [only] = &page.events[..] else { panic!("{} matches", page.events.len()) };
    let stream = StreamName::new(&format!("payment-{dossier}")).unwrap();
    let newest = store.last(&stream).await.unwrap().unwrap().version;
    let event = NewEvent {
        id: NewEvent::id_of(&stream, only.id, 0),
        kind: Arc::clone(&only.kind),
        data: only.data.clone(),
        meta: only.meta.clone(),
    };
    store.append(&stream, Expected::At(newest), vec![event]).await.unwrap();
}
