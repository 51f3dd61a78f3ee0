use proptest::prelude::*;

use super::*;
use crate::file::tests::example;
use crate::secret::Key;

fn secrets() -> Secrets {
    Secrets::new([Key::new("momo", b"SECRET".to_vec())])
}

fn report() -> Vec<(&'static str, String)> {
    [
        ("amount", "30000"),
        ("extraData", ""),
        ("message", "Thành công."),
        ("orderId", "DSR0123456789ABC"),
        ("orderInfo", "Lệ phí + 1 & 2"),
        ("orderType", "momo_wallet"),
        ("partnerCode", "MOMODOSSIER"),
        ("payType", "qr"),
        ("requestId", "r1"),
        ("responseTime", "1764151272000"),
        ("resultCode", "0"),
        ("transId", "4088878653"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn signature(report: &[(&str, String)]) -> String {
    let pairs: Vec<String> = report.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!("accessKey=ACCESSKEY&{}", pairs.join("&"));
    hex(&secrets().sign(Algorithm::HmacSha256, text.as_bytes()).unwrap())
}

/// A body of JSON with numbers as MoMo sends them.
fn body(report: &[(&str, String)], signature: &str) -> String {
    let numbers = ["amount", "responseTime", "resultCode", "transId"];
    let members: Vec<String> = report
        .iter()
        .map(|(name, value)| {
            let is_number = numbers.contains(name);
            format!(
                "\"{name}\":{}",
                if is_number { value.clone() } else { json!(value).to_string() }
            )
        })
        .collect();
    format!("{{{},\"signature\":\"{signature}\",\"new\":[1]}}", members.join(","))
}

fn read(body: &str) -> Result<Notice, Rejected> {
    let incoming = Incoming { body: body.as_bytes(), ..Incoming::default() };
    Momo.notice(&example("momo"), &secrets(), incoming, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_report_and_a_return_are_one_fact() {
    let report = report();
    let signature = signature(&report);
    let notice = read(&body(&report, &signature)).unwrap();
    assert_eq!(notice.event, "DSR0123456789ABC:4088878653:0");
    assert_eq!((notice.amount, notice.outcome), (Some(Vnd(30_000)), Outcome::Captured));
    assert_eq!(notice.paid_at, Some("2025-11-26T10:01:12Z".parse().unwrap()));
    let pairs = report.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    let query = pairs.collect::<Vec<_>>().join("&") + "&signature=" + &signature.to_uppercase();
    let incoming = Incoming { query: &query, ..Incoming::default() };
    let returned = Momo.returned(&example("momo"), &secrets(), incoming).unwrap();
    assert_eq!(returned, Notice { by: Capability::Return, ..notice });
}

#[test]
fn a_value_that_has_the_name_of_another_one_is_refused() {
    let mut report = report();
    report[4].1 = "a&orderType=b".to_owned();
    let Err(Rejected::Signature(wrong)) = read(&body(&report, &signature(&report))) else {
        panic!("it was read");
    };
    assert_eq!(wrong.problem, SignatureProblem::Form);
    let order = Order {
        reference: "DSR0123456789ABC",
        request: "r1",
        amount: Vnd(30_000),
        text: "a&orderId=b",
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        return_url: "https://dossier.example/",
        notify_url: "https://dossier.example/",
        payer_ip: "203.113.1.1",
        english: false,
        receipt: serde_json::Map::new(),
        agency: "G02",
    };
    let made = Momo.pay(&example("momo"), &secrets(), &order);
    assert!(matches!(made, Err(Unable::Values(_))), "{made:?}");
}

#[test]
fn messages_that_are_not_in_the_form_have_no_signature() {
    let report = report();
    let right = body(&report, &signature(&report));
    let twice = right.replacen('{', "{\"amount\":1,", 1);
    for (body, problem) in [
        ("", SignatureProblem::Form),
        ("[]", SignatureProblem::Form),
        (&*twice, SignatureProblem::Form),
        (&*body(&report, ""), SignatureProblem::Missing),
        (&*body(&report, "zz"), SignatureProblem::Encoding),
        (&*body(&report, "00"), SignatureProblem::Different),
        (&*right.replace("30000", "30000.0"), SignatureProblem::Different),
        (&*right.replace("ACCESSKEY", "").replace("qr", "QR"), SignatureProblem::Different),
    ] {
        let Err(Rejected::Signature(wrong)) = read(body) else { panic!("{body}") };
        assert_eq!(wrong.problem, problem, "{body}");
    }
}

#[test]
fn codes_that_are_not_listed_decide_nothing() {
    for (code, outcome) in [
        ("0", Outcome::Captured),
        ("1006", Outcome::Failed),
        ("9000", Outcome::Pending),
        ("8", Outcome::Pending),
    ] {
        let mut report = report();
        report[10].1 = code.to_owned();
        assert_eq!(read(&body(&report, &signature(&report))).unwrap().outcome, outcome, "{code}");
    }
}

#[test]
fn the_answer_to_a_query_has_its_own_time() {
    let question = Question {
        reference: "DSR0123456789ABC",
        request: "r2",
        ordered_at: Timestamp::UNIX_EPOCH,
        asked_at: Timestamp::UNIX_EPOCH,
        transaction: None,
        our_ip: "203.113.1.1",
    };
    let read = |body: &str| {
        let response = Response { status: 200, body: body.as_bytes() };
        Momo.queried(&example("momo"), &secrets(), question, response)
    };
    let body = r#"{"partnerCode":"MOMODOSSIER","orderId":"DSR0123456789ABC","amount":30000,
        "transId":4088878653,"resultCode":0,"responseTime":1764151299000,"lastUpdated":1764151272000}"#;
    let notice = read(body).unwrap();
    assert_eq!(notice.event, "DSR0123456789ABC:4088878653:0");
    assert_eq!(notice.paid_at, Some("2025-11-26T10:01:12Z".parse().unwrap()));
    let other = body.replace("DSR0123456789ABC", "DSR0123456789ABD");
    assert!(matches!(read(&other), Err(Rejected::Content(_))));
    assert!(matches!(read("<html>"), Err(Rejected::Content(_))));
}

fn refund() -> Refund<'static> {
    let question = Question {
        reference: "DSR0123456789ABC",
        request: "r2",
        ordered_at: Timestamp::UNIX_EPOCH,
        asked_at: Timestamp::UNIX_EPOCH,
        transaction: Some("4088878653"),
        our_ip: "203.113.1.1",
    };
    Refund {
        question,
        refund_reference: "R1",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: "a",
        by: "an",
        others: &[],
    }
}

#[test]
fn momo_has_no_refund_only_if_it_says_so() {
    let told = |body: &str| {
        let response = Response { status: 200, body: body.as_bytes() };
        Momo.refund_queried(&example("momo"), &secrets(), &refund(), response)
    };
    let with = |rest: &str| {
        told(&format!(r#"{{"partnerCode":"MOMODOSSIER","orderId":"R1","requestId":"r2",{rest}}}"#))
    };
    assert_eq!(with(r#""resultCode":42"#), Ok(None));
    let other = r#"[{"orderId":"R0","amount":10000,"resultCode":0,"transId":7,"createdTime":1}]"#;
    for rows in ["null", "\"\"", "{}", "[]", other] {
        let answer = with(&format!(r#""resultCode":0,"refundTrans":{rows}"#)).unwrap().unwrap();
        assert_eq!((answer.outcome, answer.transaction), (Outcome::Pending, None), "{rows}");
    }
    assert_eq!(with(r#""resultCode":0"#).unwrap().unwrap().outcome, Outcome::Pending);
    let ours = other.replace("R0", "R1");
    let answer = with(&format!(r#""resultCode":0,"refundTrans":{ours}"#)).unwrap().unwrap();
    assert_eq!((answer.outcome, answer.transaction.as_deref()), (Outcome::Refunded, Some("7")));
    for body in [r#"{"resultCode":42}"#, r#"{"resultCode":42,"orderId":"R0"}"#] {
        assert!(matches!(told(body), Err(Rejected::Content(_))), "{body}");
    }
}

#[test]
fn a_response_to_a_refund_names_it() {
    let told = |body: &str| {
        let response = Response { status: 200, body: body.as_bytes() };
        Momo.refunded(&example("momo"), &secrets(), &refund(), response)
    };
    let body = r#"{"orderId":"R1","requestId":"r2","amount":10000,"transId":7,"resultCode":0,
        "responseTime":1764151299000}"#;
    assert_eq!(told(body).unwrap().outcome, Outcome::Refunded);
    for other in [body.replace("\"R1\"", "\"R0\""), body.replace("\"orderId\":\"R1\",", "")] {
        assert!(matches!(told(&other), Err(Rejected::Content(_))), "{other}");
    }
}

proptest! {
    /// Each change of a value is refused, and of the rest nothing is read.
    #[test]
    fn no_change_of_a_signed_value_is_read(
        place in 1_usize..9,
        value in "[0-9a-zA-Z&=à ]{0,12}",
    ) {
        let right = report();
        let signature = signature(&right);
        let mut changed = right.clone();
        let name = changed[place].0;
        prop_assume!(changed[place].1 != value);
        changed[place].1 = value;
        let refused = matches!(read(&body(&changed, &signature)), Err(Rejected::Signature(_)));
        prop_assert!(refused, "{}", name);
    }

    #[test]
    fn no_change_of_a_signed_number_is_read(place in 0_usize..4, number in 0_i64..99_999_999_999) {
        let right = report();
        let signature = signature(&right);
        let mut changed = right.clone();
        let place = [0, 9, 10, 11][place];
        prop_assume!(changed[place].1 != number.to_string());
        changed[place].1 = number.to_string();
        let read = read(&body(&changed, &signature));
        prop_assert!(matches!(read, Err(Rejected::Signature(_))));
    }
}
