//! VNPAY against npm `vnpay`.

use cluster::needs;
use cluster::tools::node_packages;
use jiff::Timestamp;
use partners::{
    Incoming, Notice, Order, Outcome, Question, Reference, Refund, Rejected, Response, Start, Vnd,
};
use serde_json::{Value, json};

use super::{TEXTS, example, oracle, order, question, secrets};

fn config(secret: &str) -> Value {
    json!({"secret": secret, "merchant": "DOSSIER1"})
}

#[test]
fn npm_vnpay_builds_the_same_address_to_pay() {
    needs!(node_packages());
    let partner = example("vnpay");
    let reference = Reference::of(b"1");
    let orders: Vec<Order<'_>> = TEXTS.iter().map(|text| order(text, reference.as_str())).collect();
    let ours: Vec<url::Url> = orders
        .iter()
        .map(|order| match partner.scheme().pay(&partner, &secrets(), order) {
            Ok(Start::Redirect(url)) => url.parse().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    let requests: Vec<(&str, Value)> = ours
        .iter()
        .map(|url| {
            let pairs = url.query_pairs().filter(|(name, _)| name != "vnp_SecureHash");
            let mut data: serde_json::Map<String, Value> =
                pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect();
            // The package multiplies amounts, and wants times as numbers.
            data.insert("vnp_Amount".to_owned(), json!(30_000));
            for name in ["vnp_CreateDate", "vnp_ExpireDate"] {
                let number: i64 = data[name].as_str().unwrap().parse().unwrap();
                data.insert(name.to_owned(), json!(number));
            }
            ("vnpay.pay", json!({"config": config("KHOAMOI"), "data": data}))
        })
        .collect();
    for (ours, theirs) in ours.iter().zip(oracle(&requests)) {
        let theirs: url::Url = theirs.as_str().unwrap().parse().unwrap();
        assert_eq!(ours.query(), theirs.query());
    }
}

fn report(text: &str) -> Value {
    json!({
        "vnp_Amount": "3000000",
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": "",
        "vnp_CardType": "ATM",
        "vnp_OrderInfo": text,
        "vnp_PayDate": "20261126170112",
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": "DOSSIER1",
        "vnp_TransactionNo": "14226112",
        "vnp_TransactionStatus": "00",
        "vnp_TxnRef": "DSR1",
    })
}

#[test]
fn a_report_that_npm_vnpay_signs_is_read_and_no_other_one() {
    needs!(node_packages());
    let partner = example("vnpay");
    // The older key is still valid; the third is not ours.
    let keys = ["KHOAMOI", "KHOACU", "KHOALA"];
    let requests: Vec<(&str, Value)> = TEXTS
        .iter()
        .flat_map(|text| keys.map(|key| (key, text)))
        .map(|(key, text)| ("vnpay.sign", json!({"config": config(key), "data": report(text)})))
        .collect();
    let signed = oracle(&requests);
    let read = |query: &str| {
        let incoming = Incoming { query, ..Incoming::default() };
        partner.scheme().notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH)
    };
    let mut verified = Vec::new();
    for (place, query) in signed.iter().enumerate() {
        let query = query.as_str().unwrap();
        match (place % 3, read(query)) {
            (2, Err(Rejected::Signature(_))) => {}
            (key, Ok(Notice { outcome: Outcome::Captured, key: Some(by), amount, .. })) => {
                assert_eq!((by.as_str(), amount), (["new", "old"][key], Some(Vnd(30_000))));
            }
            (_, other) => panic!("{query}: {other:?}"),
        }
        // Both agree about a report that was changed.
        let changed = query.replacen("3000000", "3000100", 1);
        assert!(matches!(read(&changed), Err(Rejected::Signature(_))));
        verified.push(("vnpay.verify", json!({"config": config("KHOAMOI"), "query": query})));
        verified.push(("vnpay.verify", json!({"config": config("KHOAMOI"), "query": changed})));
    }
    for (place, answer) in oracle(&verified).iter().enumerate() {
        assert_eq!(answer["isVerified"], json!(place % 6 == 0), "{place}: {answer}");
    }
}

#[test]
fn npm_vnpay_asks_and_refunds_with_the_same_signature_and_signs_answers_that_are_read() {
    needs!(node_packages());
    let partner = example("vnpay");
    let question = question("DSR1");
    let refund = Refund {
        question: Question { transaction: Some("14226112"), ..question },
        refund_reference: "DSRR",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: "Hoàn một phần",
        by: "Nguyễn An",
        others: &[],
    };
    let query = partner.scheme().query(&partner, &secrets(), question).unwrap();
    let back = partner.scheme().refund(&partner, &secrets(), &refund).unwrap();
    let ours: Vec<Value> =
        [&query, &back].map(|call| serde_json::from_slice(&call.body).unwrap()).to_vec();
    let fields = [
        "9",
        "querydr",
        "00",
        "Tìm thấy giao dịch",
        "DOSSIER1",
        "DSR1",
        "3000000",
        "NCB",
        "20261126170112",
        "14226112",
        "01",
        "00",
        "Lệ phí + 1",
        "",
        "",
    ];
    let names = [
        "vnp_ResponseId",
        "vnp_Command",
        "vnp_ResponseCode",
        "vnp_Message",
        "vnp_TmnCode",
        "vnp_TxnRef",
        "vnp_Amount",
        "vnp_BankCode",
        "vnp_PayDate",
        "vnp_TransactionNo",
        "vnp_TransactionType",
        "vnp_TransactionStatus",
        "vnp_OrderInfo",
        "vnp_PromotionCode",
        "vnp_PromotionAmount",
    ];
    let sign = json!({"secret": "KHOAMOI", "values": fields});
    let hash = oracle(&[("vnpay.pipe", sign)]).remove(0);
    let mut answer: serde_json::Map<String, Value> =
        names.iter().zip(fields).map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    answer.insert("vnp_SecureHash".to_owned(), hash);
    let mut refund_data = ours[1].clone();
    refund_data["vnp_Amount"] = json!(10_000);
    let answers = oracle(&[
        ("vnpay.query", json!({"config": config("KHOAMOI"), "data": ours[0], "answer": answer})),
        ("vnpay.refund", json!({"config": config("KHOAMOI"), "data": refund_data, "answer": {}})),
    ]);
    for (theirs, ours) in answers.iter().zip(&ours) {
        assert_eq!(theirs["sent"]["body"]["vnp_SecureHash"], ours["vnp_SecureHash"]);
        assert_eq!(theirs["sent"]["method"], "POST");
    }
    assert_eq!(answers[0]["verified"], json!(true));
    let body = Value::Object(answer).to_string();
    let response = Response { status: 200, body: body.as_bytes() };
    let notice = partner.scheme().queried(&partner, &secrets(), question, response).unwrap();
    assert_eq!((notice.outcome, notice.amount), (Outcome::Captured, Some(Vnd(30_000))));
}
