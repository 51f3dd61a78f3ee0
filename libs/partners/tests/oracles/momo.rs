//! MoMo against node's crypto over the strings of MoMo's documents.

use cluster::needs;
use cluster::tools::node_packages;
use jiff::Timestamp;
use partners::{Incoming, Outgoing, Question, Refund, Start, Vnd};
use serde_json::{Value, json};

use super::{TEXTS, example, oracle, order, question, secrets};

const CREATE: &[&str] = &[
    "accessKey",
    "amount",
    "extraData",
    "ipnUrl",
    "orderId",
    "orderInfo",
    "partnerCode",
    "redirectUrl",
    "requestId",
    "requestType",
];
const QUERY: &[&str] = &["accessKey", "orderId", "partnerCode", "requestId"];
const REFUND: &[&str] =
    &["accessKey", "amount", "description", "orderId", "partnerCode", "requestId", "transId"];
const REPORT: &[&str] = &[
    "accessKey",
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
];

/// The request for a signature of these values.
fn sign(order: &[&str], values: &Value) -> (&'static str, Value) {
    let mut values = values.clone();
    values["accessKey"] = json!("ACCESSKEY");
    ("momo.sign", json!({"secret": "KHOAMOI", "order": order, "values": values}))
}

fn calls(text: &str) -> [Outgoing; 3] {
    let partner = example("momo");
    let scheme = partner.scheme();
    let refund = Refund {
        question: Question { transaction: Some("4088878653"), ..question("DSR1") },
        refund_reference: "DSRR",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: text,
        by: "an",
        others: &[],
    };
    let Ok(Start::Call(pay)) = scheme.pay(&partner, &secrets(), &order(text, "DSR1")) else {
        panic!("no call: {text}");
    };
    let query = scheme.query(&partner, &secrets(), question("DSR1")).unwrap();
    [pay, query, scheme.refund(&partner, &secrets(), &refund).unwrap()]
}

#[test]
fn calls_are_signed_as_the_documents_say() {
    needs!(node_packages());
    let mut requests = Vec::new();
    let mut signed = Vec::new();
    for text in TEXTS {
        for (call, order) in calls(text).iter().zip([CREATE, QUERY, REFUND]) {
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            requests.push(sign(order, &body));
            signed.push(body["signature"].clone());
        }
    }
    assert_eq!(oracle(&requests), signed);
}

#[test]
fn reports_that_are_signed_as_the_documents_say_are_read() {
    needs!(node_packages());
    let partner = example("momo");
    let reports: Vec<Value> = TEXTS
        .iter()
        .map(|text| {
            json!({
                "amount": 30_000, "extraData": "", "message": "Thành công.", "orderId": "DSR1",
                "orderInfo": text, "orderType": "momo_wallet", "partnerCode": "MOMODOSSIER",
                "payType": "qr", "requestId": "r-1", "responseTime": 1_764_151_272_000_i64,
                "resultCode": 0, "transId": 4_088_878_653_i64,
            })
        })
        .collect();
    let requests: Vec<(&str, Value)> = reports.iter().map(|report| sign(REPORT, report)).collect();
    for (mut report, signature) in reports.into_iter().zip(oracle(&requests)) {
        report["signature"] = signature;
        let body = report.to_string();
        let incoming = Incoming { body: body.as_bytes(), ..Incoming::default() };
        let now = Timestamp::UNIX_EPOCH;
        let notice = partner.scheme().notice(&partner, &secrets(), incoming, now).unwrap();
        assert_eq!((notice.amount, notice.key.as_deref()), (Some(Vnd(30_000)), Some("new")));
    }
}
