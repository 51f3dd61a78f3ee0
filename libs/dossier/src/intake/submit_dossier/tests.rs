use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::law::Finding;
use crate::law::Law;
use crate::step::{Refuse, VALUES_IMPOSSIBLE};
use crate::testing::{Scene, at, law};

pub(crate) fn document(component: &str) -> Document {
    Document {
        component: component.into(),
        document: "d0c".into(),
        media_type: "application/pdf".to_owned(),
        bytes: 10,
        sha256: None,
        file_name: Personal::from("scan.pdf".to_owned()),
    }
}

pub(crate) fn promotion() -> SubmitDossier {
    SubmitDossier {
        dossier: DossierId(Uuid::from_u128(7)),
        code: "H26.14-261120-260001".into(),
        agency: "H26.14".into(),
        channel: Channel::Online,
        applicant: "a1".into(),
        representative: None,
        form: json!({ "programme": { "prizes_vnd": 5_000_000 }, "merchant": { "name": "M" } }),
        found: Reasons::default(),
        documents: vec![document("form_02"), document("rules")],
        groups: Vec::new(),
        delivery: None,
        posted_at: None,
        posted_by: None,
    }
}

/// A notice of a seminar on Monday 14 December 2026.
pub(crate) fn seminar<'a>(law: &'a Law, moment: &str) -> Result<Scene<'a, Intake>, Refusal> {
    let form = json!({ "seminar": { "date": "2026-12-14" } });
    let documents = vec![document("notice"), document("programme")];
    let command = SubmitDossier { form, documents, ..promotion() };
    let mut scene = Scene::<Intake>::new(law, "MLM.SEMINAR", "H26.14");
    scene.execute(moment, Role::Applicant, command)?;
    Ok(scene)
}

#[test]
fn a_notice_must_be_filed_fifteen_working_days_before_what_it_is_about() {
    let law = law();
    // Tuesday 24 November is Vietnam Culture Day.
    assert!(seminar(&law, "2026-11-20T23:59").is_ok());
    let late = seminar(&law, "2026-11-21T00:00").map(|scene| scene.events);
    assert_eq!(pointed(late), vec![("/form/seminar/date".to_owned(), "filed-too-late")]);
}

/// The pointers and codes of a refusal.
pub(crate) fn pointed<T: std::fmt::Debug>(
    refused: Result<T, impl Refuse>,
) -> Vec<(String, &'static str)> {
    let found = refused.unwrap_err().findings();
    found.into_iter().map(|one| (one.pointer, one.code.unwrap_or(""))).collect()
}

fn submit(command: SubmitDossier, role: Role) -> Result<Vec<IntakeEvent>, Refusal> {
    let law = law();
    let mut scene = Scene::<Intake>::new(&law, "2.000004", "H26.14");
    scene.execute("2026-11-20T09:00", role, command)
}

fn submitted(events: &[IntakeEvent]) -> &DossierSubmitted {
    let [IntakeEvent::DossierSubmitted(submitted), ..] = events else { panic!("{events:?}") };
    submitted
}

#[test]
fn the_answer_is_due_within_eight_working_hours() {
    let events = submit(promotion(), Role::Applicant).unwrap();
    assert_eq!(submitted(&events).answer_due_at, Some(at("2026-11-23T09:00")));
    assert_eq!(events.len(), 1);
}

#[test]
fn only_the_public_fields_stand_outside_the_personal_form() {
    let events = submit(promotion(), Role::Applicant).unwrap();
    let public = &submitted(&events).brief.public;
    assert_eq!(public.get("/programme/prizes_vnd"), Some(&json!(5_000_000)));
    assert_eq!(public.len(), 1);
}

#[test]
fn a_missing_document_is_refused_by_name() {
    let command = SubmitDossier { documents: vec![document("form_02")], ..promotion() };
    let findings = submit(command, Role::Applicant).unwrap_err().findings();
    let [missing] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(missing.pointer, "/documents/1/component");
    assert_eq!(missing.component, Some("rules".into()));
    assert_eq!(missing.en, "a required component is missing: Rules of the programme (`rules`)");
    assert!(missing.vi.ends_with(" (`rules`)"), "{}", missing.vi);
    let mut command = promotion();
    command.documents.push(document("extra"));
    let extra = ("/documents/2/component".to_owned(), "unknown-component");
    assert_eq!(pointed(submit(command, Role::Applicant)), [extra]);
}

#[test]
fn all_that_is_wrong_with_a_submission_is_reported_at_once() {
    let mut command = promotion();
    command.documents = vec![document("extra")];
    command.posted_at = Some(at("2026-11-19T09:00"));
    command.delivery = Some(Delivery { channel: DeliveryChannel::Post, address: None });
    let broken = vec![Finding::new("/form/merchant", "thiếu", "is required")];
    command.found.found(VALUES_IMPOSSIBLE, broken);
    let expected = [
        ("/form/merchant", "values-impossible"),
        ("/posted_at", "posted-at-impossible"),
        ("/documents/0/component", "unknown-component"),
        ("/documents/1/component", "missing-document"),
        ("/documents/2/component", "missing-document"),
        ("/delivery/address", "address-missing"),
    ];
    let refused = submit(command, Role::Applicant);
    assert_eq!(pointed(refused), expected.map(|(at, code)| (at.to_owned(), code)));
}

