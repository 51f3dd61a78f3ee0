use serde_json::json;

use super::*;
use crate::contract::{EventSet, Role};
use crate::intake::accept_dossier::AcceptDossier;
use crate::intake::move_appointment::MoveAppointment;
use crate::intake::refuse_dossier::RefuseDossier;
use crate::intake::request_supplement::tests::asked;
use crate::intake::submit_dossier::SubmitDossier;
use crate::intake::submit_dossier::tests::promotion;
use crate::intake::withdraw_dossier::WithdrawDossier;
use crate::papers::Comparison;
use crate::testing::{Scene, at, law};
use crate::text::Text;

fn reason(text: &str) -> Text<2000> {
    serde_json::from_value(json!(text)).unwrap()
}

/// A dossier that a firm submitted on Friday 20 November 2026.
fn submitted(law: &Law) -> Scene<'_, Intake> {
    let merchant =
        json!({ "name": "Công ty TNHH Minh An", "tax_code": "0101243150", "phone": "0912345678" });
    let form = json!({ "merchant": merchant, "programme": { "prizes_vnd": 5_000_000 } });
    let mut scene = Scene::new(law, "2.000004", "H26.14");
    let command = SubmitDossier { form, ..promotion() };
    scene.execute("2026-11-20T09:00", Role::Applicant, command).unwrap();
    scene
}

fn accepted(law: &Law) -> Scene<'_, Intake> {
    let mut scene = submitted(law);
    scene.execute("2026-11-20T10:00", Role::Clerk, AcceptDossier::default()).unwrap();
    scene
}

fn events(scene: &Scene<'_, Intake>) -> Vec<(IntakeEvent, Meta)> {
    scene.recorded().map(|(event, meta)| (event.clone(), meta.clone())).collect()
}

fn issued(scene: &Scene<'_, Intake>) -> Vec<SlipPaper> {
    slips(&events(scene), scene.law)
}

/// The only slip of the scene, after it was compared with its record.
fn only(scene: &Scene<'_, Intake>, form: SlipForm) -> SlipPaper {
    let mut slips = issued(scene);
    let slip = slips.pop().unwrap();
    assert_eq!(slip.slip.form, form);
    assert_eq!(slip.paper.comparison(), Comparison::Same);
    slip
}

#[test]
fn slip_01_is_the_receipt_with_the_appointment() {
    let law = law();
    let slip = only(&accepted(&law), SlipForm::Receipt);
    assert_eq!(slip.slip.due.as_deref(), Some("hết ngày 30/11/2026"));
    assert_eq!(slip.paper.text(), include_str!("../golden/slip-01.txt"));
}

#[test]
fn slip_02_lists_everything_that_is_missing() {
    let law = law();
    let mut scene = submitted(&law);
    asked(&mut scene, "2026-11-20T10:00").unwrap();
    let slip = only(&scene, SlipForm::SupplementRequest);
    assert_eq!(slip.paper.text(), include_str!("../golden/slip-02.txt"));
}

#[test]
fn slip_03_gives_the_reason_of_the_refusal() {
    let law = law();
    let mut scene = submitted(&law);
    let command = RefuseDossier { reason: reason("Không thuộc thẩm quyền giải quyết") };
    scene.execute("2026-11-20T10:00", Role::Clerk, command).unwrap();
    let slip = only(&scene, SlipForm::Refusal);
    assert_eq!(slip.paper.text(), include_str!("../golden/slip-03.txt"));
}

#[test]
fn slip_04_has_the_earlier_and_the_new_date() {
    let law = law();
    let mut scene = accepted(&law);
    let (due_at, reason) = (at("2026-12-05T00:00"), reason("Cần xác minh thêm"));
    let command = MoveAppointment { due_at, reason };
    scene.execute("2026-11-27T10:00", Role::Clerk, command).unwrap();
    let slip = only(&scene, SlipForm::Apology);
    assert_eq!(slip.slip.was_due.as_deref(), Some("hết ngày 30/11/2026"));
    assert_eq!(slip.slip.due_on.unwrap().to_string(), "2026-12-04");
    assert_eq!(slip.paper.text(), include_str!("../golden/slip-04.txt"));
}

