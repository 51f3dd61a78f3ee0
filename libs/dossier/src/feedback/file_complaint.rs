//! A complaint or petition is filed: about a dossier, one event of it, or neither. Complainants file
//! online; officers enter calls, letters, e-mails and visits (Decree 20/2008/NĐ-CP, arts 5 to 7). It
//! has to be classified and forwarded within 5 working days of its receipt (art. 9). An anonymous
//! complaint may be dismissed, but is recorded like any other.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Complaint, end_of};

use crate::access::{Resource, agency, any};
use crate::contract::{
    AgencyCode, Attachment, ComplaintChannel, ComplaintEvent, ComplaintFiled, ComplaintId,
    ComplaintNumber, Contact, DossierId, Personal, ProcedureCode, Role, Subject,
};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};

/// How long after its receipt a complaint is entered at the latest.
const RECEIVED_BEFORE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The dossier that a complaint names, as found in the store.
#[derive(Debug, Clone)]
pub struct About {
    pub dossier: DossierId,
    /// Its owners and agencies; `None` if the dossier does not exist.
    pub whose: Option<Resource>,
    pub procedure: Option<ProcedureCode>,
    /// The timeline entry that the complaint names.
    pub step: Option<AboutStep>,
}

/// The timeline entry that a complaint names.
#[derive(Debug, Clone)]
pub struct AboutStep {
    /// Position in the log.
    pub position: u64,
    /// Id and kind of the event; `None` if no event of that dossier has this position.
    pub event: Option<(Uuid, String)>,
}

/// Files a complaint or petition.
#[derive(Debug, Clone)]
pub struct FileComplaint {
    /// Derived from the client and its idempotency key.
    pub complaint: ComplaintId,
    /// The person whose complaint it is; not the officer who enters it.
    pub complainant: Subject,
    /// Whether an officer enters it for a person without an account, who therefore owns no dossier.
    pub without_account: bool,
    /// Unique in the installation.
    pub number: ComplaintNumber,
    /// Keyed digest of the status code.
    pub status_digest: String,
    /// Whether the complainant is not named.
    pub anonymous: bool,
    /// Name, address and telephone of the complainant; a detail that was not given is empty.
    pub contact: Contact,
    pub email: Option<String>,
    /// The agency that has to handle it.
    pub agency: AgencyCode,
    /// The channel by which it was received.
    pub channel: ComplaintChannel,
    /// When the agency received it, if an officer enters it later.
    pub received_at: Option<Timestamp>,
    /// The dossier that it is about, if any.
    pub about: Option<About>,
    /// Whether it is a request about the complainant's own data.
    pub personal_data: bool,
    pub text: String,
    pub documents: Vec<Attachment>,
    /// What checks outside the law found.
    pub found: Reasons,
}

refusals! {
    /// Refusals of `file_complaint`.
    pub enum Refusal {
        AlreadyFiled => 409, "already-filed",
            "phản ánh này đã được gửi", "this complaint has been filed before";
        UnknownAgency(Known) => 422, "unknown-agency" at "/agency",
            "không có cơ quan này", "there is no such agency";
        UnknownDossier(DossierId) => 422, "unknown-dossier" at "/dossier",
            "không có hồ sơ này, hoặc hồ sơ không phải của người phản ánh hay của cơ quan tiếp nhận",
            "there is no such dossier, or it is neither the complainant's nor, for a complaint on paper, one of the receiving agency's";
        UnknownStep(u64) => 422, "unknown-step" at "/position",
            "nhật ký của hồ sơ không có bước này; không nêu được nội dung đã ghi của một phản ánh khác; xem `GET /v1/register/dossiers/{dossier}/timeline`",
            "the timeline of the dossier has no entry at this position, or one of a complaint, which cannot be named; see `GET /v1/register/dossiers/{dossier}/timeline`";
        OfficerOnly => 422, "channel-needs-an-officer" at "/channel",
            "chỉ cán bộ ghi nhận hồ sơ, phản ánh nộp trực tiếp hoặc qua bưu chính; hãy dùng `online`",
            "only officers enter submissions by counter or post; use `online`";
        ReceivedByOfficer => 422, "received-at-needs-an-officer" at "/received_at",
            "chỉ cán bộ ghi ngày nhận phản ánh; hãy bỏ `received_at`",
            "only officers give the time of receipt; omit `received_at`";
        ReceivedImpossible => 422, "received-at-impossible" at "/received_at",
            "thời điểm nhận không ở tương lai và không quá 30 ngày trước",
            "the time of receipt must not be in the future, nor more than 30 days ago";
        AnonymousByOfficer => 422, "anonymous-needs-an-officer" at "/anonymous",
            "phản ánh ẩn danh do cán bộ ghi nhận; mã xác thực của bạn nêu tên bạn",
            "anonymous complaints are entered by an officer; your token names you";
        AnonymousNamed => 422, "anonymous-with-contact" at "/anonymous",
            "phản ánh ẩn danh không có tên, địa chỉ, điện thoại, thư điện tử hay tài khoản",
            "an anonymous complaint has no name, address, telephone, e-mail or account";
        NameMissing => 422, "complainant-name-missing" at "/name",
            "cần tên người phản ánh, hoặc `anonymous` nếu người đó không nêu tên",
            "the name of the complainant is required, or `anonymous` if they do not give it";
    }
}

