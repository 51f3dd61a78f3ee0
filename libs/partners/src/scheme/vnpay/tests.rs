use proptest::prelude::*;

use super::*;
use crate::file::tests::example;
use crate::message::OtherRefund;
use crate::secret::Key;
use crate::terms::Vnd;

fn secrets() -> Secrets {
    Secrets::new([Key::new("new", b"NEWSECRET".to_vec()), Key::new("old", b"OLDSECRET".to_vec())])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn question() -> Question<'static> {
    Question {
        reference: "DSR0123456789ABC",
        request: "r1",
        ordered_at: at("2026-11-26T02:00:00Z"),
        asked_at: at("2026-11-26T02:30:00Z"),
        transaction: None,
        our_ip: "203.113.1.1",
    }
}

/// A report's parameters, in the order in which VNPAY shows them.
const REPORT: &[(&str, &str)] = &[
    ("vnp_Amount", "3000000"),
    ("vnp_BankCode", "NCB"),
    ("vnp_BankTranNo", "VNP14226112"),
    ("vnp_CardType", "ATM"),
    ("vnp_OrderInfo", "Lệ phí hồ sơ: 1+1 ~ 100%"),
    ("vnp_PayDate", "20261126170112"),
    ("vnp_ResponseCode", "00"),
    ("vnp_TmnCode", "DOSSIER1"),
    ("vnp_TransactionNo", "14226112"),
    ("vnp_TransactionStatus", "00"),
    ("vnp_TxnRef", "DSR0123456789ABC"),
];

fn query(report: &[(&str, &str)]) -> String {
    let texts = report.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    texts.collect::<Vec<_>>().join("&")
}

/// A query with the signature of `signed` by the older key.
fn with_hash(sent: &str, signed: &str) -> String {
    let old = Secrets::new([Key::new("old", b"OLDSECRET".to_vec())]);
    let hash = hex(&old.sign(Algorithm::HmacSha512, signed.as_bytes()).unwrap());
    format!("{sent}&vnp_SecureHash={hash}")
}

fn read(query: &str) -> Result<Notice, Rejected> {
    let incoming = Incoming { query, ..Incoming::default() };
    Vnpay.notice(&example("vnpay"), &secrets(), incoming, Timestamp::UNIX_EPOCH)
}

fn problem(query: &str) -> SignatureProblem {
    match read(query) {
        Err(Rejected::Signature(wrong)) => wrong.problem,
        other => panic!("{query}: {other:?}"),
    }
}

fn changed(name: &str, value: &'static str) -> String {
    let report: Vec<(&str, &str)> = REPORT
        .iter()
        .map(|(one, known)| (*one, if *one == name { value } else { *known }))
        .collect();
    query(&report)
}

#[test]
fn a_report_becomes_a_notice_with_the_partners_time() {
    let sent = query(REPORT);
    let notice = read(&with_hash(&sent, &sent)).unwrap();
    let expected = Notice {
        event: "DSR0123456789ABC:14226112:00".to_owned(),
        reference: Some("DSR0123456789ABC".to_owned()),
        refund_reference: None,
        dispute: None,
        transaction: Some("14226112".to_owned()),
        amount: Some(Vnd(30_000)),
        outcome: Outcome::Captured,
        code: "00".to_owned(),
        paid_at: Some(at("2026-11-26T10:01:12Z")),
        by: Capability::Notify,
        key: Some("old".to_owned()),
    };
    assert_eq!(notice, expected);
}

#[test]
fn the_signature_counts_in_each_order_encoding_and_case() {
    let signed = query(REPORT);
    let mut backwards: Vec<&str> = signed.split('&').collect();
    backwards.reverse();
    let spaces = signed.replace('+', "%20");
    let lower = signed.replace("%E1%BB%87", "%e1%bb%87");
    let upper = with_hash(&signed, &signed);
    let (front, hash) = upper.split_once("vnp_SecureHash=").unwrap();
    let upper = format!("{front}vnp_SecureHash={}", hash.to_uppercase());
    for sent in [
        with_hash(&backwards.join("&"), &signed),
        with_hash(&spaces, &signed),
        with_hash(&lower, &signed),
        // Signed as it was sent, in another encoding than ours.
        with_hash(&spaces, &spaces),
        with_hash(&lower, &lower),
        upper,
        format!("{}&vnp_SecureHashType=HMACSHA512", with_hash(&signed, &signed)),
        format!("{}&utm=1", with_hash(&signed, &signed)),
    ] {
        assert!(read(&sent).is_ok(), "{sent}");
    }
}

