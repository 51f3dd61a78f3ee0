//! Statements as files of banks, through HTTP: CSV with the columns of the partner's file, and
//! camt.053.

use dossier::contract::Role;
use events::EventStore;
use http::Method;
use serde_json::{Value, json};

use crate::life::{Certificate, submitted, take};
use crate::support::{Answer, Office};

const ADDRESS: &str = "/v1/payment-statements?account=bank-transfer";
const ACCOUNT: &str = "0011000000001";
const HEAD: &str = "Ngày giao dịch,Số bút toán,Số tài khoản,Ghi nợ,Ghi có,Nội dung\n";

/// An installation with a bank, and a dossier whose fee is to be transferred.
async fn open() -> (Office, Certificate, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = include_str!("../../../examples/partners/bank-transfer.yaml");
    let file = file.replace("enabled: false", "enabled: true");
    std::fs::write(folder.path().join("bank-transfer.yaml"), file).unwrap();
    let known = payment::partners::read(folder.path(), None).unwrap();
    let public_url = "https://dossier.example".parse().ok();
    let partners = payment::partners::Partners::new(known, public_url, Vec::new()).unwrap().into();
    let outside = program::Outside { partners, ..program::Outside::none(true).unwrap() };
    let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let transfer = json!({ "provider": "bank-transfer" });
    take(&mut office, &payments, "attempts", &certificate.applicant, transfer).await.granted();
    let shown = office.browser.get(&payments, &certificate.applicant).await.granted();
    let short = shown["attempts"][0]["short_reference"].as_str().unwrap().to_owned();
    office.wait_until("2026-11-20T12:00").await;
    (office, certificate, short)
}

async fn send(office: &mut Office, (media_type, key): (&str, &str), file: &str) -> Answer {
    let cashier = office.token(Role::Cashier, "cashier-1", "G02");
    send_to(office, ADDRESS, &cashier, (media_type, key), file.as_bytes()).await
}

async fn send_to(
    office: &mut Office,
    address: &str,
    token: &str,
    (media_type, key): (&str, &str),
    file: &[u8],
) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", &*authorization),
        ("content-type", media_type),
        ("idempotency-key", key),
        ("accept-language", "en"),
    ];
    let answer = office.browser.send(Method::POST, address, &headers, file.to_vec()).await;
    office.settle().await;
    answer.unwrap()
}

fn csv(lines: &[(&str, &str, &str)]) -> String {
    let line = |(event, credit, memo): &(&str, &str, &str)| {
        format!("20/11/2026 09:05:00,{event},{ACCOUNT},,\"{credit}\",{memo}\n")
    };
    format!("SAO KÊ\n{HEAD}{}", lines.iter().map(line).collect::<String>())
}

fn camt(event: &str, memo: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
         <BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>\
         <Ntry><Amt Ccy=\"VND\">30000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><DtTm>2026-11-20T09:05:00+07:00</DtTm></BookgDt><AcctSvcrRef>{event}</AcctSvcrRef>\
         <NtryDtls><TxDtls><RmtInf><Ustrd>{memo}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\
         </Stmt></BkToCstmrStmt></Document>"
    )
}

/// Pointers of a refusal.
fn pointers(refused: &Answer) -> Vec<&str> {
    let errors = refused.body["errors"].as_array().unwrap().iter();
    errors.map(|error| error["pointer"].as_str().unwrap()).collect()
}

async fn received(office: &Office, certificate: &Certificate) -> Value {
    let payments = certificate.at("payments");
    office.browser.get(&payments, &certificate.applicant).await.granted()["received_vnd"].clone()
}

#[tokio::test]
async fn a_csv_file_settles_the_fee_that_its_memo_names_and_the_same_file_is_answered_the_same() {
    let (mut office, certificate, short) = open().await;
    let memo = format!("NGUYEN VAN A nop phi {}", short.to_lowercase());
    let file = csv(&[("FT1", "30,000", &memo), ("FT2", "12,000", "ung ho")]);
    let csv_type = "text/csv; charset=utf-8";
    let first = send(&mut office, (csv_type, "k1"), &file).await.granted();
    let expected = json!([{
        "book": "2026-11-20_G02_bank-transfer", "day": "2026-11-20", "lines": 2, "new_lines": 2,
        "in_vnd": 42_000, "out_vnd": 0,
    }]);
    assert_eq!(first, expected);
    for key in ["k1", "k2"] {
        assert_eq!(send(&mut office, (csv_type, key), &file).await.granted(), expected, "{key}");
    }
    assert_eq!(received(&office, &certificate).await, 30_000);
    let cashier = office.token(Role::Cashier, "cashier-1", "G02");
    let lines = "/v1/payment-books/2026-11-20_G02_bank-transfer/lines";
    let lines = office.browser.get(lines, &cashier).await.granted();
    assert_eq!((&lines[0]["memo"], &lines[0]["dossier"]), (&json!(memo), &json!(certificate.id)));

    // camt.053 has the same lines: none is new.
    let again = camt("FT1", &memo);
    let again = send(&mut office, ("application/xml", "k3"), &again).await.granted();
    assert_eq!((&again[0]["lines"], &again[0]["new_lines"]), (&json!(1), &json!(0)));
    assert_eq!(received(&office, &certificate).await, 30_000);
}