#[test]
fn slip_05_ends_the_handling_with_or_without_a_reason() {
    let law = law();
    let mut scene = accepted(&law);
    let command = WithdrawDossier { reason: Some(reason("Không còn nhu cầu")) };
    scene.execute("2026-11-23T08:30", Role::Applicant, command).unwrap();
    let slip = only(&scene, SlipForm::Stop);
    assert_eq!(slip.paper.text(), include_str!("../golden/slip-05.txt"));
    let mut without = accepted(&law);
    let command = WithdrawDossier { reason: None };
    without.execute("2026-11-23T08:30", Role::Applicant, command).unwrap();
    assert!(!only(&without, SlipForm::Stop).paper.text().contains("Lý do"));
}

#[test]
fn the_fields_of_a_slip_are_those_that_templates_may_use() {
    let law = law();
    let slip = only(&accepted(&law), SlipForm::Receipt).slip;
    crate::law::assert_fields(&slip, Form::Receipt01.fields());
}

#[test]
fn an_older_slip_without_a_record_is_made_all_the_same() {
    let law = law();
    let mut events = events(&accepted(&law));
    for (event, _) in &mut events {
        if let Some(record) = record_of(event) {
            *record = None;
        }
    }
    let slips = slips(&events, &law);
    assert_eq!(slips.len(), 1);
    assert_eq!(slips[0].paper.comparison(), Comparison::NotRecorded);
}

#[test]
fn a_slip_whose_applicant_was_erased_says_so_and_one_that_was_changed_differs() {
    let law = law();
    let mut events = events(&accepted(&law));
    let IntakeEvent::DossierAccepted(accepted) = &mut events[1].0 else { panic!("{events:?}") };
    accepted.promise.as_mut().unwrap().due_at = at("2026-12-24T00:00");
    assert_eq!(slips(&events, &law)[0].paper.comparison(), Comparison::Differs);
    let IntakeEvent::DossierSubmitted(submitted) = &mut events[0].0 else { panic!("{events:?}") };
    submitted.form = Personal::Erased;
    let slip = &slips(&events, &law)[0];
    assert_eq!(slip.paper.comparison(), Comparison::Erased);
    assert!(slip.paper.text().contains("[đã xóa]"));
}

#[test]
fn a_slip_is_made_from_the_template_that_it_was_issued_with() {
    let law = law();
    let mut events = events(&accepted(&law));
    let record = record_of(&mut events[1].0).unwrap().as_mut().unwrap();
    assert_eq!((&*record.template, record.version), ("slip-01", 1));
    record.version = 99;
    assert!(slips(&events, &law).is_empty(), "no template of a later program is guessed");
}

#[test]
fn a_record_survives_the_log_and_an_agency_that_is_renamed_later_keeps_its_name_on_it() {
    let law = law();
    let mut events = events(&accepted(&law));
    let written = IntakeEvent::decode(events[1].0.kind(), &events[1].0.encode()).unwrap();
    assert_eq!(written, events[1].0);
    let record = record_of(&mut events[1].0).unwrap().as_mut().unwrap();
    record.agency_name = "Sở Công Thương cũ".to_owned();
    assert!(slips(&events, &law)[0].paper.text().starts_with("SỞ CÔNG THƯƠNG CŨ\n"));
}

