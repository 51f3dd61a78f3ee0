//! Tests schemes against other implementations, in processes of their own: packages of npm and of
//! the Python package index, and node's crypto where a scheme has no package.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use cluster::tools::node_packages;
use partners::{Key, Order, Partner, Question, Secrets, Vnd};
use serde_json::{Value, json};

mod bank;
mod digests;
mod momo;
mod vnpay;

/// Texts that implementations encode in different ways.
const TEXTS: &[&str] = &[
    "Le phi",
    "Lệ phí hồ sơ số 1",
    "a+b c%20d",
    "a&b=c#d?e/f:g",
    "~*-._!'()",
    "\"quoted\" <tag> \\ |",
    "₫ 日本 🇻🇳",
    "e\u{302}\u{301} decomposed",
];

fn example(name: &str) -> Partner {
    Partner::parse(&text(name)).unwrap()
}

/// The text of an example, switched on.
fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners");
    let text = std::fs::read_to_string(file.join(format!("{name}.yaml"))).unwrap();
    text.replace("enabled: false", "enabled: true")
}

fn secrets() -> Secrets {
    let key = |id: &str, bytes: &[u8]| Key::new(id, bytes.to_vec());
    Secrets::new([key("new", b"KHOAMOI"), key("old", b"KHOACU")])
}

/// The output of a program for this input.
fn run(command: &mut Command, input: &Value) -> Value {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn oracle(requests: &[(&str, Value)]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/partners.cjs");
    let mut node = Command::new("node");
    let answers = run(node.arg(script).arg(node_packages().unwrap()), &json!(requests));
    let answers: Vec<Value> = serde_json::from_value(answers).unwrap();
    assert_eq!(answers.len(), requests.len());
    answers
}

fn order<'a>(text: &'a str, reference: &'a str) -> Order<'a> {
    Order {
        reference,
        request: "r-1",
        amount: Vnd(30_000),
        text,
        created_at: "2026-11-26T10:00:09Z".parse().unwrap(),
        expires_at: Some("2026-11-26T10:15:09Z".parse().unwrap()),
        return_url: "https://dossier.example/return?a=1&b=~*()' x",
        notify_url: "https://dossier.example/v1/partners/p/notices",
        payer_ip: "203.113.1.1",
        english: false,
        receipt: [("MaHoSo".to_owned(), Value::from("G02.002-26"))].into_iter().collect(),
        agency: "G02.002",
    }
}

fn question(reference: &str) -> Question<'_> {
    Question {
        reference,
        request: "r-2",
        ordered_at: "2026-11-26T10:00:09Z".parse().unwrap(),
        asked_at: "2026-11-26T11:00:00Z".parse().unwrap(),
        transaction: None,
        our_ip: "203.113.1.2",
    }
}
