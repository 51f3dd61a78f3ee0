use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::contract::{DossierSubmitted, Personal};
use crate::papers::ERASED;
use crate::papers::templates::assert_fields;
use crate::payment::assess_fee::tests::brief;
use crate::testing::{at, law};

fn decided(law: &Law, outcome: Outcome, reason: Option<&str>) -> (DecisionMade, Intake) {
    let brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
    let exporter =
        json!({ "name": "Công ty Minh An", "tax_code": "0101243150", "address": "Hà Nội" });
    let submitted = DossierSubmitted {
        brief: brief.clone(),
        form: Personal::from(json!({ "exporter": exporter })),
        documents: Vec::new(),
        posted_at: None,
        posted_by: None,
        answer_due_at: None,
        fee_first: true,
    };
    let by = if reason.is_some() { DecidedBy::Officers } else { DecidedBy::Rule };
    let reason = reason.map(|reason| Personal::from(reason.to_owned()));
    let decision = DecisionMade { brief, outcome, by, reason };
    (decision, Intake { submission: Some(Arc::new(submitted)), ..Intake::default() })
}

#[test]
fn a_letter_of_approval_names_the_applicant_and_the_basis() {
    let law = law();
    let (decision, intake) = decided(&law, Outcome::Approved, Some("Hồ sơ đáp ứng điều kiện"));
    let (letter, paper) = letter(&decision, at("2026-11-25T10:00"), &intake, &law).unwrap();
    assert_fields(&letter, &FIELDS);
    assert_eq!(paper.text(), include_str!("../golden/letter-approval.txt"));
}

#[test]
fn a_letter_of_refusal_gives_the_reason_and_the_right_to_complain() {
    let law = law();
    let (decision, intake) = decided(&law, Outcome::Refused, Some("Thiếu tiêu chí xuất xứ"));
    let (_, paper) = letter(&decision, at("2026-11-25T10:00"), &intake, &law).unwrap();
    assert_eq!(paper.text(), include_str!("../golden/letter-refusal.txt"));
}

#[test]
fn a_decision_by_a_rule_has_no_reason_and_an_erased_one_prints_as_erased() {
    let law = law();
    let made = |decision: &DecisionMade, intake: &Intake| {
        letter(decision, at("2026-11-25T10:00"), intake, &law).unwrap().1.text()
    };
    let (by_rule, intake) = decided(&law, Outcome::Approved, None);
    let text = made(&by_rule, &intake);
    assert!(text.contains("theo quy tắc") && !text.contains("Lý do"), "{text}");
    let (mut erased, intake) = decided(&law, Outcome::Refused, Some("x"));
    erased.reason = Some(Personal::Erased);
    assert!(made(&erased, &intake).contains(&format!("Lý do: {ERASED}")));
}
