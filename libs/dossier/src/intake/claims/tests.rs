use super::*;
use crate::contract::{FeeReceived, IntakeEvent, ProcedureRef, Role, Vnd};
use crate::intake::Stage;
use crate::intake::accept_dossier::{AcceptDossier, Refusal};
use crate::intake::close_unpaid::CloseUnpaid;
use crate::intake::record_fee::RecordFee;
use crate::intake::return_fee::tests::give_back;
use crate::intake::submit_dossier::SubmitDossier;
use crate::intake::submit_dossier::tests::{document, promotion};
use crate::law::Law;
use crate::step::Refuse;
use crate::testing::{Scene, at, law};

const GROUPS: &str = "  groups:\n    - { group: digital_citizen, evidence: identity }\n";
/// The same, as it is shipped: without a component as evidence.
const LOOKED_UP: &str = "  groups:\n    - { group: digital_citizen }\n";
const IDENTITY: &str =
    "  - { code: identity, name: { vi: Thẻ, en: Identity card }, required: false }\n";

/// The shipped law with a version of a procedure in which claims have to be proved.
fn proved(code: &str, change: impl Fn(String) -> String) -> Law {
    let mut law = law();
    let shipped = crate::law::SHIPPED.iter().rfind(|(_, text)| text.contains(code));
    let text = crate::law::next_version(shipped.unwrap().1);
    let text = text.replacen("documents:\n", &format!("documents:\n{IDENTITY}"), 1);
    law.add_procedure("proved.yaml", &change(text)).unwrap();
    law
}

fn newest(law: &Law, code: &str) -> ProcedureRef {
    law.procedures().filter(|p| p.code.as_str() == code).last().unwrap().reference()
}

fn certificates() -> Law {
    proved("code: CO.D\n", |text| text.replacen(LOOKED_UP, GROUPS, 1))
}

/// An application for a certificate of origin by a digital citizen.
fn claimed(components: &[&str]) -> SubmitDossier {
    SubmitDossier {
        agency: "G02.001".into(),
        documents: components.iter().map(|component| document(component)).collect(),
        groups: vec!["digital_citizen".to_owned()],
        ..promotion()
    }
}

const COMPONENTS: [&str; 4] = ["application", "export_declaration", "invoice", "identity"];

fn submitted(law: &Law) -> Scene<'_, Intake> {
    let mut scene = Scene::new(law, "CO.D", "G02.001");
    scene.procedure = newest(law, "CO.D");
    scene.execute("2026-11-20T09:00", Role::Applicant, claimed(&COMPONENTS)).unwrap();
    scene
}

fn paid(scene: &mut Scene<'_, Intake>, moment: &str, amount: i64) -> Vec<IntakeEvent> {
    let cause = uuid::Uuid::from_u128(9);
    let command = RecordFee { amount: Vnd(amount), paid_at: at(moment), cause };
    scene.execute(moment, Role::System, command).unwrap()
}

fn decision(group: &str, confirmed: bool, reason: Option<&str>) -> ClaimDecision {
    ClaimDecision { group: group.into(), confirmed, reason: reason.map(Into::into) }
}

fn accept(claims: Vec<ClaimDecision>) -> AcceptDossier {
    AcceptDossier { claims: claims.into() }
}

#[test]
fn a_claim_that_wants_evidence_is_submitted_with_it_or_not_at_all() {
    let law = certificates();
    let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
    scene.procedure = newest(&law, "CO.D");
    let bare = scene.execute("2026-11-20T09:00", Role::Applicant, claimed(&COMPONENTS[..3]));
    let found = bare.unwrap_err().findings();
    assert_eq!((found.len(), &*found[0].pointer), (1, "/groups/0"));
    assert!(found[0].en.contains("identity"), "{found:?}");
    let scene = submitted(&law);
    let open: Vec<_> = scene.state.open_claims().collect();
    assert_eq!((open.len(), &*open[0].group), (1, "digital_citizen"));
    // A reduction that is not given on the day of submission needs no evidence.
    let mut later = Scene::<Intake>::new(&law, "CO.D", "G02.001");
    later.procedure = scene.procedure.clone();
    later.execute("2027-03-01T09:00", Role::Applicant, claimed(&COMPONENTS[..3])).unwrap();
    assert_eq!(later.state.open_claims().count(), 0);
}

#[test]
fn under_rules_without_an_entry_for_the_group_a_claim_counts_as_it_is() {
    let law = proved("code: CO.D\n", |text| text.replacen(LOOKED_UP, "", 1));
    let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
    scene.procedure = newest(&law, "CO.D");
    scene.execute("2026-11-20T09:00", Role::Applicant, claimed(&COMPONENTS[..3])).unwrap();
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    scene.execute("2026-11-20T11:00", Role::Clerk, accept(Vec::new())).unwrap();
    assert_eq!(scene.state.stage(), Stage::Processing);
}