#[test]
fn empty_values_may_be_signed_or_not_and_are_not_read() {
    let signed = query(REPORT);
    let with_empty = signed.replacen("vnp_CardType", "vnp_BankTranNo2=&vnp_CardType", 1);
    assert!(read(&with_hash(&with_empty, &signed)).is_ok());
    assert!(read(&with_hash(&with_empty, &with_empty)).is_ok());
    let no_status = signed.replacen("vnp_TxnRef=DSR0123456789ABC", "vnp_TxnRef=", 1);
    assert!(matches!(read(&with_hash(&no_status, &no_status)), Err(Rejected::Content(_))));
}

#[test]
fn two_values_of_one_name_have_no_signature() {
    let signed = query(REPORT);
    let sent = with_hash(&signed, &signed);
    for twice in ["&vnp_Amount=1", "&vnp%5FAmount=1", "&vnp_TxnRef=a", "&vnp_SecureHash=00"] {
        assert_eq!(problem(&format!("{sent}{twice}")), SignatureProblem::Form, "{twice}");
    }
    assert_eq!(problem("vnp_Amount=%zz"), SignatureProblem::Form);
    assert_eq!(problem(&signed), SignatureProblem::Missing);
    assert_eq!(problem(&format!("{signed}&vnp_SecureHash=xyz")), SignatureProblem::Encoding);
}

#[test]
fn a_wrong_signature_can_be_debugged_and_tells_no_secret() {
    use sha2::{Digest, Sha256};
    let signed = query(REPORT);
    let sent = with_hash(&signed, "something else");
    let Err(Rejected::Signature(wrong)) = read(&sent) else { panic!("{sent}") };
    assert_eq!(wrong.canonical_sha256, hex(&Sha256::digest(signed.as_bytes())));
    assert_eq!(
        (wrong.scheme, &*wrong.keys),
        ("vnpay-2.1.0", &["new".to_owned(), "old".to_owned()][..])
    );
    let shown = format!("{wrong} {wrong:?}");
    assert!(!shown.contains("SECRET") && !shown.contains("vnp_Amount"), "{shown}");
}

#[test]
fn success_needs_both_codes_and_impossible_content_is_kept() {
    let outcome = |name, value| {
        let sent = changed(name, value);
        read(&with_hash(&sent, &sent)).map(|notice| notice.outcome)
    };
    assert_eq!(outcome("vnp_ResponseCode", "07"), Ok(Outcome::Pending));
    assert_eq!(outcome("vnp_TransactionStatus", "02"), Ok(Outcome::Failed));
    assert_eq!(outcome("vnp_TransactionStatus", "77"), Ok(Outcome::Pending));
    for (name, value) in [
        ("vnp_Amount", "3000050"),
        ("vnp_Amount", "-100"),
        ("vnp_Amount", "1e9"),
        ("vnp_PayDate", "20261126250000"),
        ("vnp_TmnCode", "OTHER"),
        ("vnp_TransactionNo", "0"),
    ] {
        let Err(Rejected::Content(found)) = outcome(name, value) else { panic!("{name} {value}") };
        assert_eq!(found.0[0].pointer, format!("/{name}"));
    }
}

