use serde_json::json;

use super::*;
use crate::contract::{ChargedLine, PaymentId, Personal};
use crate::papers::Comparison;
use crate::payment::assess_fee::tests::brief;
use crate::testing::{at, law};
use uuid::Uuid;

fn line(kind: FeeKind, name: &str, full: i64, charged: i64) -> ChargedLine {
    ChargedLine {
        rule: "rule".to_owned(),
        kind,
        name_vi: name.to_owned(),
        name_en: name.to_owned(),
        full: Vnd(full),
        reduction: (full != charged).then(|| "digital-citizen".to_owned()),
        charged: Vnd(charged),
    }
}

fn issued(law: &Law, lines: Vec<ChargedLine>, amount: i64) -> (ReceiptIssued, Intake) {
    let brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
    let form = json!({ "exporter": { "name": "Công ty Minh An", "tax_code": "0101243150", "address": "Hà Nội" } });
    let submitted = crate::contract::DossierSubmitted {
        brief: brief.clone(),
        form: Personal::from(form),
        documents: Vec::new(),
        posted_at: None,
        posted_by: None,
        answer_due_at: None,
        fee_first: true,
        claims: Vec::new(),
    };
    let intake = Intake { submission: Some(std::sync::Arc::new(submitted)), ..Intake::default() };
    let receipt = ReceiptIssued {
        number: 17,
        symbol: "XNK-26E".to_owned(),
        year: 2026,
        agency: brief.agency.clone(),
        dossier: brief.dossier,
        payment: PaymentId(Uuid::from_u128(1)),
        source: Uuid::from_u128(2),
        lines,
        amount: Vnd(amount),
        paper: None,
    };
    (receipt, intake)
}

#[test]
fn a_receipt_has_phi_and_le_phi_apart_and_the_amount_in_words() {
    let law = law();
    let lines = vec![
        line(FeeKind::Phi, "Phí thẩm định", 1_000_000, 500_000),
        line(FeeKind::LePhi, "Lệ phí cấp giấy", 21_000, 21_000),
        line(FeeKind::Phi, "Phí sao lục", 5_000, 5_000),
    ];
    let (issued, intake) = issued(&law, lines, 526_000);
    let (receipt, paper) = receipt(&issued, at("2026-11-20T10:05"), &intake, &law).unwrap();
    assert_eq!((receipt.phi_vnd, receipt.le_phi_vnd), (Vnd(505_000), Vnd(21_000)));
    assert_eq!(paper.text(), include_str!("../golden/receipt.txt"));
}

#[test]
fn a_receipt_for_a_part_says_so_and_one_without_le_phi_has_no_table_of_it() {
    let law = law();
    let (issued, intake) =
        issued(&law, vec![line(FeeKind::Phi, "Phí cấp C/O", 30_000, 30_000)], 10_000);
    let (receipt, paper) = receipt(&issued, at("2026-11-20T10:05"), &intake, &law).unwrap();
    assert!(receipt.is_part);
    let text = paper.text();
    assert!(text.contains("Mười nghìn đồng") && text.contains("một phần"), "{text}");
    assert!(!text.contains("Cộng lệ phí"), "{text}");
}

#[test]
fn a_receipt_is_compared_with_the_record_of_its_issue() {
    let law = law();
    let (mut issued, intake) =
        issued(&law, vec![line(FeeKind::Phi, "Phí cấp C/O", 30_000, 30_000)], 30_000);
    let made =
        |issued: &ReceiptIssued| receipt(issued, at("2026-11-20T10:05"), &intake, &law).unwrap();
    let (receipt, paper) = made(&issued);
    assert_eq!(paper.comparison(), Comparison::NotRecorded);
    issued.paper = Some(paper.record_of_receipt(&receipt));
    assert_eq!(made(&issued).1.comparison(), Comparison::Same);
    issued.amount = Vnd(29_000);
    assert_eq!(made(&issued).1.comparison(), Comparison::Differs);
}

#[test]
fn the_fields_of_a_receipt_are_those_that_templates_may_use() {
    let law = law();
    let (issued, intake) = issued(&law, vec![line(FeeKind::Phi, "Phí", 1, 1)], 1);
    let (receipt, _) = receipt(&issued, at("2026-11-20T10:05"), &intake, &law).unwrap();
    crate::law::assert_fields(&receipt, Form::Receipt.fields());
}
