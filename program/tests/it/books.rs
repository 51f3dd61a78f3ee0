//! The books of accounts, through HTTP: statements against payments, closings by two persons, and
//! corrections.

use dossier::contract::Role;
use events::EventStore;
use serde_json::{Value, json};

use crate::cashier_day::{at_counter, started};
use crate::life::{notice, submitted, take};
use crate::support::{Answer, Office};

const BOOK: &str = "/v1/payment-books/2026-11-20_G02.001_sandbox";

struct People {
    cashier: String,
    head: String,
}

fn people(office: &Office) -> People {
    People {
        cashier: office.token(Role::Cashier, "cashier-1", "G02.001"),
        head: office.token(Role::Approver, "head-1", "G02.001"),
    }
}

fn line(event: &str, kind: &str, amount: i64, reference: Option<&str>) -> Value {
    let mut line = json!({
        "event": event, "kind": kind, "amount_vnd": amount,
        "booked_at": "2026-11-20T08:30:00+07:00", "memo": "NGUYEN VAN A nop phi",
    });
    if let Some(reference) = reference {
        line["reference"] = json!(reference);
    }
    line
}

async fn import(office: &mut Office, token: &str, lines: Vec<Value>) -> Answer {
    let body = json!({ "account": "sandbox", "lines": lines });
    let answer = office.browser.post("/v1/payment-statements", token, "", body).await;
    office.settle().await;
    answer
}

async fn step(office: &mut Office, token: &str, step: &str, body: Value) -> Answer {
    step_on(office, token, (BOOK, step), body).await
}

async fn step_on(
    office: &mut Office,
    token: &str,
    (book, step): (&str, &str),
    body: Value,
) -> Answer {
    let answer = office.browser.post(&format!("{book}/{step}"), token, "", body).await;
    office.settle().await;
    answer
}

async fn differences(office: &Office, token: &str) -> Vec<(String, String)> {
    let rows = office.browser.get("/v1/payment-differences", token).await.granted();
    let rows = rows.as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| (text(row, "key"), text(row, "difference"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, what)| ((*key).to_owned(), (*what).to_owned())).collect()
}

