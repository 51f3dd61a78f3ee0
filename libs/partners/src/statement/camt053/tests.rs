use super::*;

fn document(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
         <BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><Othr><Id>0123</Id></Othr></Id></Acct>{entries}\
         </Stmt></BkToCstmrStmt></Document>"
    )
}

fn entry(amount: &str, direction: &str, rest: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
         <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-26</Dt></BookgDt>{rest}</Ntry>"
    )
}

#[test]
fn entries_are_lines_and_those_of_several_transactions_as_many() {
    let one = "<AcctSvcrRef>R1</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>phi A&amp;B</Ustrd>\
               <Ustrd>&#272;</Ustrd></RmtInf></TxDtls></NtryDtls>";
    let two = "<AcctSvcrRef>R2</AcctSvcrRef><NtryDtls><TxDtls><Refs><AcctSvcrRef>R2a</AcctSvcrRef>\
               </Refs><Amt Ccy=\"VND\">10000</Amt></TxDtls><TxDtls><AmtDtls><TxAmt>\
               <Amt Ccy=\"VND\">20000.00</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls>";
    let back = "<NtryRef>R3</NtryRef><RvslInd>true</RvslInd>";
    let pending = entry("5", "CRDT", "").replace("BOOK", "PDNG");
    let text = document(&format!(
        "{}{}{}{pending}",
        entry("30000", "CRDT", one),
        entry("30000", "CRDT", two),
        entry("30000.0", "DBIT", back),
    ));
    let lines = read(text.as_bytes()).unwrap();
    let seen: Vec<(&str, i64, &str)> =
        lines.iter().map(|line| (&*line.event, line.amount.0, &*line.memo)).collect();
    let expected = [
        ("R1", 30_000, "phi A&B Đ"),
        ("R2a", 10_000, ""),
        ("R2:2", 20_000, ""),
        ("R3", -30_000, ""),
    ];
    assert_eq!(seen, expected);
    assert!(lines[3].is_reversal && lines.iter().all(|line| line.account == "0123"));
    assert_eq!(lines[0].booked_at, Some("2026-11-25T17:00:00Z".parse().unwrap()));
}

#[test]
fn all_wrong_entries_are_found_with_their_numbers() {
    let two = "<AcctSvcrRef>R</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy=\"VND\">1</Amt></TxDtls>\
               <TxDtls><Amt Ccy=\"VND\">1</Amt></TxDtls></NtryDtls>";
    let text = document(&format!(
        "{}{}{}",
        entry("1.5", "CRDT", ""),
        entry("1", "BOTH", "<NtryRef>1</NtryRef>").replace("VND", "USD").replace("11-26", "13-26"),
        entry("3", "CRDT", two),
    ));
    let found = read(text.as_bytes()).unwrap_err();
    let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
    let expected = ["/1/Amt", "/1/AcctSvcrRef", "/2/Amt", "/2/CdtDbtInd", "/2/BookgDt", "/3/Amt"];
    assert_eq!(at, expected);
}

#[test]
fn what_is_no_statement_or_could_grow_is_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><Document>&b;</Document>";
    let entity = document(&entry("1", "CRDT", "<NtryRef>&b;</NtryRef>"));
    let deep = "<a>".repeat(XML_DEPTH_MAX + 1);
    let cut = document("").replace("</Document>", "");
    for text in ["", "<Document/>", "a,b", bomb, &entity, &deep, &cut, "<a></b>"] {
        let found = read(text.as_bytes()).unwrap_err();
        assert_eq!(found.0.len(), 1, "{text}: {found}");
    }
}
