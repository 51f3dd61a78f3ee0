//! VietQR and camt.053 against packages of npm and of the Python package index.

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::needs;
use cluster::tools::{CAMT053, node_packages};
use partners::{Capability, Order, Outcome, Partner, Reference, Secrets, Start, Vnd};
use serde_json::json;

use super::{example, oracle, order, run, text};

#[test]
fn two_packages_read_a_vietqr_code_and_one_builds_the_same() {
    needs!(node_packages());
    let partner = example("bank-transfer");
    let references: Vec<Reference> =
        (0..50_u32).map(|id| Reference::of(&id.to_be_bytes())).collect();
    let mut requests = Vec::new();
    let mut ours = Vec::new();
    for (place, reference) in (1_i64..).zip(&references) {
        let order = Order { amount: Vnd(place * 1_237), ..order("", reference.as_str()) };
        let start = partner.scheme().pay(&partner, &Secrets::default(), &order);
        let Ok(Start::Qr { text, memo }) = start else { panic!("{start:?}") };
        requests.push(("vietqr.read", json!({"text": text})));
        requests.push((
            "vietqr.build",
            json!({"bank": "970436", "number": "0011000000001", "amount": order.amount.0, "memo": memo}),
        ));
        ours.push((text, memo, order.amount.0.to_string()));
    }
    for ((text, memo, amount), answers) in ours.iter().zip(oracle(&requests).chunks(2)) {
        let expected = json!({
            "valid": true, "bank": "970436", "number": "0011000000001", "amount": amount,
            "memo": memo, "service": "QRIBFTTA", "strict": [amount, memo, "VN"],
        });
        assert_eq!((&answers[0], &answers[1]), (&expected, &json!(text)));
    }
}

/// The Python of the package's environment.
fn python() -> PathBuf {
    CAMT053.path().unwrap().with_file_name("python")
}

#[test]
fn a_statement_that_pypi_camt053_writes_is_read_and_ours_is_valid() {
    needs!(CAMT053.path());
    let partner =
        Partner::parse(&text("bank-transfer").replace("format: csv", "format: camt.053")).unwrap();
    let (one, two) = (Reference::of(b"1"), Reference::of(b"2"));
    let entry = |place: usize, amount: &str, direction: &str, memo: &str| {
        json!({
            "reference": format!("N{place}"), "amount": amount, "currency": "VND",
            "credit_debit_indicator": direction, "status": "BOOK",
            "booking_date": "2026-11-26", "value_date": "2026-11-26",
            "account_servicer_ref": format!("R{place}"), "reversal_indicator": place == 3,
            "details": [{"end_to_end_id": memo, "counterparty_name": "NGUYỄN & CON"}],
        })
    };
    let entries = [
        entry(1, "30000", "CRDT", one.as_str()),
        entry(2, "15000.00", "DBIT", two.as_str()),
        entry(3, "30000", "DBIT", one.as_str()),
        entry(4, "5", "CRDT", "NOTPROVIDED"),
    ];
    let batch = include_str!("batch.xml").replace("{memo}", one.as_str());
    let request = json!({"account": "0011000000001", "entries": entries, "statements": [batch]});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/statement.py");
    let answer = run(Command::new(python()).arg(script), &request);
    let read = |text: &str| partner.scheme().statement(&partner, text.as_bytes()).unwrap();
    let notices = read(answer["text"].as_str().unwrap());
    let seen: Vec<(&str, Option<&str>, Outcome, i64)> = notices
        .iter()
        .map(|one| (&*one.event, one.reference.as_deref(), one.outcome, one.amount.unwrap().0))
        .collect();
    let expected = [
        ("R1", Some(one.as_str()), Outcome::Captured, 30_000),
        ("R2", Some(two.as_str()), Outcome::Refunded, 15_000),
        ("R3", Some(one.as_str()), Outcome::Reversed, 30_000),
        ("R4", None, Outcome::Captured, 5),
    ];
    assert_eq!(seen, expected);
    let theirs = answer["read"].as_array().unwrap();
    assert_eq!(theirs.len(), notices.len());
    // Our own sample, with several transactions in an entry, is valid by the schema.
    let checked = &answer["checked"][0];
    assert_eq!(checked["valid"]["valid"], json!(true), "{checked}");
    let notices = read(&batch);
    assert_eq!(notices.len(), 3);
    let total: i64 = notices.iter().map(|one| one.amount.unwrap().0).sum();
    assert_eq!(total, 60_000);
    assert_eq!(notices[0].reference.as_deref(), Some(one.as_str()));
    assert!(notices.iter().all(|one| one.by == Capability::Statement && one.paid_at.is_some()));
}
