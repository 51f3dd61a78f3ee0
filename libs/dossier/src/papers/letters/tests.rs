use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::contract::{DossierSubmitted, Personal};
use crate::law::assert_fields;
use crate::papers::{Comparison, ERASED};
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
        claims: Vec::new(),
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
    let (letter, paper) =
        letter(&decision, at("2026-11-25T10:00"), &intake, (&law, PaperLanguage::Vietnamese))
            .unwrap();
    assert_fields(&letter, Form::Approval.fields());
    assert_eq!(paper.text(), include_str!("../golden/letter-approval.txt"));
}

#[test]
fn a_letter_of_refusal_gives_the_reason_and_the_right_to_complain() {
    let law = law();
    let (decision, intake) = decided(&law, Outcome::Refused, Some("Thiếu tiêu chí xuất xứ"));
    let (_, paper) =
        letter(&decision, at("2026-11-25T10:00"), &intake, (&law, PaperLanguage::Vietnamese))
            .unwrap();
    assert_eq!(paper.text(), include_str!("../golden/letter-refusal.txt"));
}

#[test]
fn a_decision_by_a_rule_has_no_reason_and_an_erased_one_prints_as_erased() {
    let law = law();
    let made = |decision: &DecisionMade, intake: &Intake| {
        letter(decision, at("2026-11-25T10:00"), intake, (&law, PaperLanguage::Vietnamese))
            .unwrap()
            .1
            .text()
    };
    let (by_rule, intake) = decided(&law, Outcome::Approved, None);
    let text = made(&by_rule, &intake);
    assert!(text.contains("theo quy tắc") && !text.contains("Lý do"), "{text}");
    let (mut erased, intake) = decided(&law, Outcome::Refused, Some("x"));
    erased.reason = Some(Personal::Erased);
    assert!(made(&erased, &intake).contains(&format!("Lý do: {ERASED}")));
}

#[test]
fn a_letter_in_english_says_the_same_and_that_the_vietnamese_text_governs() {
    let law = law();
    let (decision, intake) = decided(&law, Outcome::Refused, Some("Thiếu tiêu chí xuất xứ"));
    let at = at("2026-11-25T10:00");
    let (letter, paper) = letter(&decision, at, &intake, (&law, PaperLanguage::English)).unwrap();
    assert_eq!(paper.language(), "en");
    assert_eq!(letter.procedure_name, "Preferential certificate of origin form D");
    for words in [
        "does not approve",
        "09:00 on 20 November 2026",
        "25 November 2026",
        "it alone governs",
        "Thiếu tiêu chí",
    ] {
        assert!(paper.text().contains(words), "{words}: {}", paper.text());
    }
    assert_eq!(paper.comparison(), Comparison::NotRecorded);
}

#[test]
fn intake_records_the_letter_with_the_decision_and_a_changed_reason_is_found() {
    let law = law();
    let mut scene = crate::intake::accept_dossier::tests::accepted(&law);
    let brief = scene.state.submission.as_ref().unwrap().brief.clone();
    let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
    let reason = Some(Personal::from("Hồ sơ đáp ứng điều kiện".to_owned()));
    let mut decision = DecisionMade { brief: brief.clone(), outcome, by, reason: reason.clone() };
    let decided_at = at("2026-11-23T10:00");
    let command = crate::intake::record_decision::RecordDecision {
        outcome,
        by,
        decided_at,
        cause: uuid::Uuid::nil(),
        brief: Some(brief),
        reason,
    };
    scene.execute("2026-11-23T10:01", Role::System, command).unwrap();
    let compared = |decision: &DecisionMade| verify_letter(Some(decision), &scene.state, &law);
    assert_eq!(compared(&decision), Some(Comparison::Same));
    let (_, paper) =
        letter(&decision, decided_at, &scene.state, (&law, PaperLanguage::English)).unwrap();
    assert_eq!(paper.comparison(), Comparison::Same, "that of the Vietnamese letter");
    decision.reason = Some(Personal::from("bribed".to_owned()));
    assert_eq!(compared(&decision), Some(Comparison::Differs));
    decision.reason = Some(Personal::Erased);
    assert_eq!(compared(&decision), Some(Comparison::Erased));
}