#[test]
fn an_answer_to_a_query_names_the_same_fact_as_the_report() {
    let values = [
        ("vnp_ResponseId", "9"),
        ("vnp_Command", "querydr"),
        ("vnp_ResponseCode", "00"),
        ("vnp_Message", "QueryDR Success"),
        ("vnp_TmnCode", "DOSSIER1"),
        ("vnp_TxnRef", "DSR0123456789ABC"),
        ("vnp_Amount", "3000000"),
        ("vnp_BankCode", "NCB"),
        ("vnp_PayDate", "20261126170112"),
        ("vnp_TransactionNo", "14226112"),
        ("vnp_TransactionType", "01"),
        ("vnp_TransactionStatus", "00"),
        ("vnp_OrderInfo", "Lệ phí"),
        ("vnp_PromotionCode", ""),
        ("vnp_PromotionAmount", ""),
    ];
    let signed = values.map(|(_, value)| value).join("|");
    let hash = hex(&secrets().sign(Algorithm::HmacSha512, signed.as_bytes()).unwrap());
    let mut body: Map<String, Value> = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    body.insert(HASH.to_owned(), Value::from(hash));
    let read = |body: &Map<String, Value>| {
        let body = Value::Object(body.clone()).to_string();
        let response = Response { status: 200, body: body.as_bytes() };
        Vnpay.queried(&example("vnpay"), &secrets(), question(), response)
    };
    let notice = read(&body).unwrap();
    assert_eq!(notice.event, "DSR0123456789ABC:14226112:00");
    assert_eq!((notice.outcome, notice.by), (Outcome::Captured, Capability::Query));
    for (name, value) in [("vnp_Amount", "3000001"), ("vnp_Message", "a|b"), (HASH, "00")] {
        let mut wrong = body.clone();
        wrong.insert(name.to_owned(), Value::from(value));
        assert!(matches!(read(&wrong), Err(Rejected::Signature(_))), "{name}");
    }
}

#[test]
fn a_request_of_ours_that_a_payer_sends_back_is_no_report() {
    let order = Order {
        reference: "DSR0123456789ABC",
        request: "r1",
        amount: Vnd(30_000),
        text: "Le phi",
        created_at: at("2026-11-26T02:00:00Z"),
        expires_at: None,
        payer_ip: "203.113.1.1",
        return_url: "https://dossier.example/",
        notify_url: "",
        english: false,
        receipt: Map::new(),
        agency: "G02.001",
    };
    let started = Vnpay.pay(&example("vnpay"), &secrets(), &order).unwrap();
    let Start::Redirect(url) = started else { panic!("{started:?}") };
    let (_, sent) = url.split_once('?').unwrap();
    assert!(sent.contains("vnp_Command=pay") && sent.contains("vnp_SecureHash="));
    assert_eq!(problem(sent), SignatureProblem::Form);
    // The signature alone does not tell: a report with the command would have a right one.
    let report = format!("{}&vnp_Version=2.1.0", query(REPORT));
    assert!(read(&with_hash(&report, &report)).is_ok());
    let report = format!(
        "vnp_Amount=3000000&vnp_Command=pay&{}",
        &query(REPORT)["vnp_Amount=3000000&".len()..]
    );
    assert_eq!(problem(&with_hash(&report, &report)), SignatureProblem::Form);
}

#[test]
fn two_refunds_of_a_payment_without_a_number_of_their_own_are_two_facts() {
    let event = |refund_reference: &str| {
        let values = REFUND_ANSWER.iter().map(|name| match *name {
            "vnp_Command" => "refund",
            "vnp_ResponseCode" => "00",
            "vnp_TmnCode" => "DOSSIER1",
            "vnp_TxnRef" => "DSR0123456789ABC",
            "vnp_Amount" => "1000000",
            "vnp_TransactionNo" => "0",
            "vnp_TransactionType" => "03",
            "vnp_TransactionStatus" => "05",
            _ => "",
        });
        let values: Vec<(&str, &str)> = REFUND_ANSWER.iter().copied().zip(values).collect();
        let signed: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
        let signed = signed.join("|");
        let hash = hex(&secrets().sign(Algorithm::HmacSha512, signed.as_bytes()).unwrap());
        let members = values.iter().filter(|(_, value)| !value.is_empty());
        let mut body: Map<String, Value> =
            members.map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        body.insert(HASH.to_owned(), Value::from(hash));
        let body = Value::Object(body).to_string();
        let refund = Refund {
            question: question(),
            refund_reference,
            amount: Vnd(10_000),
            captured: Vnd(30_000),
            reason: "a",
            by: "an",
            others: &[],
        };
        let response = Response { status: 200, body: body.as_bytes() };
        let notice = Vnpay.refunded(&example("vnpay"), &secrets(), &refund, response).unwrap();
        assert_eq!((notice.outcome, notice.transaction), (Outcome::Pending, None));
        notice.event
    };
    assert_eq!(event("DSRR1"), event("DSRR1"));
    assert_ne!(event("DSRR1"), event("DSRR2"));
}