#[test]
fn a_slip_in_english_is_a_translation_whose_comparison_is_that_of_the_vietnamese_one() {
    let law = law();
    let mut events = events(&accepted(&law));
    let (id, issued) = (events[1].1.id, slips(&events, &law));
    let english = slip_in(&events, id, (&law, PaperLanguage::English)).unwrap();
    let (slip, paper) = (&english.slip, &english.paper);
    assert_eq!((paper.language(), paper.template()), ("en", "slip-01-en"));
    assert_eq!(slip.due.as_deref(), Some("the end of 30 November 2026"));
    assert_eq!(slip.applicant, issued[0].slip.applicant);
    for words in ["it alone governs", "10:00 on 20 November 2026", "Công ty TNHH Minh An"] {
        assert!(paper.text().contains(words), "{words}: {}", paper.text());
    }
    assert_eq!(paper.comparison(), Comparison::Same);
    assert_eq!(paper.recorded(), issued[0].paper.recorded());
    assert_ne!(paper.sha256(), issued[0].paper.sha256());
    assert!(slip_in(&events, Uuid::nil(), (&law, PaperLanguage::English)).is_none());
    // A change of the log is not hidden by a translation.
    let IntakeEvent::DossierAccepted(accepted) = &mut events[1].0 else { panic!("{events:?}") };
    accepted.promise.as_mut().unwrap().due_at = at("2026-12-24T00:00");
    let changed = slip_in(&events, id, (&law, PaperLanguage::English)).unwrap();
    assert_eq!(changed.paper.comparison(), Comparison::Differs);
}

/// The example of a template, for the agency of these tests.
const OWN: &str = include_str!("../../../../../examples/refusal-slip.yaml");

fn with_template(law: &Law, text: &str, recorded: &str) -> Law {
    let text = text.replace("agency: G02.001", "agency: H26").replace("2026-12-01", "2026-11-01");
    let issued = crate::law::rules(crate::contract::RulesKind::Papers, "p", &text).unwrap();
    let mut law = law.clone();
    law.apply(&issued, Some(at(recorded))).unwrap();
    law
}

#[test]
fn a_slip_of_an_agency_with_a_template_is_made_again_by_the_version_that_it_was_issued_with() {
    let first = with_template(&law(), OWN, "2026-11-19T09:00");
    let mut scene = submitted(&first);
    let refuse = RefuseDossier { reason: reason("Không thuộc thẩm quyền giải quyết") };
    scene.execute("2026-11-20T10:00", Role::Clerk, refuse).unwrap();
    let slip = only(&scene, SlipForm::Refusal);
    assert_eq!((slip.paper.template(), slip.paper.version()), ("slip-03-G02.001", 1));
    let text = slip.paper.text();
    assert!(text.contains("Kính gửi: Công ty TNHH Minh An"), "{text}");

    // The next version says something else, and this slip stays as it was, byte for byte.
    let changed = crate::law::in_version(OWN, 2).replace("Kính gửi", "Thân gửi");
    let second = with_template(&first, &changed, "2026-11-20T12:00");
    let [again] = &slips(&events(&scene), &second)[..] else { panic!() };
    assert_eq!(again.paper.comparison(), Comparison::Same);
    assert_eq!((again.paper.text(), again.paper.pdf()), (text, slip.paper.pdf()));
    // A law without the template cannot make it.
    assert!(slips(&events(&scene), &law()).is_empty());

    let mut later = submitted(&second);
    let refuse = RefuseDossier { reason: reason("Không thuộc thẩm quyền giải quyết") };
    later.execute("2026-11-20T13:00", Role::Clerk, refuse).unwrap();
    assert_eq!(only(&later, SlipForm::Refusal).paper.version(), 2);
}

#[test]
fn a_template_of_an_agency_is_translated_by_its_own_translation_or_not_at_all() {
    let english = |text: &str| {
        let law = with_template(&law(), text, "2026-11-19T09:00");
        let mut scene = submitted(&law);
        let refuse =
            RefuseDossier { reason: reason("Không thuộc thẩm quyền giải quyết") };
        scene.execute("2026-11-20T10:00", Role::Clerk, refuse).unwrap();
        let recorded = events(&scene);
        let id = recorded.last().unwrap().1.id;
        slip_in(&recorded, id, (&law, PaperLanguage::English)).unwrap().paper
    };
    let own = english(OWN);
    assert_eq!((own.language(), own.comparison()), ("en", Comparison::Same));
    assert!(own.text().contains("does not receive the dossier"), "{}", own.text());
    let without = english(&OWN[..OWN.find("english:").unwrap()]);
    assert_eq!((without.language(), without.comparison()), ("vi", Comparison::Same));
}
