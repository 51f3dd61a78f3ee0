//! Tills whose day is closed, payouts with one number, and the two sides of an account.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::cashier_day::{at_counter, started};
use crate::life::{notice, submitted, take};
use crate::support::{Answer, Office};

const TILL: &str = "/v1/payment-books/2026-11-20_G02.001_cash";
const NEXT_TILL: &str = "/v1/payment-books/2026-11-21_G02.001_cash";

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

async fn step(office: &mut Office, token: &str, (book, step): (&str, &str), body: Value) -> Answer {
    let answer = office.browser.post(&format!("{book}/{step}"), token, "", body).await;
    office.settle().await;
    answer
}

async fn close(office: &mut Office, people: &People, book: &str, counted: i64) -> Value {
    let counted = json!({ "counted_vnd": counted });
    let proposed = step(office, &people.cashier, (book, "closings"), counted).await.granted();
    let approve = json!({ "closing": proposed["proposed_closing"]["closing"] });
    step(office, &people.head, (book, "closing-approvals"), approve).await.granted()
}

async fn correct(office: &mut Office, people: &People, book: &str, lines: Value) -> Value {
    let body = json!({ "lines": lines, "reason": "nộp tiền mặt vào tài khoản" });
    let proposed = step(office, &people.cashier, (book, "corrections"), body).await.granted();
    let enter = json!({ "correction": proposed["proposed_corrections"][0]["correction"] });
    step(office, &people.head, (book, "correction-approvals"), enter).await.granted()
}

async fn cash(office: &mut Office, cashier: &str, applicant: &str) {
    let counter = at_counter(office, applicant).await;
    let cash = json!({ "amount_vnd": 30_000 });
    take(office, &counter.at("payments"), "cash", cashier, cash).await.granted();
}

async fn sum(office: &Office, token: &str, book: &str, name: &str) -> Value {
    office.browser.get(book, token).await.granted()["totals"][name].clone()
}