#[test]
fn a_group_for_which_the_procedure_reduces_no_fee_is_refused_with_those_that_it_knows() {
    let law = law();
    let submit = |groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let documents = ["application", "export_declaration", "invoice"].map(document).to_vec();
        let agency = AgencyCode::from("G02.001");
        let command = SubmitDossier { agency, documents, groups, ..promotion() };
        let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
        scene.execute("2026-11-20T09:00", Role::Applicant, command)
    };
    assert!(submit(&["digital_citizen"]).is_ok());
    let refused = submit(&["digital_citizens", "digital_citizen", "small_enterprise"]);
    let found = refused.unwrap_err().findings();
    assert!(found[0].en.ends_with("`digital_citizens`; accepted: digital_citizen"), "{found:?}");
    let pointers: Vec<_> = found.iter().map(|one| (&*one.pointer, one.code)).collect();
    let code = Some("unknown-group");
    assert_eq!(pointers, [("/groups/0", code), ("/groups/2", code)]);
}

#[test]
fn an_applicant_does_not_file_at_the_counter_but_an_officer_does() {
    let counter = || SubmitDossier { channel: Channel::Counter, ..promotion() };
    assert_eq!(submit(counter(), Role::Applicant), Err(Refusal::CounterOnly));
    submit(counter(), Role::Clerk).unwrap();
}

#[test]
fn a_posting_date_goes_with_post_and_not_with_the_future() {
    let posted = |channel, moment| {
        let posted_at = Some(at(moment));
        submit(SubmitDossier { channel, posted_at, ..promotion() }, Role::Clerk)
    };
    posted(Channel::Post, "2026-11-18T09:00").unwrap();
    let refused = Err(Refusal::PostedAtImpossible);
    assert_eq!(posted(Channel::Post, "2026-11-21T09:00"), refused);
    assert_eq!(posted(Channel::Counter, "2026-11-18T09:00"), refused);
}

#[test]
fn what_comes_by_post_counts_by_the_date_that_the_procedure_names() {
    let send = |posted_at: Option<&str>, posted_by| {
        let (channel, posted_at) = (Channel::Post, posted_at.map(at));
        let command = SubmitDossier { channel, posted_at, posted_by, ..promotion() };
        submit(command, Role::Clerk)
    };
    let record = Some(PostEvidence::HandOverRecord);
    assert_eq!(send(None, record), Err(Refusal::PostedAtMissing));
    let wrong = send(Some("2026-11-18T09:00"), Some(PostEvidence::Envelope));
    assert_eq!(wrong, Err(Refusal::WrongEvidence("hand_over_record".to_owned())));
    for posted_by in [record, None] {
        let events = send(Some("2026-11-18T09:00"), posted_by).unwrap();
        assert_eq!(submitted(&events).posted_by, record);
    }
}

#[test]
fn delivery_by_post_needs_an_address() {
    let delivery = Some(Delivery { channel: DeliveryChannel::Post, address: None });
    let refused = submit(SubmitDossier { delivery, ..promotion() }, Role::Applicant);
    assert_eq!(refused, Err(Refusal::AddressMissing));
}

#[test]
fn another_agency_is_not_competent() {
    let command = SubmitDossier { agency: "G02.001".into(), ..promotion() };
    assert_eq!(
        pointed(submit(command, Role::Applicant)),
        vec![("/agency".to_owned(), "agency-not-competent")]
    );
}

#[test]
fn an_automatic_procedure_accepts_by_the_submission_itself() {
    let law = law();
    let mut scene = Scene::<Intake>::new(&law, "CHEM.IMPORT", "G02.002");
    let command = SubmitDossier {
        agency: "G02.002".into(),
        form: json!({ "chemical": { "hs_chapter": 28, "control": "none" }, "quantity_kg": 50 }),
        documents: vec![document("invoice"), document("sds")],
        ..promotion()
    };
    let step = scene.execute("2026-11-20T22:00", Role::Applicant, command);
    let [_, IntakeEvent::DossierAccepted(accepted)] = &step.unwrap()[..] else { panic!() };
    let promise = accepted.promise.as_ref().unwrap();
    assert_eq!(promise.due_at, at("2026-11-23T17:00"));
}

/// A submission of a certificate of origin, whose fee is paid first.
pub(crate) fn certificate() -> SubmitDossier {
    let documents = ["application", "export_declaration", "invoice"].map(document).to_vec();
    let form = json!({ "destination": "TH" });
    SubmitDossier { agency: "G02.001".into(), documents, form, ..promotion() }
}

#[test]
fn where_the_fee_comes_first_no_answer_is_due_before_it() {
    let law = law();
    let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
    let step = scene.execute("2026-11-20T09:00", Role::Applicant, certificate());
    let events = step.unwrap();
    assert!(submitted(&events).fee_first);
    assert_eq!(submitted(&events).answer_due_at, None);
}
