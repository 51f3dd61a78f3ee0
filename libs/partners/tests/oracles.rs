//! Tests schemes against other implementations, in processes of their own: packages of npm and of
//! the Python package index, and node's crypto where a scheme has no package.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cluster::needs;
use cluster::tools::{CAMT053, node_packages};
use jiff::Timestamp;
use partners::{
    Capability, Incoming, Key, Notice, Order, Outcome, Partner, Question, Reference, Refund,
    Rejected, Response, Scheme, Secrets, Start, Vnd, named,
};
use serde_json::{Value, json};

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
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners");
    let text = std::fs::read_to_string(file.join(format!("{name}.yaml"))).unwrap();
    Partner::parse(&text.replace("enabled: false", "enabled: true")).unwrap()
}

fn scheme(partner: &Partner) -> &'static dyn Scheme {
    named(partner.scheme.description().name).unwrap()
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
        receipt: serde_json::Map::new(),
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
        .map(|order| match scheme(&partner).pay(&partner, &secrets(), order) {
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
        scheme(&partner).notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH)
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
    };
    let scheme = scheme(&partner);
    let query = scheme.query(&partner, &secrets(), question).unwrap();
    let back = scheme.refund(&partner, &secrets(), &refund).unwrap();
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
    let notice = scheme.queried(&partner, &secrets(), question, response).unwrap();
    assert_eq!((notice.outcome, notice.amount), (Outcome::Captured, Some(Vnd(30_000))));
}

#[test]
fn momo_is_signed_as_its_documents_say() {
    needs!(node_packages());
    let partner = example("momo");
    let scheme = scheme(&partner);
    let names = [
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
    let created = [
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
    let refunded =
        ["accessKey", "amount", "description", "orderId", "partnerCode", "requestId", "transId"];
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    let mut reports = Vec::new();
    let mut sign = |order: &[&str], values: &Value| {
        let mut values = values.clone();
        values["accessKey"] = json!("ACCESSKEY");
        let request = json!({"secret": "KHOAMOI", "order": order, "values": values});
        requests.push(("momo.sign", request));
    };
    for text in TEXTS {
        let refund = Refund {
            question: Question { transaction: Some("4088878653"), ..question("DSR1") },
            refund_reference: "DSRR",
            amount: Vnd(10_000),
            captured: Vnd(30_000),
            reason: text,
            by: "an",
        };
        let pay = match scheme.pay(&partner, &secrets(), &order(text, "DSR1")) {
            Ok(Start::Call(call)) => call,
            other => panic!("{other:?}"),
        };
        let query = scheme.query(&partner, &secrets(), question("DSR1")).unwrap();
        let back = scheme.refund(&partner, &secrets(), &refund).unwrap();
        let asked: &[&str] = &["accessKey", "orderId", "partnerCode", "requestId"];
        for (call, order) in [(pay, &created[..]), (query, asked), (back, &refunded)] {
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            sign(order, &body);
            expected.push(body["signature"].clone());
        }
        let report = json!({
            "amount": 30_000, "extraData": "", "message": "Thành công.", "orderId": "DSR1",
            "orderInfo": text, "orderType": "momo_wallet", "partnerCode": "MOMODOSSIER",
            "payType": "qr", "requestId": "r-1", "responseTime": 1_764_151_272_000_i64,
            "resultCode": 0, "transId": 4_088_878_653_i64,
        });
        sign(&names, &report);
        expected.push(Value::Null);
        reports.push(report);
    }
    let mut reports = reports.into_iter();
    for (signature, expected) in oracle(&requests).into_iter().zip(expected) {
        if expected != Value::Null {
            assert_eq!(signature, expected);
            continue;
        }
        let mut report = reports.next().unwrap();
        report["signature"] = signature;
        let body = report.to_string();
        let incoming = Incoming { body: body.as_bytes(), ..Incoming::default() };
        let notice = scheme.notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((notice.amount, notice.key.as_deref()), (Some(Vnd(30_000)), Some("new")));
    }
}

#[test]
fn the_national_platform_is_signed_as_its_client_does() {
    needs!(node_packages());
    let partner = example("national-platform");
    let scheme = scheme(&partner);
    let Ok(Start::Call(init)) = scheme.pay(&partner, &secrets(), &order(TEXTS[1], "DSR1")) else {
        panic!("no call");
    };
    let init: Value = serde_json::from_slice(&init.body).unwrap();
    let query = scheme.query(&partner, &secrets(), question("DSR1")).unwrap();
    let query: Value = serde_json::from_slice(&query.body).unwrap();
    let values = |body: &Value, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| body[*name].clone()).collect()
    };
    let init_names = [
        "LoaiBanTin",
        "PhienBan",
        "MaDoiTac",
        "MaThamChieu",
        "SoTien",
        "LoaiHinhThanhToan",
        "MaKenhThanhToan",
        "MaThietBi",
        "NgonNgu",
        "MaTienTe",
        "MaNganHang",
        "ThongTinGiaoDich",
        "ThoiGianGD",
        "Ip",
    ];
    let query_names = ["LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD"];
    let confirm_names = [
        "LoaiBanTin",
        "MaLoi",
        "MaDoiTac",
        "MaThamChieu",
        "SoTien",
        "MaTienTe",
        "MaGiaoDich",
        "MaNganHang",
        "ThoiGianGD",
        "ThongTinGiaoDich",
    ];
    let mut confirm = json!({
        "LoaiBanTin": "CONFIRM", "MaLoi": "00", "MaDoiTac": "DT001", "MaThamChieu": "DSR1",
        "SoTien": 30_000, "MaTienTe": "VND", "MaGiaoDich": "GD1", "MaNganHang": "VCB",
        "ThoiGianGD": "20261126170112", "ThongTinGiaoDich": TEXTS[1],
    });
    let sign = |values: Vec<Value>, secret: &str| {
        ("platform.sign", json!({"secret": secret, "values": values}))
    };
    let codes = oracle(&[
        sign(values(&init, &init_names), "KHOAMOI"),
        sign(values(&query, &query_names), "KHOAMOI"),
        sign(values(&confirm, &confirm_names), "KHOACU"),
    ]);
    assert_eq!((&init["MaXacThuc"], &query["MaXacThuc"]), (&codes[0], &codes[1]));
    confirm["MaXacThuc"] = codes[2].clone();
    let body = confirm.to_string();
    let incoming = Incoming { body: body.as_bytes(), ..Incoming::default() };
    let notice = scheme.notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((notice.amount, notice.key.as_deref()), (Some(Vnd(30_000)), Some("old")));
}