#[tokio::test]
async fn statements_are_compared_with_payments_and_two_persons_close_the_day() {
    let mut office = Office::open().await;
    let People { cashier, head } = people(&office);
    let paid = submitted(&mut office, "a1", "download").await;
    let reference = started(&mut office, &paid).await;
    notice(&mut office, &reference, "ipn-1", "captured", 30_000).await;
    let silent = submitted(&mut office, "a2", "download").await;
    let unreported = started(&mut office, &silent).await;
    assert!(differences(&office, &cashier).await.is_empty(), "no statement was imported yet");

    // The second payment is known by the statement only; the third transfer names nothing.
    let lines = vec![
        line("L1", "received", 30_000, Some(&reference)),
        line("L2", "received", 30_000, Some(&unreported)),
        line("L3", "received", 12_000, None),
    ];
    let first = import(&mut office, &cashier, lines.clone()).await.granted();
    let expected = json!([{
        "book": "2026-11-20_G02.001_sandbox", "day": "2026-11-20", "lines": 3, "new_lines": 3,
        "in_vnd": 72_000, "out_vnd": 0,
    }]);
    assert_eq!(first, expected);
    assert_eq!(import(&mut office, &cashier, lines.clone()).await.granted(), expected, "again");
    let settled = office.browser.get(&silent.at("payments"), &silent.applicant).await.granted();
    assert_eq!(
        (&settled["outstanding_vnd"], &settled["received_vnd"]),
        (&json!(0), &json!(30_000))
    );
    let once = office.browser.get(&paid.at("payments"), &paid.applicant).await.granted();
    assert_eq!(once["received_vnd"], 30_000, "a line about known money is no further money");
    let unmatched = office.browser.get("/v1/payment-notices/unmatched", &cashier).await.granted();
    assert_eq!(unmatched.as_array().unwrap().len(), 1);
    assert_eq!(
        (&unmatched[0]["event"], &unmatched[0]["amount_vnd"]),
        (&json!("L3"), &json!(12_000))
    );
    assert_eq!(differences(&office, &cashier).await, pairs(&[("line:L3", "unknown")]));

    // A later file overlaps with it.
    let overlapping = vec![lines[2].clone(), line("C1", "charge", 500, None)];
    let second = import(&mut office, &cashier, overlapping).await.granted();
    assert_eq!((&second[0]["lines"], &second[0]["new_lines"]), (&json!(2), &json!(1)));
    let book = office.browser.get(BOOK, &cashier).await.granted();
    let totals = json!({
        "lines": 4, "stated_in_vnd": 72_000, "stated_out_vnd": 0, "charged_vnd": 500,
        "paid_out_vnd": 0, "paid_in_vnd": 0, "movements": 2, "recorded_in_vnd": 60_000,
        "recorded_out_vnd": 0, "receipted_vnd": 60_000, "open_differences": 1,
    });
    assert_eq!((&book["totals"], &book["stage"]), (&totals, &json!("open")));
    let rows = office.browser.get(&format!("{BOOK}/lines?limit=2"), &cashier).await.granted();
    assert_eq!((&rows[0]["event"], &rows[1]["event"]), (&json!("C1"), &json!("L1")));
    assert_eq!(
        (&rows[1]["memo"], &rows[1]["dossier"]),
        (&json!("NGUYEN VAN A nop phi"), &json!(paid.id))
    );

    close(&mut office, &cashier, &head).await;
    correct(&mut office, &cashier, &head, &totals).await;
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// Closes the day with one difference that is explained later.
async fn close(office: &mut Office, cashier: &str, head: &str) {
    let early = step(office, cashier, "closings", json!({ "reason": "x" })).await;
    assert_eq!(early.refused(), (409, "day-not-over"));
    office.wait_until("2026-11-23T09:00").await;
    let silent = step(office, cashier, "closings", json!({})).await;
    assert_eq!(silent.refused(), (422, "difference-unexplained"));
    let counted = step(office, cashier, "closings", json!({ "counted_vnd": 1 })).await;
    assert_eq!(counted.refused(), (422, "count-not-permitted"));
    let reason = json!({ "reason": "một khoản chuyển chưa rõ người nộp" });
    let proposed = step(office, cashier, "closings", reason).await.granted();
    let approve = json!({ "closing": proposed["proposed_closing"]["closing"] });
    let own = step(office, cashier, "closing-approvals", approve.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    // A proposal is rejected, and another one is made.
    let reject = json!({ "closing": proposed["proposed_closing"]["closing"], "reason": "xem lại" });
    let rejected = step(office, head, "closing-rejections", reject).await.granted();
    assert_eq!(
        (&rejected["stage"], &rejected["rejections"][0]["reason"]),
        (&json!("open"), &json!("xem lại"))
    );
    let void = step(office, head, "closing-approvals", approve).await;
    assert_eq!(void.refused(), (409, "nothing-proposed"));
    let reason = json!({ "reason": "một khoản chuyển chưa rõ người nộp" });
    let proposed = step(office, cashier, "closings", reason).await.granted();
    let approve = json!({ "closing": proposed["proposed_closing"]["closing"] });
    let closed = step(office, head, "closing-approvals", approve).await.granted();
    assert_eq!(closed["stage"], "closed");
    let by = (&closed["closed"]["proposed_by"], &closed["closed"]["by"]);
    assert_eq!(by, (&json!("cashier-1"), &json!("head-1")));
    let late = import(office, cashier, vec![line("L9", "received", 1, None)]).await;
    assert_eq!(late.refused(), (409, "day-closed"));
    let listed = office.browser.get("/v1/payment-books?stage=closed", head).await.granted();
    assert_eq!(listed[0]["book"], "2026-11-20_G02.001_sandbox");
}

/// Explains the difference after the closing, by an entry of two persons.
async fn correct(office: &mut Office, cashier: &str, head: &str, at_closing: &Value) {
    office.wait_until("2026-11-25T09:00").await;
    let overdue = "/v1/payment-differences?overdue=true";
    let old = office.browser.get(overdue, cashier).await.granted();
    assert_eq!((&old[0]["key"], &old[0]["overdue"]), (&json!("line:L3"), &json!(true)));
    assert_eq!(old[0]["age_s"], 5 * 24 * 3_600 + 30 * 60);
    assert!(old[0]["advice_vi"].as_str().unwrap().contains("nội dung chuyển khoản"));
    let metric = |text: &str, name: &str| text.lines().any(|line| line == name);
    office.engine.metrics.count(std::time::Duration::from_secs(5)).await;
    let metrics = office.engine.metrics.text();
    assert!(metric(&metrics, "dossier_books_differences_overdue 1"), "{metrics}");
    let correction = json!({
        "accepts": ["line:L3"], "lines": [line("L4", "refunded", 12_000, None)],
        "reason": "đã trả lại tiền chuyển nhầm",
    });
    let proposed = step(office, cashier, "corrections", correction).await.granted();
    let enter = json!({ "correction": proposed["proposed_corrections"][0]["correction"] });
    let own = step(office, cashier, "correction-approvals", enter.clone()).await;
    assert_eq!(own.refused(), (409, "own-proposal"));
    let entered = step(office, head, "correction-approvals", enter).await.granted();
    assert_eq!(&entered["closed"]["totals"], at_closing, "the closing stays as it was");
    let book = office.browser.get(BOOK, cashier).await.granted();
    assert_eq!(book["totals"]["stated_out_vnd"], 12_000);
    let correction = &entered["corrections"][0];
    let by = (&correction["proposed_by"], &correction["by"], &correction["lines"]);
    assert_eq!(by, (&json!("cashier-1"), &json!("head-1"), &json!(["L4"])));
    let unmatched = office.browser.get("/v1/payment-notices/unmatched", cashier).await.granted();
    assert_eq!(unmatched, json!([]), "it waits for nobody any more");
    // The returned transfer itself names no payment, and is explained in the same way.
    assert_eq!(differences(office, cashier).await, pairs(&[("line:L4", "unknown")]));
    let rest = json!({ "accepts": ["line:L4"], "reason": "trả lại khoản L3" });
    let proposed = step(office, cashier, "corrections", rest).await.granted();
    let enter = json!({ "correction": proposed["proposed_corrections"][0]["correction"] });
    step(office, head, "correction-approvals", enter).await.granted();
    assert!(differences(office, cashier).await.is_empty());
}

#[tokio::test]
async fn every_kind_of_difference_is_found_whichever_side_comes_first() {
    let mut office = Office::open().await;
    let People { cashier, .. } = people(&office);
    let mut references = Vec::new();
    for n in 0..4 {
        let certificate = submitted(&mut office, &format!("a{n}"), "download").await;
        references.push(started(&mut office, &certificate).await);
    }
    // The notice of the first comes before its line, that of the second after it; the statement has
    // less for the third than its notice, and nothing of the fourth.
    notice(&mut office, &references[0], "e0", "captured", 30_000).await;
    notice(&mut office, &references[2], "e2", "captured", 30_000).await;
    notice(&mut office, &references[3], "e3", "captured", 30_000).await;
    let mut payout = line("P1", "paid_out", 88_000, None);
    payout["payout"] = json!("po-1");
    let mut lines = vec![
        line("L0", "received", 30_000, Some(&references[0])),
        line("L1", "received", 30_000, Some(&references[1])),
        line("L2", "received", 29_000, Some(&references[2])),
    ];
    for line in &mut lines {
        (line["payout"], line["fee_vnd"]) = (json!("po-1"), json!(300));
    }
    lines.push(payout);
    // The first is taken back, which is recorded; what is taken back again cannot be.
    lines.push(line("R0", "reversed", 30_000, Some(&references[0])));
    lines.push(line("R9", "reversed", 30_000, Some(&references[0])));
    lines.push(line("B0", "came_back", 5_000, Some(&references[1])));
    import(&mut office, &cashier, lines).await.granted();
    notice(&mut office, &references[1], "e1", "captured", 30_000).await;
    let mut found = differences(&office, &cashier).await;
    found.sort();
    let missing = found.iter().position(|(key, _)| key.starts_with("movement:")).unwrap();
    assert_eq!(found.remove(missing).1, "missing_there");
    let expected = pairs(&[
        ("line:B0", "came_back"),
        ("line:L2", "amount_differs"),
        ("line:P1", "payout_differs"),
        ("line:R9", "reversed"),
    ]);
    assert_eq!(found, expected, "89,000 less charges of 900 are 88,100");
    // The provider's contradiction is a task of the cashier at the dossier.
    let tasks = office.browser.get("/v1/payment-tasks?kind=discrepancy", &cashier).await.granted();
    assert_eq!(tasks.as_array().unwrap().len(), 2, "{tasks}");
    let mut why: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|task| task["why"].as_str().unwrap()).collect();
    why.sort_unstable();
    assert_eq!(why, ["more_reversed", "other_amount"]);
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PaymentReversed").count(), 1);
    // In pages, each difference once.
    let (mut next, mut keys) = ("/v1/payment-differences?limit=2".to_owned(), Vec::new());
    while !next.is_empty() {
        let page = office.browser.get(&next, &cashier).await;
        let link = page.header("link");
        next = link.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let rows = page.granted();
        keys.extend(rows.as_array().unwrap().iter().map(|row| row["key"].to_string()));
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), count), (5, 5));
}