#[test]
fn requests_with_values_that_could_be_split_in_another_way_are_not_made() {
    let refund = Refund {
        question: Question { our_ip: "1|2", ..question() },
        refund_reference: "DSRR",
        amount: Vnd(1),
        captured: Vnd(30_000),
        reason: "a|b",
        by: "an",
        others: &[],
    };
    let Err(Unable::Values(found)) = Vnpay.refund(&example("vnpay"), &secrets(), &refund) else {
        panic!("it was made");
    };
    let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
    assert_eq!(at, ["/amount", "/vnp_IpAddr"]);
    let none = Secrets::default();
    assert_eq!(Vnpay.query(&example("vnpay"), &none, question()), Err(Unable::NoSecret));
}

#[test]
fn replies_are_in_the_words_of_vnpay() {
    let reply = |answer| {
        let reply = Vnpay.reply(&example("vnpay"), Incoming::default(), answer);
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    let expected = r#"{"RspCode":"00","Message":"Confirm Success"}"#;
    assert_eq!(reply(Answer::Taken), (200, expected.to_owned()));
    let codes: Vec<String> =
        Answer::ALL.iter().map(|(_, one)| reply(*one).1[12..14].to_owned()).collect();
    assert_eq!(codes, ["00", "02", "01", "04", "99", "97", "99"]);
}

proptest! {
    /// Whatever the values are, they are read as they were sent, and no change of a byte of the
    /// query is read.
    #[test]
    fn no_change_of_a_signed_byte_is_read(
        info in "\\PC{1,40}",
        place in any::<prop::sample::Index>(),
        byte in 0x21_u8..0x7f,
    ) {
        let report: Vec<(&str, &str)> = REPORT
            .iter()
            .map(|(name, value)| (*name, if *name == "vnp_OrderInfo" { &*info } else { *value }))
            .collect();
        let signed = query(&report);
        let sent = with_hash(&signed, &signed);
        let right = read(&sent).unwrap();
        let mut bytes = sent.clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let wrong = String::from_utf8(bytes).unwrap();
        let all = |query: &str| {
            let all = parameters(query);
            all.map(|all| {
                all.into_iter()
                    .filter(|one| !one.value.is_empty())
                    .map(|one| {
                        let is_hash = one.name == HASH;
                        (one.name, if is_hash { one.value.to_lowercase() } else { one.value })
                    })
                    .collect::<std::collections::BTreeMap<_, _>>()
            })
        };
        // The same parameters in another encoding are the same report.
        if all(&wrong) == all(&sent) {
            prop_assert_eq!(read(&wrong).unwrap(), right);
        } else {
            prop_assert!(matches!(read(&wrong), Err(Rejected::Signature(_))), "{}", wrong);
        }
    }
}

/// A signed answer about a refund of 10,000 with these values in place of the usual ones.
fn answer(order: &[&str], with: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "DOSSIER1"),
        ("vnp_TxnRef", "DSR0123456789ABC"),
        ("vnp_Amount", "1000000"),
        ("vnp_TransactionNo", "555"),
        ("vnp_TransactionType", "03"),
        ("vnp_TransactionStatus", "00"),
    ];
    let of = |name: &str| {
        let found = with.iter().chain(&usual).find(|(one, _)| *one == name);
        found.map_or("", |(_, value)| *value)
    };
    let values: Vec<(&str, &str)> = order.iter().map(|name| (*name, of(name))).collect();
    let signed: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
    let hash = hex(&secrets().sign(Algorithm::HmacSha512, signed.join("|").as_bytes()).unwrap());
    let members = values.iter().filter(|(_, value)| !value.is_empty());
    let mut body: Map<String, Value> =
        members.map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    body.insert(HASH.to_owned(), Value::from(hash));
    Value::Object(body).to_string().into_bytes()
}

