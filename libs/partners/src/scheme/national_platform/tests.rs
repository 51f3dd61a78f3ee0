use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::file::tests::example;
use crate::secret::Key;
use crate::terms::Vnd;

fn secrets() -> Secrets {
    Secrets::new([Key::new("platform", b"SECRET".to_vec())])
}

const CONFIRM: &[(&str, &str)] = &[
    ("LoaiBanTin", "CONFIRM"),
    ("MaLoi", "00"),
    ("MaDoiTac", "DT001"),
    ("MaThamChieu", "DSR0123456789ABC"),
    ("SoTien", "30000"),
    ("MaTienTe", "VND"),
    ("MaGiaoDich", "GD1"),
    ("MaNganHang", "VCB"),
    ("ThoiGianGD", "20261126170112"),
    ("ThongTinGiaoDich", "THANH TOÁN HỒ SƠ G02"),
];

/// A body with the signature that the documents describe, made here by hand.
fn body(values: &[(&str, &str)]) -> Vec<u8> {
    let text: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
    let code = hex(&Sha256::digest(format!("{}|SECRET", text.join("|"))));
    with_code(values, &code)
}

fn with_code(values: &[(&str, &str)], code: &str) -> Vec<u8> {
    let mut body: Map<String, Value> = values
        .iter()
        .map(|(name, value)| {
            // The amount is a number in the client that was read.
            let number = value.parse::<i64>().ok().filter(|_| *name == "SoTien");
            ((*name).to_owned(), number.map_or_else(|| Value::from(*value), Value::from))
        })
        .collect();
    body.insert(CODE.to_owned(), Value::from(code));
    Value::Object(body).to_string().into_bytes()
}

fn read(body: &[u8]) -> Result<Notice, Rejected> {
    let incoming = Incoming { body, ..Incoming::default() };
    let partner = example("national-platform");
    NationalPlatform.notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH)
}

fn changed(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    CONFIRM.iter().map(|(one, known)| (*one, if *one == name { value } else { *known })).collect()
}

fn question() -> Question<'static> {
    Question {
        reference: "DSR0123456789ABC",
        request: "r1",
        ordered_at: "2026-11-26T10:00:00Z".parse().unwrap(),
        asked_at: "2026-11-26T11:00:00Z".parse().unwrap(),
        transaction: None,
        our_ip: "203.113.1.1",
    }
}

