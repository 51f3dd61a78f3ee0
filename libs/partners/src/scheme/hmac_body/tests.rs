use proptest::prelude::*;

use super::*;
use crate::file::tests::{example, text};
use crate::message::OtherRefund;
use crate::secret::Key;
use crate::terms::Vnd;

fn secrets() -> Secrets {
    Secrets::new([Key::new("new", b"NEW".to_vec()), Key::new("old", b"OLD".to_vec())])
}

fn now() -> Timestamp {
    "2026-11-26T10:05:00Z".parse().unwrap()
}

const BODY: &str = r#"{"id":"e1","type":"payment.succeeded","new":true,
    "data":{"order":"DSR1","transaction":"t1","amount":30000,"currency":"VND",
    "paid_at":"2026-11-26T17:01:12+07:00"}}"#;

fn sign(time: &str, body: &[u8]) -> String {
    let old = Secrets::new([Key::new("old", b"OLD".to_vec())]);
    let text = [time.as_bytes(), b".", body].concat();
    format!("sha256={}", hex(&old.sign(Algorithm::HmacSha256, &text).unwrap()))
}

fn read(headers: &[(&str, &str)], body: &[u8]) -> Result<Notice, Rejected> {
    let incoming = Incoming { headers, body, ..Incoming::default() };
    HmacBody.notice(&example("hmac-body"), &secrets(), incoming, now())
}