#[test]
fn everything_that_is_wrong_with_the_decisions_is_reported_at_once() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    let mut refused = |claims| {
        let refusal = scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap_err();
        let found = refusal.findings();
        found.into_iter().map(|finding| finding.pointer).collect::<Vec<_>>()
    };
    assert_eq!(refused(Vec::new()), ["/claims"]);
    assert_eq!(refused(vec![decision("digital_citizen", false, None)]), ["/claims/0/reason"]);
    let wrong = vec![decision("veteran", false, None), decision("student", true, None)];
    let all = ["/claims/0/group", "/claims/0/reason", "/claims/1/group", "/claims"];
    assert_eq!(refused(wrong), all);
    let twice = vec![
        decision("digital_citizen", true, None),
        decision("digital_citizen", false, Some("no")),
    ];
    assert_eq!(refused(twice), ["/claims/1/group"]);
}

#[test]
fn a_confirmed_claim_is_recorded_with_the_acceptance() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    let claims = vec![decision("digital_citizen", true, None)];
    let events = scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    let [IntakeEvent::FeeClaimsDecided(decided), IntakeEvent::DossierAccepted(accepted)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((decided.fee, &*accepted.brief.groups), (None, &["digital_citizen".to_owned()][..]));
    assert_eq!(scene.state.open_claims().count(), 0);
}

#[test]
fn a_rejected_claim_makes_the_dossier_wait_for_the_rest_of_its_fee_before_it_is_accepted() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    assert!(scene.state.answer().is_some());
    let claims = vec![decision("digital_citizen", false, Some("expired"))];
    let events = scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    let [IntakeEvent::FeeClaimsDecided(decided)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((decided.fee, decided.brief.groups.len()), (Some(Vnd(30_000)), 0));
    assert!(scene.state.answer().is_none(), "no answer is owed until the rest is paid");
    assert!(scene.state.promised.is_none(), "the clock has not started");
    let early = scene.execute("2026-11-20T12:00", Role::Clerk, accept(Vec::new()));
    assert_eq!(early, Err(Refusal::FeeNotReceived));
    // What payment recorded before it knew of the decision changes nothing.
    assert!(paid(&mut scene, "2026-11-20T12:01", 15_000).is_empty());
    assert!(give_back(&mut scene, "2026-11-20T12:02", "2026-11-20T10:59").is_empty());

    let events = paid(&mut scene, "2026-11-23T09:00", 30_000);
    let [IntakeEvent::FeeReceived(FeeReceived { answer_due_at, .. })] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(*answer_due_at, Some(at("2026-11-25T09:00")), "a new period; 24 November is off");
    let events = scene.execute("2026-11-23T10:00", Role::Clerk, accept(Vec::new())).unwrap();
    let [IntakeEvent::DossierAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
    assert!(accepted.brief.groups.is_empty());
}

#[test]
fn a_dossier_whose_rest_of_the_fee_is_not_paid_is_returned() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    let claims = vec![decision("digital_citizen", false, Some("expired"))];
    scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    assert_eq!(scene.execute("2026-12-16T00:00", Role::System, CloseUnpaid).unwrap().len(), 1);
}

#[test]
fn a_rejected_claim_is_confirmed_after_all_while_the_rest_of_the_fee_is_unpaid() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    let claims = vec![decision("digital_citizen", false, Some("expired"))];
    scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    let mut wrong = |claims| {
        let refusal = scene.execute("2026-11-20T12:00", Role::Clerk, accept(claims)).unwrap_err();
        let found = refusal.findings();
        found.into_iter().map(|finding| finding.pointer).collect::<Vec<_>>()
    };
    let bare = decision("digital_citizen", true, None);
    let other = decision("student", true, Some("x"));
    assert_eq!(wrong(vec![bare.clone()]), ["/claims/0/reason"]);
    assert_eq!(
        wrong(vec![bare.clone(), other, bare]),
        ["/claims/0/reason", "/claims/1/group", "/claims/2/group", "/claims/2/reason"]
    );

    let claims = vec![decision("digital_citizen", true, Some("a new card was shown"))];
    let events = scene.execute("2026-11-20T12:00", Role::Clerk, accept(claims)).unwrap();
    let [IntakeEvent::FeeClaimsDecided(decided)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (decided.fee, &*decided.brief.groups),
        (Some(Vnd(15_000)), &["digital_citizen".to_owned()][..])
    );
    assert_eq!(scene.state.stage(), Stage::Submitted);
    // Payment finds that what was paid covers the reduced fee.
    let events = paid(&mut scene, "2026-11-20T12:01", 15_000);
    assert!(matches!(events[..], [IntakeEvent::FeeReceived(_)]), "{events:?}");
    assert!(scene.state.answer().is_some(), "a new period to answer");
    let events = scene.execute("2026-11-20T13:00", Role::Clerk, accept(Vec::new())).unwrap();
    let [IntakeEvent::DossierAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*accepted.brief.groups, ["digital_citizen".to_owned()]);
}