#[test]
fn a_confirmation_becomes_a_notice_and_its_reply_repeats_it() {
    let sent = body(CONFIRM);
    let notice = read(&sent).unwrap();
    assert_eq!(notice.event, "DSR0123456789ABC:GD1:00");
    assert_eq!((notice.amount, notice.outcome), (Some(Vnd(30_000)), Outcome::Captured));
    assert_eq!(notice.paid_at, Some("2026-11-26T10:01:12Z".parse().unwrap()));
    let failed = read(&body(&changed("MaLoi", "05"))).unwrap();
    assert_eq!(failed.outcome, Outcome::Failed);

    let incoming = Incoming { body: &sent, ..Incoming::default() };
    let reply = |answer| {
        let reply = NationalPlatform.reply(&example("national-platform"), incoming, answer);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let (status, taken) = reply(Answer::Taken);
    assert_eq!((status, &taken["MaLoi"]), (200, &Value::from("00")));
    assert_eq!(taken["MaThamChieu"], "DSR0123456789ABC");
    let (status, refused) = reply(Answer::WrongSignature);
    assert_eq!((status, &refused["MaThamChieu"]), (401, &Value::from("")));
}

#[test]
fn a_refusal_does_not_tell_the_signature() {
    let Err(Rejected::Signature(wrong)) = read(&with_code(CONFIRM, "00")) else {
        panic!("it was read");
    };
    let text: Vec<&str> = CONFIRM.iter().map(|(_, value)| *value).collect();
    let text = text.join("|");
    assert_eq!(wrong.canonical_sha256, hex(&Sha256::digest(&text)));
    assert_ne!(wrong.canonical_sha256, hex(&Sha256::digest(format!("{text}|SECRET"))));
}

#[test]
fn a_value_with_a_separator_is_refused() {
    // Both have one string: "…|GD1|VCB|…".
    let one = changed("MaGiaoDich", "GD1|VCB");
    let Err(Rejected::Signature(wrong)) = read(&body(&one)) else { panic!("it was read") };
    assert_eq!(wrong.problem, SignatureProblem::Form);
}

#[test]
fn an_order_is_signed_over_its_values_on_a_clock_of_24_hours() {
    let order = Order {
        reference: "DSR0123456789ABC",
        request: "r1",
        amount: Vnd(30_000),
        text: "Lệ phí hồ sơ G02.002-26",
        created_at: "2026-11-26T10:00:00Z".parse().unwrap(),
        expires_at: None,
        return_url: "https://dossier.example/",
        notify_url: "https://dossier.example/",
        payer_ip: "203.113.1.1",
        english: false,
        receipt: [("MaHoSo".to_owned(), Value::from("G02.002-26"))].into_iter().collect(),
        agency: "G02.002",
    };
    let partner = example("national-platform");
    let Ok(Start::Call(call)) = NationalPlatform.pay(&partner, &secrets(), &order) else {
        panic!("no call");
    };
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let text = "INIT|1.0.6|DT001|DSR0123456789ABC|30000|PAY|1|1|vi-VN|VND|PAYMENT|\
                Le phi ho so G02.002-26|20261126170000|203.113.1.1|SECRET";
    assert_eq!(body[CODE], hex(&Sha256::digest(text)));
    assert_eq!(body["ThoiGianGD"], "20261126170000");
    assert_eq!(body["ThongTinBienLai"]["TKThuHuong"], "0011000000002");
    let elsewhere =
        NationalPlatform.pay(&partner, &secrets(), &Order { agency: "H01", ..order.clone() });
    assert!(matches!(elsewhere, Err(Unable::Values(_))));

    let opened = |body: &str| {
        let response = Response { status: 200, body: body.as_bytes() };
        NationalPlatform.opened(&partner, &secrets(), &order, response)
    };
    let right = r#"{"error_code":"0","message":"{\"UrlThanhToan\":\"https://pay.example/1\"}"}"#;
    assert_eq!(opened(right).as_deref(), Ok("https://pay.example/1"));
    for wrong in [
        r#"{"error_code":"0","message":"{\"UrlThanhToan\":\"javascript:alert(1)\"}"}"#,
        r#"{"error_code":"7","message":""}"#,
        r#"{"error_code":"0","message":"{}"}"#,
        "x",
    ] {
        assert!(matches!(opened(wrong), Err(Rejected::Content(_))), "{wrong}");
    }
}

#[test]
fn the_answer_to_a_query_names_a_capture_as_its_confirmation() {
    let read = |state: &str, amount: &str| {
        let body = format!(
            r#"{{"MaLoi":"00","MaDoiTac":"DT001","MaThamChieu":"DSR0123456789ABC","MaTienTe":"VND",
                "MaGiaoDich":"GD1","ThoiGianGD":"20261126170112","TrangThaiGD":"{state}"{amount}}}"#
        );
        let response = Response { status: 200, body: body.as_bytes() };
        NationalPlatform.queried(&example("national-platform"), &secrets(), question(), response)
    };
    let notice = read("1", ",\"SoTien\":30000").unwrap();
    assert_eq!(notice.event, "DSR0123456789ABC:GD1:00");
    assert_eq!(read("3", "").unwrap().outcome, Outcome::Pending);
    assert_eq!(read("4", "").unwrap().outcome, Outcome::Failed);
    assert_eq!(read("9", "").unwrap().outcome, Outcome::Pending);
    assert!(matches!(read("1", ""), Err(Rejected::Content(_))), "a capture has an amount");
    let call = NationalPlatform.query(&example("national-platform"), &secrets(), question());
    let body: Value = serde_json::from_slice(&call.unwrap().body).unwrap();
    let text = "QUERY|1.0.6|DT001|DSR0123456789ABC|20261126170000|SECRET";
    assert_eq!(body[CODE], hex(&Sha256::digest(text)));
    let bill = NationalPlatform.bill(&example("national-platform"), &secrets(), question());
    assert_eq!(bill, Err(Unable::NotOffered(Capability::Bill)));
}

proptest! {
    #[test]
    fn no_change_of_a_signed_value_is_read(place in 0_usize..10, value in "[0-9A-Z|à ]{0,8}") {
        let text: Vec<&str> = CONFIRM.iter().map(|(_, value)| *value).collect();
        let code = hex(&Sha256::digest(format!("{}|SECRET", text.join("|"))));
        let mut changed = CONFIRM.to_vec();
        prop_assume!(changed[place].1 != value);
        changed[place].1 = &value;
        let read = read(&with_code(&changed, &code));
        // A number loses zeros in front, which the client sends as a number.
        prop_assume!(changed[place].0 != "SoTien" || value.parse() != Ok(30_000));
        prop_assert!(matches!(read, Err(Rejected::Signature(_))));
    }
}
