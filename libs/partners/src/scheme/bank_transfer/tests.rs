use jiff::Timestamp;

use super::*;
use crate::file::tests::{example, text};

fn order(reference: &str) -> Order<'_> {
    Order {
        reference,
        request: "r1",
        amount: Vnd(30_000),
        text: "Lệ phí",
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        return_url: "",
        notify_url: "",
        payer_ip: "",
        english: false,
        receipt: serde_json::Map::new(),
        agency: "G02.002",
    }
}

#[test]
fn what_is_transferred_by_a_code_is_matched_from_the_statement() {
    let partner = example("bank-transfer");
    let reference = Reference::of(b"payment 1");
    let start = BankTransfer.pay(&partner, &Secrets::default(), &order(reference.as_str()));
    let Ok(Start::Qr { text, memo }) = start else { panic!("{start:?}") };
    assert!(text.contains(&memo) && text.contains("0011000000001"), "{text}");
    let file = format!(
        "Số tài khoản,Ngày giao dịch,Số bút toán,Ghi nợ,Ghi có,Nội dung\n\
         0011000000001,26/11/2026 17:01:12,FT1,,\"30,000\",\"MBVCB.1.{}.CT tu 007\"\n\
         0011000000001,26/11/2026 17:02:00,FT2,,\"30,000\",nop phi\n\
         0011000000001,26/11/2026 17:03:00,FT3,\"10,000\",,hoan tien {memo}\n",
        memo.to_lowercase()
    );
    let notices = BankTransfer.statement(&partner, file.as_bytes()).unwrap();
    let seen: Vec<(&str, Option<&str>, Outcome)> =
        notices.iter().map(|one| (&*one.event, one.reference.as_deref(), one.outcome)).collect();
    let reference = Some(reference.as_str());
    let expected = [
        ("FT1", reference, Outcome::Captured),
        ("FT2", None, Outcome::Captured),
        ("FT3", reference, Outcome::Refunded),
    ];
    assert_eq!(seen, expected);
    assert_eq!(notices[0].paid_at, Some("2026-11-26T10:01:12Z".parse().unwrap()));
    assert_eq!(notices[2].amount, Some(Vnd(10_000)));
}

#[test]
fn lines_of_other_accounts_are_findings() {
    let file = "Số tài khoản,Ngày giao dịch,Số bút toán,Ghi nợ,Ghi có,Nội dung\n\
                99,26/11/2026 17:01:12,FT1,,1,a\n";
    let read = BankTransfer.statement(&example("bank-transfer"), file.as_bytes());
    let Err(Rejected::Content(found)) = read else { panic!("{read:?}") };
    assert_eq!(found.0[0].pointer, "/1/account");
}

#[test]
fn a_memo_with_two_references_names_none_and_a_reversal_is_no_payment() {
    let partner = text("bank-transfer").replace("format: csv", "format: camt.053");
    let partner = Partner::parse(&partner).unwrap();
    let (one, two) = (Reference::of(b"1"), Reference::of(b"2"));
    let entry = |id: &str, direction: &str, reversal: &str, memo: &str| {
        format!(
            "<Ntry><NtryRef>{id}</NtryRef><Amt Ccy=\"VND\">5</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
             <RvslInd>{reversal}</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-26</Dt></BookgDt>\
             <AddtlNtryInf>{memo}</AddtlNtryInf></Ntry>"
        )
    };
    let file = format!(
        "<Document><BkToCstmrStmt><Stmt>{}{}{}</Stmt></BkToCstmrStmt></Document>",
        entry("1", "CRDT", "false", &format!("{one} {two}")),
        entry("2", "DBIT", "true", one.as_str()),
        entry("3", "CRDT", "true", one.as_str()),
    );
    let notices = BankTransfer.statement(&partner, file.as_bytes()).unwrap();
    let seen: Vec<(bool, Outcome)> =
        notices.iter().map(|one| (one.reference.is_some(), one.outcome)).collect();
    let expected = [(false, Outcome::Captured), (true, Outcome::Reversed), (true, Outcome::Failed)];
    assert_eq!(seen, expected);
}

#[test]
fn a_code_needs_a_short_reference_and_an_account() {
    let partner = example("bank-transfer");
    let long = Order { agency: "H01", amount: Vnd(0), ..order("DSR-0123-4567") };
    let Err(Unable::Values(found)) = BankTransfer.pay(&partner, &Secrets::default(), &long) else {
        panic!("it was made");
    };
    let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
    assert_eq!(at, ["/amount", "/reference", "/agency"]);
}