#[tokio::test]
async fn a_till_is_counted_and_closed_by_two_persons() {
    let mut office = Office::open().await;
    let People { cashier, head } = people(&office);
    let counter = at_counter(&mut office, "a1").await;
    let payments = counter.at("payments");
    let owed = office.browser.get(&payments, &cashier).await.granted()["outstanding_vnd"].clone();
    take(&mut office, &payments, "cash", &cashier, json!({ "amount_vnd": owed })).await.granted();
    let book = "/v1/payment-books/2026-11-20_G02.001_cash";
    let shown = office.browser.get(book, &cashier).await.granted();
    assert_eq!((&shown["totals"]["recorded_in_vnd"], &shown["stage"]), (&owed, &json!("open")));
    let uncounted = step_on(&mut office, &cashier, (book, "closings"), json!({})).await;
    assert_eq!(uncounted.refused(), (422, "count-missing"));
    let short = json!({ "counted_vnd": 29_000 });
    let short = step_on(&mut office, &cashier, (book, "closings"), short).await;
    assert_eq!(short.refused(), (422, "difference-unexplained"));
    let explained = json!({ "counted_vnd": 29_000, "reason": "thối nhầm 1.000 đồng" });
    let proposed = step_on(&mut office, &cashier, (book, "closings"), explained).await.granted();
    let approve = json!({ "closing": proposed["proposed_closing"]["closing"] });
    let closed = step_on(&mut office, &head, (book, "closing-approvals"), approve).await.granted();
    let difference = (&closed["closed"]["counted_vnd"], &closed["closed"]["difference_vnd"]);
    assert_eq!(difference, (&json!(29_000), &json!(-1_000)));
    assert_eq!(closed["closed"]["reason"], "thối nhầm 1.000 đồng");
}