fn line(event: &str, kind: &str, amount: i64, more: &Value) -> Value {
    let mut line = json!({
        "event": event, "kind": kind, "amount_vnd": amount,
        "booked_at": "2026-11-20T08:30:00+07:00",
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

#[tokio::test]
async fn cash_after_the_till_was_closed_is_in_the_till_of_the_next_day() {
    let mut office = Office::open().await;
    let people = people(&office);
    cash(&mut office, &people.cashier, "a1").await;
    let closed = close(&mut office, &people, TILL, 30_000).await;
    assert_eq!(closed["closed"]["difference_vnd"], 0);
    cash(&mut office, &people.cashier, "a2").await;
    let recorded = "recorded_in_vnd";
    assert_eq!(sum(&office, &people.cashier, TILL, recorded).await, 30_000, "as it was closed");
    assert_eq!(sum(&office, &people.cashier, NEXT_TILL, recorded).await, 30_000);
    office.wait_until("2026-11-21T17:00").await;
    let closed = close(&mut office, &people, NEXT_TILL, 30_000).await;
    assert_eq!(closed["closed"]["difference_vnd"], 0);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn corrections_of_a_till_are_counted_with_it_and_are_no_differences() {
    let mut office = Office::open().await;
    let people = people(&office);
    cash(&mut office, &people.cashier, "a1").await;
    let banked = line("B1", "paid_out", 20_000, &json!({ "payout": "B1" }));
    let found = line("X1", "received", 500, &json!({ "memo": "tìm thấy dưới quầy" }));
    let entered = correct(&mut office, &people, TILL, json!([banked, found])).await;
    assert_eq!(entered["corrections"][0]["lines"], json!(["B1", "X1"]));
    for address in ["/v1/payment-differences", "/v1/payment-notices/unmatched"] {
        let rows = office.browser.get(address, &people.cashier).await.granted();
        assert_eq!(rows, json!([]), "{address}");
    }
    let closed = close(&mut office, &people, TILL, 10_500).await;
    let difference = (&closed["closed"]["difference_vnd"], &closed["totals"]["paid_out_vnd"]);
    assert_eq!(difference, (&json!(0), &json!(20_000)));
    // After the closing, a correction changes the present sums, and not the closing.
    let late = line("X2", "charge", 500, &json!({}));
    let entered = correct(&mut office, &people, TILL, json!([late])).await;
    assert_eq!(sum(&office, &people.cashier, TILL, "charged_vnd").await, 500);
    assert_eq!(entered["closed"]["totals"]["charged_vnd"], 0);
}

#[tokio::test]
async fn payouts_of_two_providers_with_one_number_are_told_apart() {
    let mut office = Office::open().await;
    let People { cashier, .. } = people(&office);
    let import = async |account: &str, lines: Value| {
        let body = json!({ "account": account, "lines": lines });
        office.browser.post("/v1/payment-statements", &cashier, "", body).await.granted();
    };
    let of = json!({ "payout": "7" });
    let lines = |name: &str, amount| {
        json!([
            line(&format!("{name}-in"), "received", amount, &of),
            line(&format!("{name}-out"), "paid_out", amount, &of),
        ])
    };
    import("sandbox", lines("s", 30_000)).await;
    import("sandbox-partial", lines("p", 50_000)).await;
    let arrived = json!([
        line("arrived-p", "paid_in", 50_000, &of),
        line("arrived-s", "paid_in", 30_000, &of),
        line("arrived-x", "paid_in", 10_000, &of),
    ]);
    import("sandbox-silent", arrived).await;
    office.settle().await;
    let rows = office.browser.get("/v1/payment-differences", &cashier).await.granted();
    let mut keys: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["line:arrived-x", "line:p-in", "line:s-in"]);
}

/// The bodies of a list's pages, from the one at this address on.
async fn in_pages(office: &Office, token: &str, mut next: String) -> Vec<Value> {
    let mut pages = Vec::new();
    while !next.is_empty() {
        let page = office.browser.get(&next, token).await;
        let link = page.header("link");
        link.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut next);
        pages.push(page.granted());
    }
    pages
}

#[tokio::test]
async fn the_two_sides_of_an_account_are_shown_side_by_side_with_what_dossiers_have() {
    let mut office = Office::open().await;
    let People { cashier, .. } = people(&office);
    let paid = submitted(&mut office, "a1", "download").await;
    let reference = started(&mut office, &paid).await;
    notice(&mut office, &reference, "ipn-1", "captured", 30_000).await;
    let lines = json!([
        line("L1", "received", 30_000, &json!({ "reference": reference })),
        line("L2", "received", 12_000, &json!({})),
        line("C1", "charge", 500, &json!({})),
    ]);
    let body = json!({ "account": "sandbox", "lines": lines });
    office.browser.post("/v1/payment-statements", &cashier, "", body).await.granted();
    office.settle().await;
    let late = submitted(&mut office, "a2", "download").await;
    let reference = started(&mut office, &late).await;
    notice(&mut office, &reference, "ipn-2", "captured", 45_000).await;

    let address = "/v1/payment-parity?account=sandbox&from=2026-11-20";
    let shown = office.browser.get(address, &cashier).await.granted();
    let totals = json!({
        "stated_in_vnd": 42_000, "stated_out_vnd": 0, "charged_vnd": 500,
        "recorded_in_vnd": 75_000, "recorded_out_vnd": 0, "receipted_vnd": 60_000,
    });
    assert_eq!((&shown["totals"], &shown["open_differences"]), (&totals, &json!(2)));
    let rows = shown["rows"].as_array().unwrap();
    let of = |dossier: &str| rows.iter().find(|row| row["dossier"]["dossier"] == dossier).unwrap();
    let (first, second) = (of(&paid.id), of(&late.id));
    assert_eq!(first["differences"], json!([]));
    assert_eq!(
        (&first["stated_in_vnd"], &first["receipted_vnd"]),
        (&json!(30_000), &json!(30_000))
    );
    assert!(first["dossier"]["settled_at"].is_string(), "{first}");
    assert_eq!(second["differences"], json!(["missing_there"]));
    let had = (&second["dossier"]["received_vnd"], &second["dossier"]["receipted_vnd"]);
    assert_eq!(had, (&json!(45_000), &json!(30_000)), "{second}");
    let unknown = rows.iter().find(|row| row["key"] == "line:L2").unwrap();
    assert_eq!((&unknown["differences"], &unknown["dossier"]), (&json!(["unknown"]), &Value::Null));

    // In pages, each row once; and only what differs.
    for (more, expected) in [("", 4), ("&only_differences=true", 2)] {
        let pages = in_pages(&office, &cashier, format!("{address}{more}&limit=1")).await;
        let rows = pages.iter().flat_map(|page| page["rows"].as_array().unwrap());
        let mut keys: Vec<String> = rows.map(|row| row["key"].to_string()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), count), (expected, expected), "{more}");
    }
    for wrong in ["from=2026-11-20&to=2026-12-21", "from=2026-11-20&to=2026-11-19", "from=x"] {
        let address = format!("/v1/payment-parity?account=sandbox&{wrong}");
        assert_eq!(office.browser.get(&address, &cashier).await.status.as_u16(), 400, "{wrong}");
    }
    let other = office.token(Role::Cashier, "cashier-2", "G02.002");
    let foreign = format!("{address}&agency=G02.001");
    assert!(matches!(office.browser.get(&foreign, &other).await.status.as_u16(), 403 | 404));

    // Differences are tasks of the cashier too, among the others and in pages.
    let tasks = "/v1/payment-tasks?kind=difference";
    let rows = office.browser.get(tasks, &cashier).await.granted();
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows}");
    let line = rows.as_array().unwrap().iter().find(|row| row["why"] == "unknown").unwrap();
    let of = (&line["difference"], &line["book"], &line["dossier"]);
    let expected = (&json!("line:L2"), &json!("2026-11-20_G02.001_sandbox"), &Value::Null);
    assert_eq!(of, expected);
    assert!(line["due_at"].is_string() && line["missed"].is_boolean(), "{line}");
    let pages = in_pages(&office, &cashier, "/v1/payment-tasks?limit=1".to_owned()).await;
    let rows = pages.iter().flat_map(|page| page.as_array().unwrap());
    let mut kinds: Vec<String> = rows.map(|row| row["kind"].to_string()).collect();
    kinds.sort();
    assert_eq!(kinds, ["\"difference\"", "\"difference\"", "\"discrepancy\""]);
}