#[test]
fn a_rejected_claim_is_not_confirmed_once_the_whole_fee_is_paid() {
    let law = certificates();
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 15_000);
    let claims = vec![decision("digital_citizen", false, Some("expired"))];
    scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    paid(&mut scene, "2026-11-20T12:00", 30_000);
    let confirm = || accept(vec![decision("digital_citizen", true, Some("a new card"))]);
    let before = scene.execute("2026-11-20T13:00", Role::Clerk, confirm());
    assert_eq!(before, Err(Refusal::ClaimFinal));
    scene.execute("2026-11-20T13:00", Role::Clerk, accept(Vec::new())).unwrap();
    let after = scene.execute("2026-11-20T14:00", Role::Clerk, confirm());
    assert_eq!(after, Err(Refusal::ClaimFinal));
    // Nor when more is owed later.
    assert_eq!(give_back(&mut scene, "2026-11-20T15:00", "2026-11-20T15:00").len(), 1);
    let later = scene.execute("2026-11-20T16:00", Role::Clerk, confirm());
    assert_eq!(later, Err(Refusal::ClaimFinal));
}

#[test]
fn a_claim_that_another_reduction_outweighs_is_rejected_and_the_dossier_accepted_at_once() {
    let law = proved("code: CO.D\n", |text| {
        let everybody = "  reductions:\n    - { rule: all, percent: 60, of: [phi], effective: { from: 2026-01-01 }, basis: x }\n";
        let text = text.replacen(LOOKED_UP, GROUPS, 1);
        text.replacen("  reductions:\n", everybody, 1)
    });
    let mut scene = submitted(&law);
    paid(&mut scene, "2026-11-20T10:00", 12_000);
    let claims = vec![decision("digital_citizen", false, Some("expired"))];
    let events = scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(scene.state.stage(), Stage::Processing);
}

#[test]
fn a_fee_after_the_acceptance_is_assessed_without_the_rejected_group() {
    let law = proved("code: MLM.CERTIFICATE\n", |text| {
        let reductions = "  reductions:\n    - { rule: half, percent: 50, of: [phi, le_phi], effective: { from: 2026-01-01 }, groups: [cooperative], basis: x }\n  groups:\n    - { group: cooperative }\n";
        text.replacen("fees:\n", &format!("fees:\n{reductions}"), 1)
    });
    let mut scene = Scene::<Intake>::new(&law, "MLM.CERTIFICATE", "G02.003");
    scene.procedure = newest(&law, "MLM.CERTIFICATE");
    let command = SubmitDossier {
        agency: "G02.003".into(),
        groups: vec!["cooperative".to_owned()],
        ..claimed(&["application", "deposit", "plan"])
    };
    scene.execute("2026-11-20T09:00", Role::Applicant, command).unwrap();
    let claims = vec![decision("cooperative", false, Some("not in the register"))];
    let events = scene.execute("2026-11-20T11:00", Role::Clerk, accept(claims)).unwrap();
    let [IntakeEvent::FeeClaimsDecided(decided), IntakeEvent::DossierAccepted(accepted)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(decided.fee, None, "it is assessed after the acceptance");
    assert!(accepted.brief.groups.is_empty());

    // It is not paid yet, so the claim can be decided anew.
    let claims = vec![decision("cooperative", true, Some("found in the register"))];
    let events = scene.execute("2026-11-20T12:00", Role::Clerk, accept(claims)).unwrap();
    let [IntakeEvent::FeeClaimsDecided(decided)] = &events[..] else { panic!("{events:?}") };
    let reduced = decided.fee.unwrap();
    assert_eq!(scene.state.stage(), Stage::Processing);
    assert!(!scene.state.is_suspended());
    let events = paid(&mut scene, "2026-11-25T10:00", reduced.0);
    let [IntakeEvent::FeeReceived(received), ..] = &events[..] else { panic!("{events:?}") };
    assert!(received.started_at.is_some(), "the clock starts with the fee");
}
