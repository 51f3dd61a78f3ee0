use jiff::civil::date;

use super::*;
use crate::contract::RulesKind;
use crate::law::{in_version, rules};
use crate::testing::{at, law};

const EXAMPLE: &str = include_str!("../../../../../examples/refusal-slip.yaml");

fn record(law: &mut Law, text: &str, at: Timestamp) -> Option<String> {
    let issued = rules(RulesKind::Papers, "p", text).unwrap();
    law.record(&issued, at).map(|void| void.reason.clone())
}

/// The name and version of the template that an agency uses for refusals.
fn used(law: &Law, agency: &str, when: &str) -> (String, u32) {
    let issuer = Issuer { law, agency: &agency.into(), at: at(when) };
    let template = law.template(PaperForm::Refusal03, &issuer);
    (template.name.clone(), template.version)
}

#[test]
fn an_agency_and_those_below_it_use_its_template_from_its_first_day_to_its_last() {
    let mut law = law();
    let recorded = at("2026-11-20T09:00");
    assert_eq!(record(&mut law, EXAMPLE, recorded), None);
    let ministry = EXAMPLE
        .replace("id: slip-03-G02.001", "id: slip-03-G02")
        .replace("agency: G02.001", "agency: G02")
        .replace("{ from: 2026-12-01 }", "{ from: 2026-11-25, to: 2026-12-31 }");
    assert_eq!(record(&mut law, &ministry, recorded), None);
    let (shipped, own) = (("slip-03".to_owned(), 1), ("slip-03-G02.001".to_owned(), 1));
    let above = ("slip-03-G02".to_owned(), 1);
    assert_eq!(used(&law, "G02.001", "2026-11-24T23:59"), shipped);
    assert_eq!(used(&law, "G02.001", "2026-11-25T00:00"), above);
    assert_eq!(used(&law, "G02.001", "2026-12-01T00:00"), own);
    assert_eq!(used(&law, "G02.002", "2026-12-31T23:59"), above);
    assert_eq!(used(&law, "G02.002", "2027-01-01T00:00"), shipped);
    assert_eq!(used(&law, "H26.14", "2026-12-01T09:00"), shipped);
    // Other forms of paper are not concerned.
    let issuer = Issuer { law: &law, agency: &"G02.001".into(), at: at("2026-12-01T09:00") };
    assert_eq!(law.template(PaperForm::Apology04, &issuer).name, "slip-04");
}

#[test]
fn a_later_version_is_used_from_its_first_day_and_the_earlier_one_stays_known() {
    let mut law = law();
    record(&mut law, EXAMPLE, at("2026-11-20T09:00"));
    let second = in_version(EXAMPLE, 2).replace("2026-12-01", "2027-01-01");
    assert_eq!(record(&mut law, &second, at("2026-12-10T09:00")), None);
    assert_eq!(used(&law, "G02.001", "2026-12-20T09:00").1, 1);
    assert_eq!(used(&law, "G02.001", "2027-01-01T09:00").1, 2);
    // A version that is issued with an earlier first day was not known before it was recorded.
    let third = in_version(EXAMPLE, 3);
    assert_eq!(record(&mut law, &third, at("2027-02-01T09:00")), None);
    assert_eq!(used(&law, "G02.001", "2027-01-31T09:00").1, 2);
    assert_eq!(used(&law, "G02.001", "2027-02-01T09:00").1, 3);
    let known = |version| law.agency_template(PaperForm::Refusal03, "slip-03-G02.001", version);
    assert!((1..=3).all(|version| known(version).is_some()) && known(4).is_none());
    assert_eq!(law.as_known(at("2026-12-01T09:00")).newest_paper("slip-03-G02.001"), Some(1));
}

#[test]
fn a_version_that_is_withdrawn_before_its_first_day_is_not_used_and_stays_known() {
    let mut law = law();
    let issued = rules(RulesKind::Papers, "p", EXAMPLE).unwrap();
    let first = law.in_force_from(&issued).unwrap();
    assert_eq!(first, Some(at("2026-12-01T00:00")));
    law.record(&issued, at("2026-11-20T09:00"));
    law.withdraw(RulesKind::Papers, "slip-03-G02.001", 1);
    assert_eq!(used(&law, "G02.001", "2026-12-02T09:00").0, "slip-03");
    assert!(law.agency_template(PaperForm::Refusal03, "slip-03-G02.001", 1).is_some());
    assert_eq!(law.newest_paper("slip-03-G02.001"), Some(1));
}

#[test]
fn an_agency_has_one_file_for_a_paper_and_a_file_keeps_its_agency() {
    let mut law = law();
    record(&mut law, EXAMPLE, at("2026-11-20T09:00"));
    let other = EXAMPLE.replace("id: slip-03-G02.001", "id: refusal");
    let why = record(&mut law, &other, at("2026-11-20T09:01")).unwrap();
    assert!(why.contains("`slip-03-G02.001` is the template of this agency"), "{why}");
    let moved = in_version(EXAMPLE, 2).replace("agency: G02.001", "agency: G02.002");
    assert!(record(&mut law, &moved, at("2026-11-20T09:02")).is_some());
    let day = date(2026, 12, 1);
    let files = law.papers.get("slip-03-G02.001").unwrap();
    assert!(in_force(files, day, at("2026-11-20T09:00")).is_some());
}