#[tokio::test]
async fn sums_that_changed_after_the_proposal_are_not_closed() {
    let mut office = Office::open().await;
    let People { cashier, head } = people(&office);
    let book = "/v1/payment-books/2026-11-20_G02.001_cash";
    let counted = json!({ "counted_vnd": 0 });
    let proposed = step_on(&mut office, &cashier, (book, "closings"), counted).await.granted();
    let counter = at_counter(&mut office, "a1").await;
    let cash = json!({ "amount_vnd": 30_000 });
    take(&mut office, &counter.at("payments"), "cash", &cashier, cash).await.granted();
    let approve = json!({ "closing": proposed["proposed_closing"]["closing"] });
    let changed = step_on(&mut office, &head, (book, "closing-approvals"), approve).await;
    assert_eq!(changed.refused(), (409, "figures-changed"));
}

#[tokio::test]
async fn what_is_wrong_with_a_statement_is_told_at_once_and_changes_nothing() {
    let mut office = Office::open().await;
    let People { cashier, .. } = people(&office);
    let mut payout = line("P", "paid_out", 0, None);
    payout["fee_vnd"] = json!(-1);
    let wrong = vec![line("L1", "received", 1, None), payout];
    let refused = import(&mut office, &cashier, wrong).await;
    let at: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(at, ["/lines/1/amount_vnd", "/lines/1/fee_vnd", "/lines/1/payout"]);
    let twice = vec![line("L1", "received", 1, None), line("L1", "received", 1, None)];
    assert_eq!(import(&mut office, &cashier, twice).await.refused(), (422, "line-twice"));
    let mut early = line("L2", "received", 1, None);
    early["booked_at"] = json!("2026-11-21T08:00:00+07:00");
    let two_days = vec![line("L1", "received", 1, None), early];
    let refused = import(&mut office, &cashier, two_days).await;
    assert_eq!(refused.refused(), (422, "line-in-the-future"));
    let book = office.browser.get(BOOK, &cashier).await.granted();
    assert_eq!(book["totals"]["lines"], 0, "no day of the file was recorded");
    let body = json!({ "account": "sandbocks", "lines": [line("L1", "received", 1, None)] });
    let unknown = office.browser.post("/v1/payment-statements", &cashier, "", body).await;
    assert_eq!(unknown.refused(), (422, "unknown-account"));

    // The same line on another day would be counted twice.
    import(&mut office, &cashier, vec![line("L1", "received", 1, None)]).await.granted();
    let mut moved = line("L1", "received", 1, None);
    moved["booked_at"] = json!("2026-11-19T08:30:00+07:00");
    assert_eq!(import(&mut office, &cashier, vec![moved]).await.refused(), (422, "line-twice"));
    let changed = vec![line("L1", "received", 2, None)];
    assert_eq!(import(&mut office, &cashier, changed).await.refused(), (422, "line-differs"));
}

