use jiff::civil::date;

use super::*;
use crate::testing::at;

#[test]
fn the_shipped_law_is_valid() {
    let law = Law::shipped().unwrap();
    assert_eq!(law.procedures().count(), SHIPPED.len());
    assert!(law.agencies().count() > 1);
}

#[test]
fn a_wrong_file_is_refused_with_file_line_and_reason() {
    let mut law = Law::shipped().unwrap();
    let wrong = SHIPPED[0].1.replace("\nversion: ", "\nversion: two");
    let error = law.add_procedure("wrong.yaml", &wrong).unwrap_err().to_string();
    assert!(error.starts_with("wrong.yaml:") && error.contains("version"), "{error}");
    let unknown = format!("{}\nsurprise: 1\n", SHIPPED[0].1);
    let error = law.add_procedure("unknown.yaml", &unknown).unwrap_err().to_string();
    assert!(error.contains("surprise"), "{error}");
}

#[test]
fn who_takes_over_from_an_agency_deals_with_its_dossiers_from_that_day_on() {
    let law = Law::shipped().unwrap();
    let (old, new) = (AgencyCode::from("G02.004"), AgencyCode::from("G02.005"));
    let (before, after) = (at("2025-02-28T23:59"), at("2025-03-01T00:00"));
    assert_eq!((law.present(&old, before), law.present(&old, after)), (&old, &new));
    assert_eq!(law.predecessors(&new, before), []);
    assert_eq!(law.predecessors(&new, after), std::slice::from_ref(&old));
    assert_eq!(law.predecessors(&"G02".into(), after), [], "it reaches it anyway");
    assert!(law.reaches(&new, &old, after) && !law.reaches(&new, &old, before));
    assert!(!law.reaches(&old, &new, after));
}

#[test]
fn a_succession_that_leads_nowhere_or_back_is_refused() {
    let shipped = next_version(include_str!("../../procedures/agencies.yaml"));
    let refused = |by: &str, wrong: &str| {
        let text = shipped.replace(&format!("by: {by}"), &format!("by: {wrong}"));
        Law::shipped().unwrap().add_agencies("agencies.yaml", &text).unwrap_err().to_string()
    };
    assert!(refused("G02.005", "G02.999").contains("not an agency"));
    assert!(refused("G02.005", "G02.004").contains("back to itself"));
}

#[test]
fn the_same_version_twice_is_refused() {
    let mut law = Law::shipped().unwrap();
    let error = law.add_procedure("again.yaml", SHIPPED[0].1).unwrap_err().to_string();
    assert!(error.contains("loaded already"), "{error}");
}

#[test]
fn a_later_version_applies_to_open_dossiers_only_if_it_says_so_and_from_its_first_day() {
    let second = |transition: &str| {
        let mut law = Law::shipped().unwrap();
        let (_, text) = SHIPPED.iter().find(|(_, text)| text.contains("CHEM.IMPORT")).unwrap();
        let text = format!("{}{transition}", in_version(text, 3));
        let text = text.replace("effective: { from: 2026-01-17", "effective: { from: 2026-11-20");
        law.add_procedure("second.yaml", &text).unwrap();
        law
    };
    let received = ProcedureRef { code: "CHEM.IMPORT".into(), version: 1 };
    let version = |law: &Law, at: &str| {
        let at: Timestamp = at.parse().unwrap();
        law.rule(&received, &"G02.002".into(), at).unwrap().procedure.version
    };
    let silent = second("");
    assert_eq!(version(&silent, "2026-11-21T02:00:00Z"), 1);
    let open = second("applies_to_open: true\n");
    assert_eq!(version(&open, "2026-11-19T16:59:59Z"), 1, "still the 19th in Vietnam");
    assert_eq!(version(&open, "2026-11-19T17:00:00Z"), 3);
}

#[test]
fn a_procedure_is_in_force_from_its_first_to_its_last_day() {
    let law = Law::shipped().unwrap();
    let declaration = ProcedureCode::from("CHEM.IMPORT");
    assert!(law.in_force(&declaration, date(2026, 1, 16)).is_none());
    assert!(law.in_force(&declaration, date(2026, 1, 17)).is_some());
    assert!(law.in_force(&"9.999999".into(), date(2026, 1, 17)).is_none());
}
