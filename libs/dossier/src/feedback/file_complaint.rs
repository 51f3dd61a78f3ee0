//! Somebody complains or petitions: about a dossier, one step of it, or neither. With name, address and telephone (Decree
//! 20/2008/NĐ-CP, arts 6 and 7). It is to be classified and passed on within 5 working days (art. 9).

use super::{Complaint, end_of};
use crate::access::any;
use crate::contract::{
    AgencyCode, Channel, ComplaintEvent, ComplaintFiled, ComplaintId, Contact, DossierId, Personal,
    Role, Subject,
};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "file_complaint",
    service: "feedback",
    basis: "20/2008/NĐ-CP Điều 6, 7, 9",
    may: &[any(Role::Applicant)],
    events: &["feedback.ComplaintFiled.v1"],
    refusals: Refusal::ALL,
};

/// The command.
#[derive(Debug, Clone)]
pub struct FileComplaint {
    /// Its id, derived from the client and its key.
    pub complaint: ComplaintId,
    /// Who.
    pub complainant: Subject,
    /// How to reach them.
    pub contact: Contact,
    /// To which agency.
    pub agency: AgencyCode,
    /// About which dossier.
    pub dossier: Option<DossierId>,
    /// About which step of it.
    pub step: Option<String>,
    /// Whether it is a request about the complainant's own data.
    pub personal_data: bool,
    /// The complaint itself.
    pub text: String,
}

refusals! {
    /// Why a complaint is not taken.
    pub enum Refusal {
        AlreadyFiled => 409, "already-filed",
            "phản ánh này đã được gửi", "this complaint has been filed before";
        UnknownAgency => 422, "unknown-agency",
            "không có cơ quan này", "there is no such agency";
        StepWithoutDossier => 422, "step-without-dossier",
            "phản ánh về một bước phải nêu hồ sơ", "a complaint about a step names the dossier";
    }
}

/// Decides.
pub fn decide(
    complaint: &Complaint,
    command: FileComplaint,
    facts: &Facts<'_>,
) -> Result<Vec<ComplaintEvent>, Refusal> {
    if complaint.filed.is_some() {
        return Err(Refusal::AlreadyFiled);
    }
    if facts.law.agency(&command.agency).is_none() {
        return Err(Refusal::UnknownAgency);
    }
    if command.step.is_some() && command.dossier.is_none() {
        return Err(Refusal::StepWithoutDossier);
    }
    let classify_by =
        end_of(facts, &command.agency, |rules| rules.classify(command.personal_data))?;
    Ok(vec![
        ComplaintFiled {
            complaint: command.complaint,
            complainant: command.complainant,
            contact: Personal::from(command.contact),
            agency: command.agency,
            channel: Channel::Online,
            dossier: command.dossier,
            step: command.step,
            personal_data: command.personal_data,
            text: Personal::from(command.text),
            classify_by,
        }
        .into(),
    ])
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::feedback::Owed;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn filed(law: &Law) -> Scene<'_, Complaint> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        file(&mut scene, None, false).unwrap();
        scene
    }

    /// A request about the complainant's own data.
    pub(crate) fn requested(law: &Law) -> Scene<'_, Complaint> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        file(&mut scene, None, true).unwrap();
        scene
    }

    fn file(
        scene: &mut Scene<'_, Complaint>,
        step: Option<&str>,
        personal_data: bool,
    ) -> Result<Vec<ComplaintEvent>, Refusal> {
        let command = FileComplaint {
            complaint: ComplaintId(Uuid::from_u128(3)),
            complainant: "a1".into(),
            contact: Contact {
                name: "A".to_owned(),
                address: "B".to_owned(),
                phone: "1".to_owned(),
            },
            agency: "G02.001".into(),
            dossier: None,
            step: step.map(ToOwned::to_owned),
            personal_data,
            text: "nobody answered".to_owned(),
        };
        scene.step("2026-11-20T09:00", Role::Applicant, |s, f| decide(s, command, f))
    }

    #[test]
    fn a_complaint_is_to_be_classified_within_five_working_days() {
        let law = law();
        let scene = filed(&law);
        let due = scene.state.due.unwrap();
        assert_eq!((due.what, due.running.due_at), (Owed::Classify, at("2026-12-01T00:00")));
    }

    #[test]
    fn a_complaint_about_a_step_names_the_dossier() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        assert_eq!(
            file(&mut scene, Some("accept_dossier"), false),
            Err(Refusal::StepWithoutDossier)
        );
    }
}