fn part(others: &[OtherRefund]) -> Refund<'_> {
    Refund {
        question: Question { transaction: Some("14226112"), ..question() },
        refund_reference: "DSRR",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: "a",
        by: "an",
        others,
    }
}

fn other(transaction: Option<&str>, is_refunded: bool) -> [OtherRefund; 1] {
    [OtherRefund { transaction: transaction.map(str::to_owned), is_refunded }]
}

#[test]
fn an_answer_that_may_be_about_another_refund_leaves_this_one_open() {
    let asked = |others: &[OtherRefund], with: &[(&str, &str)]| {
        let body = answer(QUERY_ANSWER, with);
        let response = Response { status: 200, body: &body };
        let told = Vnpay.refund_queried(&example("vnpay"), &secrets(), &part(others), response);
        told.unwrap().unwrap().outcome
    };
    assert_eq!(asked(&[], &[]), Outcome::Refunded);
    assert_eq!(asked(&other(Some("444"), true), &[]), Outcome::Refunded);
    assert_eq!(asked(&other(Some("555"), true), &[]), Outcome::Pending, "its number");
    assert_eq!(asked(&other(None, true), &[]), Outcome::Pending, "perhaps its number");
    assert_eq!(asked(&other(None, false), &[]), Outcome::Refunded, "that one was refused");
    let refused = ("vnp_TransactionStatus", "09");
    assert_eq!(asked(&other(None, false), &[refused]), Outcome::Pending, "it may be that one");
    assert_eq!(asked(&other(None, true), &[refused]), Outcome::Failed);
    assert_eq!(asked(&[], &[("vnp_TransactionNo", "0")]), Outcome::Pending, "no number");
    assert_eq!(asked(&[], &[("vnp_TransactionNo", "14226112")]), Outcome::Pending, "the payment's");
    assert_eq!(asked(&[], &[("vnp_Amount", "1000100")]), Outcome::Pending);
    assert_eq!(asked(&[], &[("vnp_TransactionType", "04")]), Outcome::Pending);
    assert_eq!(asked(&[], &[("vnp_ResponseCode", "91")]), Outcome::Pending);
}

#[test]
fn only_a_payment_from_which_nothing_was_returned_has_no_refund() {
    let asked = |status| {
        let with = [("vnp_TransactionType", "01"), ("vnp_TransactionStatus", status)];
        let body = answer(QUERY_ANSWER, &with);
        let response = Response { status: 200, body: &body };
        let told = Vnpay.refund_queried(&example("vnpay"), &secrets(), &part(&[]), response);
        told.unwrap().map(|notice| notice.outcome)
    };
    assert_eq!(asked("00"), None);
    for status in ["01", "05", "06", "09"] {
        assert_eq!(asked(status), Some(Outcome::Pending), "{status}");
    }
}

#[test]
fn the_response_to_a_refund_counts_with_a_number_that_is_not_of_another() {
    let told = |others: &[OtherRefund], with: &[(&str, &str)]| {
        let body = answer(REFUND_ANSWER, with);
        let response = Response { status: 200, body: &body };
        Vnpay.refunded(&example("vnpay"), &secrets(), &part(others), response).unwrap().outcome
    };
    assert_eq!(told(&[], &[]), Outcome::Refunded);
    assert_eq!(told(&other(None, true), &[]), Outcome::Refunded, "the call names it");
    assert_eq!(told(&other(Some("555"), true), &[]), Outcome::Pending);
    assert_eq!(told(&[], &[("vnp_TransactionNo", "0")]), Outcome::Pending);
    assert_eq!(told(&[], &[("vnp_ResponseCode", "94")]), Outcome::Pending);
}