#[tokio::test]
async fn the_books_of_an_agency_are_those_of_its_cashiers() {
    let mut office = Office::open().await;
    let People { cashier, .. } = people(&office);
    import(&mut office, &cashier, vec![line("L1", "received", 1, None)]).await.granted();
    let other = office.token(Role::Cashier, "cashier-2", "G02.002");
    let applicant = office.applicant("a1");
    for token in [&other, &applicant] {
        for address in [BOOK, &format!("{BOOK}/lines")] {
            let status = office.browser.get(address, token).await.status.as_u16();
            assert!(status == 403 || status == 404, "{address}: {status}");
        }
        let body = json!({
            "agency": "G02.001", "account": "sandbox", "lines": [line("L2", "received", 1, None)],
        });
        let refused = office.browser.post("/v1/payment-statements", token, "", body).await;
        assert!(matches!(refused.status.as_u16(), 403 | 404), "{}", refused.status);
        let closing = step(&mut office, token, "closings", json!({ "reason": "x" })).await;
        assert!(matches!(closing.status.as_u16(), 403 | 404), "{}", closing.status);
    }
    assert_eq!(office.browser.get("/v1/payment-books", &other).await.granted(), json!([]));
    for unnamed in ["2026-11-20", "2026-11-20_G02.001_A", "x_G02.001_sandbox"] {
        let address = format!("/v1/payment-books/{unnamed}");
        assert_eq!(office.browser.get(&address, &cashier).await.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn a_transfer_by_qr_is_found_in_the_statement_by_its_short_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = include_str!("../../../examples/partners/bank-transfer.yaml");
    let file = file.replace("enabled: false", "enabled: true");
    std::fs::write(folder.path().join("bank-transfer.yaml"), file).unwrap();
    let known = payment::partners::read(folder.path(), None).unwrap();
    let public_url = "https://dossier.example".parse().ok();
    let partners = payment::partners::Partners::new(known, public_url, Vec::new()).unwrap().into();
    let outside = program::Outside { partners, ..program::Outside::none(false).unwrap() };
    let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let transfer = json!({ "provider": "bank-transfer" });
    take(&mut office, &payments, "attempts", &certificate.applicant, transfer).await.granted();
    let shown = office.browser.get(&payments, &certificate.applicant).await.granted();
    let attempt = &shown["attempts"][0];
    assert!(attempt["qr"].as_str().unwrap().contains("A000000727"), "{attempt}");
    let short = attempt["short_reference"].as_str().unwrap();

    office.wait_until("2026-11-20T09:20").await;
    let cashier = office.token(Role::Cashier, "cashier-1", "G02");
    let (head, rest) = short.split_at(7);
    let memo = format!("NGUYEN VAN A nop phi {} {}", head.to_lowercase(), rest.to_lowercase());
    let line = |event: &str, memo: &str| {
        json!({
            "event": event, "kind": "received", "amount_vnd": 30_000, "memo": memo,
            "booked_at": "2026-11-20T09:05:00+07:00",
        })
    };
    let lines = json!([line("FT1", &memo), line("FT2", "nop phi ho so")]);
    let body = json!({ "account": "bank-transfer", "lines": lines });
    for _ in 0..2 {
        let imported = office.browser.post("/v1/payment-statements", &cashier, "", body.clone());
        assert_eq!(imported.await.granted()[0]["new_lines"], 2);
        office.settle().await;
    }
    let paid = office.browser.get(&payments, &certificate.applicant).await.granted();
    assert_eq!((&paid["received_vnd"], &paid["outstanding_vnd"]), (&json!(30_000), &json!(0)));
    assert_eq!(paid["settled_at"], "2026-11-20T02:05:00Z", "when the bank booked it");
    assert_eq!(differences(&office, &cashier).await, pairs(&[("line:FT2", "unknown")]));
    let book = "/v1/payment-books/2026-11-20_G02_bank-transfer";
    let totals = office.browser.get(book, &cashier).await.granted()["totals"].clone();
    let sums = (&totals["lines"], &totals["movements"], &totals["recorded_in_vnd"]);
    assert_eq!(sums, (&json!(2), &json!(1), &json!(30_000)));
    let rows = office.browser.get(&format!("{book}/lines"), &cashier).await.granted();
    assert_eq!(rows[0]["dossier"], json!(certificate.id));
}
