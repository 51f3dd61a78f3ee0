use super::*;
use crate::message::Unable;

/// The partner of an example, switched on.
pub(crate) fn example(name: &str) -> Partner {
    Partner::parse(&text(name)).unwrap()
}

/// The text of an example, switched on.
pub(crate) fn text(name: &str) -> String {
    let all = [
        ("vnpay", include_str!("../../../../examples/partners/vnpay.yaml")),
        ("momo", include_str!("../../../../examples/partners/momo.yaml")),
        ("national-platform", include_str!("../../../../examples/partners/national-platform.yaml")),
        ("bank-transfer", include_str!("../../../../examples/partners/bank-transfer.yaml")),
        ("hmac-body", include_str!("../../../../examples/partners/hmac-body.yaml")),
    ];
    let (_, text) = all.into_iter().find(|(one, _)| *one == name).unwrap();
    text.replace("enabled: false", "enabled: true")
}

fn pointers(text: &str) -> Vec<String> {
    let found = Partner::parse(text).unwrap_err();
    found.0.into_iter().map(|one| one.pointer).collect()
}

#[test]
fn the_examples_are_partners_and_off() {
    for name in ["vnpay", "momo", "national-platform", "bank-transfer", "hmac-body"] {
        let off = Partner::parse(&text(name).replace("enabled: true", "enabled: false")).unwrap();
        for (_, capability) in Capability::ALL {
            assert_eq!(off.offers(*capability), Err(Unable::NotOffered(*capability)), "{name}");
        }
        assert!(example(name).capabilities.keys().any(|one| example(name).offers(*one).is_ok()));
    }
}

#[test]
fn all_findings_come_at_once_with_their_places() {
    let text = "
name: 1x
version: 0
title: { vi: a }
kind: provider
scheme: vnpay-2.1.0
enabled: yes
secrets: [../key, a, b]
addresses: { pay: 'http://vnpay.example/', query: 'https://u:p@vnpay.example/', fly: 'https://a.example/' }
settings: { merchnt: A }
capabilities: { pay: 'on', refund: 'on', statement: 'on', query: maybe }
statuses: { '00': paid }
replies: { taken: { status: 500 }, known: { body: 'a' } }
limits: { amount_min: 10, amount_max: 5, calls: 1 }
private_networks: [ten]
colour: red
";
    let expected = [
        "/version",
        "/version",
        "/title/en",
        "/kind",
        "/enabled",
        "/private_networks/0",
        "/limits/amount_min",
        "/limits/calls",
        "/secrets",
        "/secrets/0",
        "/capabilities/statement",
        "/capabilities/query",
        "/capabilities/query",
        "/addresses/pay",
        "/addresses/query",
        "/addresses/fly",
        "/addresses/refund",
        "/settings/merchnt",
        "/settings/merchant",
        "/statuses/00",
        "/replies/taken/status",
        "/replies/known/status",
        "/colour",
    ];
    let mut found = pointers(text);
    let mut wanted: Vec<String> = expected.iter().map(ToString::to_string).collect();
    wanted.push("/name".to_owned());
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_partner_that_returns_money_can_be_asked_about_it() {
    let unasked = text("momo").replace(r#"query: "on""#, r#"query: "off""#);
    assert_eq!(pointers(&unasked), ["/capabilities/query"]);
}

#[test]
fn a_partner_that_returns_money_returns_parts_unless_its_file_says_otherwise() {
    let returns = |text: &str| {
        let partner = Partner::parse(text).unwrap();
        [(10, 10), (9, 10)].map(|(amount, of)| partner.returns(Vnd(amount), Vnd(of)).is_ok())
    };
    assert_eq!(returns(&text("momo")), [true, true]);
    let whole = text("momo").replace(r#"refund: "on""#, r#"refund: "on", refund_part: "off""#);
    assert_eq!(returns(&whole), [true, false]);
    assert_eq!(returns(&text("national-platform")), [false, false]);
    let part = text("momo").replace(r#"refund: "on""#, r#"refund: "off", refund_part: "on""#);
    assert_eq!(pointers(&part), ["/capabilities/refund_part"]);
}

#[test]
fn what_is_unverified_is_on_only_if_somebody_says_who_has_tried_it() {
    let text = text("hmac-body");
    assert_eq!(example("hmac-body").capabilities[&Capability::Query], Use::Unverified);
    let on = text.replace("query: \"unverified\"", "query: \"on\"");
    let with = format!("{on}addresses: {{ query: 'https://gateway.example/query' }}\n");
    assert_eq!(pointers(&with), ["/capabilities/query"]);
    let by = "confirmed: { query: \"An Nguyen, sandbox of the gateway, 2026-11-20\" }\n";
    assert!(Partner::parse(&format!("{with}{by}")).unwrap().offers(Capability::Query).is_ok());
    assert_eq!(pointers(&format!("{with}confirmed: {{ query: \"me\" }}\n")), ["/confirmed/query"]);
}

#[test]
fn a_file_that_is_no_object_or_has_a_key_twice_is_refused() {
    for text in ["", "- a", "a: [", "name: a\nname: b", "a: \"b"] {
        assert_eq!(pointers(text), [""], "{text}");
    }
    let numbers = text("vnpay").replace("merchant: DOSSIER1", "merchant: 12345678");
    assert_eq!(pointers(&numbers), ["/settings/merchant"]);
}

#[test]
fn the_account_is_that_of_the_agency_or_of_one_above_it() {
    let partner = example("national-platform");
    let number = |agency: &str| partner.account(agency).map(|one| &*one.number);
    assert_eq!(number("G02.002"), Some("0011000000002"));
    assert_eq!(number("G02.002.01"), Some("0011000000002"));
    assert_eq!(number("G02.0021"), Some("0011000000001"));
    assert_eq!(number("G03"), None);
}