#[tokio::test]
async fn a_camt_053_file_settles_the_fee_that_its_text_names() {
    let (mut office, certificate, short) = open().await;
    let file = camt("R1", &format!("nop phi {short}"));
    let imported = send(&mut office, ("application/xml", "k1"), &file).await.granted();
    assert_eq!((&imported[0]["new_lines"], &imported[0]["in_vnd"]), (&json!(1), &json!(30_000)));
    assert_eq!(received(&office, &certificate).await, 30_000);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_at_once_with_its_lines_and_changes_nothing() {
    let (mut office, certificate, short) = open().await;
    let file = csv(&[("FT1", "30.5", &short), ("", "1", "x"), ("FT1", "2", "y")]);
    let refused = send(&mut office, ("text/csv", "k1"), &file).await;
    let expected = ["/lines/3/Ghi có", "/lines/4/Số bút toán"];
    assert_eq!(pointers(&refused), expected, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["line"], 3);
    assert_eq!(refused.refused(), (422, "statement-invalid"));
    let foreign = csv(&[("FT1", "30,000", &short)]).replace(ACCOUNT, "999");
    let refused = send(&mut office, ("text/csv", "k2"), &foreign).await;
    assert_eq!(pointers(&refused), ["/lines/3/account"], "{}", refused.body);
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"b\"><!ENTITY c \"&b;&b;\">]>\
                <Document>&c;</Document>";
    let external = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>\
                    <Document>&b;</Document>";
    let deep = "<a>".repeat(1_000);
    for (key, file) in [("k3", bomb), ("k4", external), ("k5", &*deep), ("k6", "<a/>")] {
        let refused = send(&mut office, ("application/xml", key), file).await;
        assert_eq!(refused.refused(), (422, "statement-invalid"), "{}", refused.body);
    }
    let many: Vec<String> = (0..1_001).map(|n| format!("FT{n}")).collect();
    let many: Vec<(&str, &str, &str)> = many.iter().map(|event| (&**event, "1", "x")).collect();
    let refused = send(&mut office, ("text/csv", "k7"), &csv(&many)).await;
    assert_eq!(refused.refused(), (422, "statement-invalid"), "{}", refused.body);
    let empty = send(&mut office, ("text/csv", "k8"), HEAD).await;
    assert_eq!(empty.refused(), (422, "statement-empty"));
    let large = send(&mut office, ("text/csv", "k9"), &"x".repeat(600 * 1024)).await;
    assert_eq!(large.status.as_u16(), 413);
    let other = send(&mut office, ("text/html", "k10"), "x").await;
    assert_eq!(other.status.as_u16(), 415, "{}", other.body);
    assert_eq!(received(&office, &certificate).await, 0);
    let cashier = office.token(Role::Cashier, "cashier-1", "G02");
    let books = office.browser.get("/v1/payment-books", &cashier).await.granted();
    assert_eq!(books, json!([]), "nothing was recorded");
}

#[tokio::test]
async fn an_agency_imports_files_of_its_own_accounts_only_and_sandboxes_have_none() {
    let (mut office, _, short) = open().await;
    let file = csv(&[("FT1", "30,000", &short)]);
    let below = office.token(Role::Cashier, "cashier-2", "G02.001");
    let applicant = office.applicant("a1");
    let address = format!("{ADDRESS}&agency=G02");
    for (place, token) in [below.clone(), applicant].iter().enumerate() {
        let key = format!("k{place}");
        let sent = ("text/csv", &*key);
        let refused = send_to(&mut office, &address, token, sent, file.as_bytes()).await;
        assert!(matches!(refused.status.as_u16(), 403 | 404), "{}", refused.body);
    }
    // The account of the agency above is not that of the agency below.
    let own = send_to(&mut office, ADDRESS, &below, ("text/csv", "k5"), file.as_bytes()).await;
    assert_eq!(pointers(&own), ["/lines/3/account"], "{}", own.body);
    let sandbox = "/v1/payment-statements?account=sandbox";
    let refused = send_to(&mut office, sandbox, &below, ("text/csv", "k6"), file.as_bytes()).await;
    assert_eq!(refused.refused(), (422, "statement-not-readable"));
}