fn problem(headers: &[(&str, &str)]) -> SignatureProblem {
    match read(headers, BODY.as_bytes()) {
        Err(Rejected::Signature(wrong)) => wrong.problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_body_is_read_by_the_names_of_the_file() {
    let time = now().as_second().to_string();
    let signature = sign(&time, BODY.as_bytes());
    let headers = [("X-Signature", &*signature), ("X-Timestamp", &*time)];
    let notice = read(&headers, BODY.as_bytes()).unwrap();
    assert_eq!((&*notice.event, notice.amount), ("e1", Some(Vnd(30_000))));
    assert_eq!(notice.outcome, Outcome::Captured);
    assert_eq!(notice.paid_at, Some("2026-11-26T10:01:12Z".parse().unwrap()));
    assert_eq!(notice.key.as_deref(), Some("old"));
}

#[test]
fn old_messages_and_those_without_one_signature_are_refused() {
    let time = |seconds: i64| (now().as_second() + seconds).to_string();
    for (seconds, is_near) in [(-300, true), (300, true), (-301, false), (301, false)] {
        let time = time(seconds);
        let signature = sign(&time, BODY.as_bytes());
        let headers = [("x-signature", &*signature), ("x-timestamp", &*time)];
        assert_eq!(read(&headers, BODY.as_bytes()).is_ok(), is_near, "{seconds}");
    }
    let time = time(0);
    let signature = sign(&time, BODY.as_bytes());
    let at = ("x-timestamp", &*time);
    assert_eq!(problem(&[at]), SignatureProblem::Missing);
    let two = [("x-signature", &*signature), ("X-Signature", &*signature), at];
    assert_eq!(problem(&two), SignatureProblem::Missing);
    assert_eq!(problem(&[("x-signature", &signature[7..]), at]), SignatureProblem::Encoding);
    assert_eq!(problem(&[("x-signature", &*signature)]), SignatureProblem::Different);
    let later = ("x-timestamp", "1764151272");
    assert_eq!(problem(&[("x-signature", &*signature), later]), SignatureProblem::Different);
}

#[test]
fn signed_and_impossible_content_is_kept_with_all_findings() {
    let body =
        br#"{"type":"payment.succeeded","data":{"amount":1.5,"currency":"USD","paid_at":"x"}}"#;
    let time = now().as_second().to_string();
    let signature = sign(&time, body);
    let read = read(&[("x-signature", &*signature), ("x-timestamp", &*time)], body);
    let Err(Rejected::Content(found)) = read else { panic!("{read:?}") };
    let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
    assert_eq!(at, ["/data/currency", "/data/paid_at", "/id", "/data/amount"]);
}

#[test]
fn a_call_has_the_signature_that_we_would_verify() {
    let text = text("hmac-body").replace("query: \"unverified\"", "query: \"on\"")
        + "addresses: { query: 'https://gateway.example/query' }\n\
           confirmed: { query: 'An Nguyen, sandbox, 2026-11-20' }\n";
    let partner = Partner::parse(&text).unwrap();
    let question = Question {
        reference: "DSR1",
        request: "r1",
        ordered_at: now(),
        asked_at: now(),
        transaction: None,
        our_ip: "203.113.1.1",
    };
    let call = HmacBody.query(&partner, &secrets(), question).unwrap();
    let header = |name: &str| {
        let found = call.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    let text = [header("x-timestamp").as_bytes(), b".", &call.body].concat();
    let signature = hex(&secrets().sign(Algorithm::HmacSha256, &text).unwrap());
    assert_eq!(header("x-signature"), format!("sha256={signature}"));
    let answer = Response { status: 200, body: BODY.as_bytes() };
    assert_eq!(HmacBody.queried(&partner, &secrets(), question, answer).unwrap().event, "e1");
    let other = Question { reference: "DSR2", ..question };
    assert!(HmacBody.queried(&partner, &secrets(), other, answer).is_err());
}

#[test]
fn an_answer_about_a_refund_counts_if_it_names_the_refund() {
    let others = [OtherRefund { transaction: Some("t9".to_owned()), is_refunded: true }];
    let question = Question {
        reference: "DSR1",
        request: "r2",
        ordered_at: now(),
        asked_at: now(),
        transaction: Some("t1"),
        our_ip: "203.113.1.1",
    };
    let refund = Refund {
        question,
        refund_reference: "R1",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: "a",
        by: "an",
        others: &others,
    };
    let body = |status: &str, named: &str, number: &str| {
        format!(
            r#"{{"id":"e1","type":"{status}",{named}"data":{{"order":"DSR1",
                "transaction":"{number}","amount":10000,"currency":"VND"}}}}"#
        )
    };
    let (ours, another) = (r#""refund_reference":"R1","#, r#""refund_reference":"R0","#);
    let (partner, secrets) = (example("hmac-body"), secrets());
    let asked = |body: &str| {
        let response = Response { status: 200, body: body.as_bytes() };
        HmacBody.refund_queried(&partner, &secrets, &refund, response)
    };
    for (status, named, number, outcome) in [
        ("refunded", ours, "t2", Outcome::Refunded),
        ("failed", ours, "t2", Outcome::Failed),
        ("refunded", "", "t2", Outcome::Pending),
        ("refunded", another, "t2", Outcome::Pending),
        ("failed", "", "t2", Outcome::Pending),
        ("refunded", ours, "t9", Outcome::Pending),
    ] {
        let body = body(status, named, number);
        assert_eq!(asked(&body).unwrap().unwrap().outcome, outcome, "{body}");
        let response = Response { status: 200, body: body.as_bytes() };
        let told = HmacBody.refunded(&partner, &secrets, &refund, response).unwrap();
        assert_eq!(told.outcome, outcome, "{body}");
    }
    assert_eq!(asked(&body("not_found", ours, "")), Ok(None));
    for named in ["", another] {
        let told = asked(&body("not_found", named, ""));
        assert!(matches!(told, Err(Rejected::Content(_))), "{named}: {told:?}");
    }
}

#[test]
fn replies_are_those_of_the_file() {
    let reply = HmacBody.reply(&example("hmac-body"), Incoming::default(), Answer::Taken);
    assert_eq!((reply.status, &*reply.body), (200, &br#"{"ok":true}"#[..]));
    let reply = HmacBody.reply(&example("hmac-body"), Incoming::default(), Answer::WrongSignature);
    assert_eq!((reply.status, reply.body.len()), (401, 0));
}

proptest! {
    #[test]
    fn no_change_of_a_byte_is_read(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let time = now().as_second().to_string();
        let signature = sign(&time, BODY.as_bytes());
        let mut body = BODY.as_bytes().to_vec();
        let place = place.index(body.len());
        prop_assume!(body[place] != byte);
        body[place] = byte;
        let read = read(&[("x-signature", &*signature), ("x-timestamp", &*time)], &body);
        prop_assert!(matches!(read, Err(Rejected::Signature(_))));
    }
}