#[test]
fn bodies_are_signed_as_nodes_crypto_does() {
    needs!(node_packages());
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners/hmac-body.yaml"),
    );
    let text = text.unwrap().replace("enabled: false", "enabled: true");
    let now: Timestamp = "2026-11-26T10:05:00Z".parse().unwrap();
    let body = json!({"id": "e1", "type": "payment.succeeded", "text": TEXTS,
        "data": {"order": "DSR1", "amount": 30_000}});
    let body = body.to_string();
    let signed = format!("{}.{body}", now.as_second());
    for algorithm in ["sha256", "sha512"] {
        for encoding in ["hex", "base64"] {
            let settings = format!("settings:\n  algorithm: {algorithm}\n  encoding: {encoding}\n");
            let partner = Partner::parse(&text.replace("settings:\n", &settings)).unwrap();
            let request = json!({"secret": "KHOACU", "text": signed, "algorithm": algorithm,
                "encoding": encoding});
            let signature = oracle(&[("hmac.sign", request)]).remove(0);
            let signature = format!("sha256={}", signature.as_str().unwrap());
            let time = now.as_second().to_string();
            let headers = [("x-signature", &*signature), ("x-timestamp", &*time)];
            let incoming = Incoming { headers: &headers, body: body.as_bytes(), query: "" };
            let notice = scheme(&partner).notice(&partner, &secrets(), incoming, now).unwrap();
            assert_eq!(notice.key.as_deref(), Some("old"), "{algorithm} {encoding}");
        }
    }
}

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
        let start = scheme(&partner).pay(&partner, &Secrets::default(), &order);
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
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners/bank-transfer.yaml"),
    );
    let text = text.unwrap().replace("enabled: false", "enabled: true");
    let partner = Partner::parse(&text.replace("format: csv", "format: camt.053")).unwrap();
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
    let batch = include_str!("oracles/batch.xml").replace("{memo}", one.as_str());
    let request = json!({"account": "0011000000001", "entries": entries, "statements": [batch]});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/statement.py");
    let answer = run(Command::new(python()).arg(script), &request);
    let read = |text: &str| scheme(&partner).statement(&partner, text.as_bytes()).unwrap();
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
