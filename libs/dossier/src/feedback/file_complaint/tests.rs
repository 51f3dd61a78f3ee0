use super::*;
use crate::feedback::Owed;
use crate::law::Law;
use crate::testing::{Scene, at, law};

pub(crate) fn filed(law: &Law) -> Scene<'_, Complaint> {
    let mut scene = Scene::new(law, "CO.D", "G02.001");
    file(&mut scene, None, false).unwrap();
    scene
}

/// The dossier of `owner`, with this event at position 5.
fn about(owner: &str, event: Option<&str>) -> About {
    let whose = Some(Resource { owners: vec![owner.into()], ..Resource::default() });
    let event = event.map(|kind| (Uuid::from_u128(5), kind.to_owned()));
    let step = Some(AboutStep { position: 5, event });
    let procedure = Some("CO.D".into());
    About { dossier: DossierId(Uuid::from_u128(8)), code: None, whose, procedure, step }
}

/// A request about the complainant's own data.
pub(crate) fn requested(law: &Law) -> Scene<'_, Complaint> {
    let mut scene = Scene::new(law, "CO.D", "G02.001");
    file(&mut scene, None, true).unwrap();
    scene
}

fn command(about: Option<About>) -> FileComplaint {
    FileComplaint {
        complaint: ComplaintId(Uuid::from_u128(3)),
        complainant: "a1".into(),
        without_account: false,
        number: ComplaintNumber::new("PA-261120-00000003"),
        status_digest: "digest".to_owned(),
        anonymous: false,
        email: None,
        contact: Contact { name: "A".to_owned(), address: "B".to_owned(), phone: "1".to_owned() },
        agency: "G02.001".into(),
        channel: ComplaintChannel::Online,
        received_at: None,
        about,
        personal_data: false,
        text: "nobody answered".to_owned(),
        documents: Vec::new(),
        found: Reasons::default(),
    }
}

fn file(
    scene: &mut Scene<'_, Complaint>,
    about: Option<About>,
    personal_data: bool,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    let command = FileComplaint { personal_data, ..command(about) };
    scene.execute("2026-11-20T09:00", Role::Applicant, command)
}

#[test]
fn a_complaint_is_to_be_classified_within_five_working_days() {
    let law = law();
    let scene = filed(&law);
    let due = scene.state.due().unwrap();
    assert_eq!((due.what, due.running.due_at), (Owed::Classify, at("2026-12-01T00:00")));
}

/// A letter that an officer enters on Friday at 09:00 for a person without an account.
fn letter() -> FileComplaint {
    FileComplaint {
        channel: ComplaintChannel::Post,
        complainant: "complaint:3".into(),
        without_account: true,
        ..command(None)
    }
}

fn entered(command: FileComplaint) -> Result<Timestamp, Refusal> {
    let law = law();
    let mut scene = Scene::<Complaint>::new(&law, "CO.D", "G02.001");
    scene.execute("2026-11-20T09:00", Role::Clerk, command)?;
    Ok(scene.state.due().unwrap().running.due_at)
}

#[test]
fn the_period_of_a_letter_counts_from_its_receipt() {
    let of = |received: &str| FileComplaint { received_at: Some(at(received)), ..letter() };
    assert_eq!(entered(of("2026-11-20T09:00")), Ok(at("2026-12-01T00:00")));
    assert_eq!(entered(of("2026-11-18T15:00")), Ok(at("2026-11-27T00:00")));
    for impossible in ["2026-11-20T09:01", "2026-10-21T08:59"] {
        assert_eq!(entered(of(impossible)), Err(Refusal::ReceivedImpossible), "{impossible}");
    }
    entered(of("2026-10-21T09:00")).unwrap();
}

#[test]
fn a_complainant_gives_a_name_unless_an_officer_enters_an_anonymous_complaint() {
    let blank = || {
        let (name, address, phone) = (String::new(), String::new(), String::new());
        Contact { name, address, phone }
    };
    let nameless = FileComplaint { contact: blank(), ..letter() };
    assert_eq!(entered(nameless.clone()), Err(Refusal::NameMissing));
    entered(FileComplaint { anonymous: true, ..nameless.clone() }).unwrap();
    let named = FileComplaint { anonymous: true, ..letter() };
    assert_eq!(entered(named), Err(Refusal::AnonymousNamed));
    let account = FileComplaint { anonymous: true, without_account: false, ..nameless.clone() };
    assert_eq!(entered(account), Err(Refusal::AnonymousNamed));
    let law = law();
    let mut scene = Scene::<Complaint>::new(&law, "CO.D", "G02.001");
    let anonymous =
        FileComplaint { anonymous: true, channel: ComplaintChannel::Online, ..nameless };
    let refused = scene.execute("2026-11-20T09:00", Role::Applicant, anonymous);
    assert_eq!(refused, Err(Refusal::AnonymousByOfficer));
}

#[test]
fn a_complaint_on_paper_names_a_dossier_that_the_receiving_agency_has() {
    let law = law();
    let file = |role, agency: &str, of: &str, without_account| {
        let mut about = about("a9", Some("intake.DossierAccepted.v1"));
        about.whose.as_mut().unwrap().agencies = vec![of.into()];
        let (dossier, agency) = (about.dossier, agency.into());
        let command = FileComplaint {
            agency,
            without_account,
            channel: ComplaintChannel::Post,
            complainant: "complaint:3".into(),
            ..command(Some(about))
        };
        let mut scene = Scene::<Complaint>::new(&law, "CO.D", "G02.001");
        let filed = scene.execute("2026-11-20T09:00", role, command);
        assert!(filed.is_ok() || filed == Err(Refusal::UnknownDossier(dossier)), "{filed:?}");
        filed.is_ok()
    };
    let handler = Role::ComplaintHandler;
    assert!(file(handler, "G02.001", "G02.001", true));
    assert!(file(handler, "G02", "G02.001", true));
    assert!(!file(handler, "G02.001", "G02.002", true), "another agency's");
    assert!(!file(handler, "G02.001", "G02.001", false), "an account that is not the owner's");
}

#[test]
fn a_complaint_names_a_dossier_of_the_complainant_and_what_its_timeline_has() {
    let law = law();
    let mut scene = Scene::new(&law, "CO.D", "G02.001");
    let mut none = about("a1", None);
    assert_eq!(file(&mut scene, Some(none.clone()), false), Err(Refusal::UnknownStep(5)));
    none.whose = None;
    let unknown = Err(Refusal::UnknownDossier(none.dossier));
    assert_eq!(file(&mut scene, Some(none), false), unknown);
    let kind = Some("intake.DossierAccepted.v1");
    assert_eq!(file(&mut scene, Some(about("a2", kind)), false), unknown);
    file(&mut scene, Some(about("a1", kind)), false).unwrap();
    let (submitted, complains) = ("0314409058-002", "0314409058002");
    for (owner, complainant, own) in [
        (submitted, complains, true),
        (complains, submitted, true),
        (submitted, "0314409058", false),
    ] {
        let about = Some(about(owner, kind));
        let command = FileComplaint { complainant: complainant.into(), ..command(about) };
        let mut scene = Scene::<Complaint>::new(&law, "CO.D", "G02.001");
        let filed = scene.execute("2026-11-20T09:00", Role::Applicant, command);
        assert_eq!(filed.is_ok(), own, "{owner} {complainant}");
    }
    let filed = scene.state.filed.as_ref().unwrap();
    assert_eq!((filed.step.as_deref(), filed.event), (kind, Some(Uuid::from_u128(5))));
}
