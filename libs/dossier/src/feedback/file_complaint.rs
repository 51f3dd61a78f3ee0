//! A complaint or petition is filed: about a dossier, one event of it, or neither. Complainants
//! file online; officers enter calls, letters, e-mails and visits (Decree 20/2008/NĐ-CP, arts 5 to
//! 7). It has to be classified and forwarded within 5 working days of its receipt (art. 9). An
//! anonymous complaint may be dismissed, but is recorded like any other.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Complaint, end_of};

use crate::access::{Resource, agency, any};
use crate::contract::{
    AgencyCode, Attachment, ComplaintChannel, ComplaintEvent, ComplaintFiled, ComplaintId,
    ComplaintNumber, Contact, DossierCode, DossierId, Personal, ProcedureCode, Role, Subject,
};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};

/// How long after its receipt a complaint is entered at the latest.
const RECEIVED_BEFORE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The dossier that a complaint names, as found in the store.
#[derive(Debug, Clone)]
pub struct About {
    pub dossier: DossierId,
    /// The code by which it was named, if it was not named by its id.
    pub code: Option<DossierCode>,
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
        UnknownDossierCode(DossierCode) => 422, "unknown-dossier-code" at "/dossier_code",
            "không có hồ sơ mang mã này, hoặc hồ sơ không phải của người phản ánh hay của cơ quan tiếp nhận",
            "no dossier has this code, or it is neither the complainant's nor, for a complaint on paper, one of the receiving agency's";
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
        let step = wrong.collect(step)?.flatten();
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
        return Err(match &about.code {
            Some(code) => Refusal::UnknownDossierCode(code.clone()),
            None => Refusal::UnknownDossier(about.dossier),
        });
    }
    let step = about.step.as_ref();
    step.map(|step| step.event.clone().ok_or(Refusal::UnknownStep(step.position))).transpose()
}

#[cfg(test)]
pub(crate) mod tests;
