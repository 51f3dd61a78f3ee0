//! No input makes a scheme panic, and nothing that is not signed is read.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use jiff::Timestamp;
use partners::{
    Capability, Incoming, Key, Order, Partner, Question, Reference, Refund, Rejected, Response,
    SCHEMES, Secrets, Vnd, outbound,
};
use proptest::prelude::*;

fn examples() -> Vec<Partner> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let texts = files.map(|path| std::fs::read_to_string(path).unwrap());
    let on = texts.map(|text| text.replace("enabled: false", "enabled: true"));
    let partners: Vec<Partner> = on.map(|text| Partner::parse(&text).unwrap()).collect();
    assert_eq!(partners.len(), SCHEMES.len(), "each scheme has an example");
    partners
}

/// Texts that look like messages of partners.
fn messages() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "vnp_Amount",
        "vnp_TxnRef",
        "vnp_SecureHash",
        "amount",
        "orderId",
        "signature",
        "MaLoi",
        "SoTien",
        "MaXacThuc",
        "id",
        "resultCode",
        "message",
        "error_code",
    ]);
    let value = prop_oneof!["[0-9]{0,20}", "\\PC{0,20}", "[0-9a-f]{64}", "%[0-9a-z]{0,3}"];
    let pairs = prop::collection::vec((name, value), 0..8);
    prop_oneof![
        "\\PC{0,200}",
        pairs.clone().prop_map(|pairs| {
            let texts = pairs.iter().map(|(name, value)| format!("{name}={value}"));
            texts.collect::<Vec<_>>().join("&")
        }),
        pairs.clone().prop_map(|pairs| {
            let texts = pairs.iter().map(|(name, value)| format!("{name:?}:{value:?}"));
            format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
        }),
        pairs.prop_map(|pairs| {
            let texts = pairs.iter().map(|(name, value)| format!("<{name}>{value}</{name}>"));
            format!("<Document><Stmt><Ntry>{}</Ntry></Stmt></Document>", texts.collect::<String>())
        }),
    ]
}

proptest! {
    #[test]
    fn no_message_is_read_without_a_signature(text in messages(), other in messages()) {
        let secrets = Secrets::new([Key::new("key", b"KHOA".to_vec())]);
        for partner in examples() {
            let scheme = partner.scheme();
            let headers = [("x-signature", &*other), ("x-timestamp", &*other)];
            let incoming = Incoming { query: &text, headers: &headers, body: text.as_bytes() };
            for read in [
                scheme.notice(&partner, &secrets, incoming, Timestamp::UNIX_EPOCH),
                scheme.returned(&partner, &secrets, incoming),
                scheme.notice(&partner, &Secrets::default(), incoming, Timestamp::UNIX_EPOCH),
            ] {
                let refused =
                    matches!(read, Err(Rejected::Signature(_) | Rejected::NotOffered(_)));
                prop_assert!(refused, "{}: {:?}", partner.name, read);
            }
        }
    }

    #[test]
    fn no_response_statement_or_request_panics(text in messages(), other in messages()) {
        let secrets = Secrets::new([Key::new("key", b"KHOA".to_vec())]);
        let question = Question {
            reference: &other,
            request: &text,
            ordered_at: Timestamp::MIN,
            asked_at: Timestamp::MAX,
            transaction: Some(&text),
            our_ip: &other,
        };
        let refund = Refund {
            question,
            refund_reference: &text,
            amount: Vnd(i64::MAX),
            captured: Vnd(i64::MIN),
            reason: &other,
            by: &text,
            others: &[],
        };
        let order = Order {
            reference: &text,
            request: &other,
            amount: Vnd(30_000),
            text: &text,
            created_at: Timestamp::MAX,
            expires_at: Some(Timestamp::MIN),
            return_url: &text,
            notify_url: &other,
            payer_ip: &text,
            english: true,
            receipt: [("MaHoSo".to_owned(), serde_json::Value::from("G02.002-26"))].into_iter().collect(),
            agency: &other,
        };
        let response = Response { status: 200, body: text.as_bytes() };
        for partner in examples() {
            let scheme = partner.scheme();
            let _ = scheme.pay(&partner, &secrets, &order);
            let _ = scheme.query(&partner, &secrets, question);
            let _ = scheme.refund(&partner, &secrets, &refund);
            let _ = scheme.bill(&partner, &secrets, question);
            let _ = scheme.opened(&partner, &secrets, &order, response);
            let _ = scheme.queried(&partner, &secrets, question, response);
            let _ = scheme.refunded(&partner, &secrets, &refund, response);
            let _ = scheme.statement(&partner, text.as_bytes());
            let _ = outbound::target(&partner, &text);
        }
        let _ = Partner::parse(&text);
        let _ = Reference::found_in(&text);
    }

    #[test]
    fn a_reference_in_a_memo_is_found(id in any::<u64>(), before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        let reference = Reference::of(&id.to_be_bytes());
        let memo = format!("{before}{reference}{after}");
        prop_assert!(Reference::found_in(&memo).contains(&reference), "{}", memo);
    }
}

#[test]
fn a_partner_offers_only_what_its_scheme_has() {
    for partner in examples() {
        for (_, capability) in Capability::ALL {
            let is_in_scheme = partner.scheme.capabilities.iter().any(|(one, _)| one == capability);
            assert!(is_in_scheme || partner.offers(*capability).is_err(), "{}", partner.name);
        }
    }
}