impl Command for FileComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "file_complaint",
        basis: "20/2008/NĐ-CP Điều 6, 7, 9",
        may: &[any(Role::Applicant), agency(Role::ComplaintHandler), agency(Role::Clerk)],
        events: &["feedback.ComplaintFiled.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if complaint.filed.is_some() {
            return Err(Refusal::AlreadyFiled);
        }
        let mut wrong = Collected::after(self.found.clone());
        if facts.law.agency(&self.agency).is_none() {
            let all = facts.law.agencies().map(|known| &known.code);
            wrong.add(Refusal::UnknownAgency(Known::agencies(&self.agency, all)));
        }
        self.check_entry(facts, &mut wrong);
        let dossier = self.about.as_ref().map(|about| about.dossier);
        let step = self.about.as_ref().map(|about| named(about, self, facts)).transpose();
        let step = wrong.take(step)?.flatten();
        wrong.done(Refusal::Several)?;
        let (event, step) = step.flatten().unzip();
        let received_at = self.received_at.filter(|received| *received < facts.at);
        let start = (&self.agency, received_at.unwrap_or(facts.at));
        let classify_by = end_of(facts, start, |rules| rules.classify(self.personal_data))?;
        let command = self.clone();
        Ok(Decision::event(ComplaintFiled {
            complaint: command.complaint,
            complainant: command.complainant,
            contact: Personal::from(command.contact),
            email: command.email.map(Personal::from),
            agency: command.agency,
            channel: command.channel,
            dossier,
            step,
            event,
            personal_data: command.personal_data,
            text: Personal::from(command.text),
            classify_by,
            number: Some(command.number),
            status_digest: Some(command.status_digest),
            anonymous: command.anonymous,
            received_at,
            procedure: command.about.and_then(|about| about.procedure),
            documents: command.documents,
        }))
    }
}

impl FileComplaint {
    /// Checks who complains, and when and how the agency received it.
    fn check_entry(&self, facts: &Facts<'_>, wrong: &mut Collected<Refusal>) {
        let by_officer = facts.actor.role != Role::Applicant;
        if self.channel != ComplaintChannel::Online && !by_officer {
            wrong.add(Refusal::OfficerOnly);
        }
        if let Some(received) = self.received_at {
            let age = facts.at.duration_since(received);
            if !by_officer {
                wrong.add(Refusal::ReceivedByOfficer);
            } else if age.is_negative() || age > RECEIVED_BEFORE_MAX {
                wrong.add(Refusal::ReceivedImpossible);
            }
        }
        let Contact { name, address, phone } = &self.contact;
        let blank = name.is_empty() && address.is_empty() && phone.is_empty();
        if self.anonymous {
            if !by_officer {
                wrong.add(Refusal::AnonymousByOfficer);
            } else if !blank || self.email.is_some() || !self.without_account {
                wrong.add(Refusal::AnonymousNamed);
            }
        } else if name.is_empty() {
            wrong.add(Refusal::NameMissing);
        }
    }
}

/// Id and kind of the event that the complaint names. The dossier must be the complainant's own; if
/// an officer enters the complaint for a person without an account, a dossier of the receiving
/// agency is accepted, too.
fn named(
    about: &About,
    command: &FileComplaint,
    facts: &Facts<'_>,
) -> Result<Option<(Uuid, String)>, Refusal> {
    let FileComplaint { complainant, agency, without_account, .. } = command;
    let is_own = |whose: &Resource| whose.owners.iter().any(|owner| owner.is(complainant));
    let has = |whose: &Resource| {
        let mut agencies = whose.agencies.iter();
        agencies.any(|of| facts.law.reaches(agency, of, facts.at))
    };
    let by_officer = *without_account && facts.actor.role != Role::Applicant;
    let may = |whose: &Resource| is_own(whose) || by_officer && has(whose);
    if !about.whose.as_ref().is_some_and(may) {
        return Err(Refusal::UnknownDossier(about.dossier));
    }
    let step = about.step.as_ref();
    step.map(|step| step.event.clone().ok_or(Refusal::UnknownStep(step.position))).transpose()
}

#[cfg(test)]
pub(crate) mod tests {
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
        About { dossier: DossierId(Uuid::from_u128(8)), whose, procedure, step }
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
            contact: Contact {
                name: "A".to_owned(),
                address: "B".to_owned(),
                phone: "1".to_owned(),
            },
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
        scene.take("2026-11-20T09:00", Role::Applicant, command)
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
        scene.take("2026-11-20T09:00", Role::Clerk, command)?;
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
        let refused = scene.take("2026-11-20T09:00", Role::Applicant, anonymous);
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
            let filed = scene.take("2026-11-20T09:00", role, command);
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
            let filed = scene.take("2026-11-20T09:00", Role::Applicant, command);
            assert_eq!(filed.is_ok(), own, "{owner} {complainant}");
        }
        let filed = scene.state.filed.as_ref().unwrap();
        assert_eq!((filed.step.as_deref(), filed.event), (kind, Some(Uuid::from_u128(5))));
    }
}
