//! Documents are added to a complaint, by the complainant or for them by an officer.

use super::Complaint;
use crate::access::{agency, own};
use crate::contract::{Attachment, ComplaintDocumentsAdded, ComplaintEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Documents of a complaint, those of its filing included.
const DOCUMENTS_MAX: usize = 50;

/// Documents for a complaint.
#[derive(Debug, Clone)]
pub struct AddComplaintDocuments {
    /// At least one.
    pub documents: Vec<Attachment>,
}

refusals! {
    /// Refusals of `add_complaint_documents`.
    pub enum Refusal {
        Done => 409, "complaint-answered",
            "phản ánh đã được trả lời; hãy mở lại để bổ sung",
            "the complaint has been answered; reopen it to add documents";
        None => 422, "documents-missing" at "/documents",
            "cần ít nhất một tài liệu", "at least one document is required";
        TooMany(u32) => 422, "too-many-documents" at "/documents",
            "phản ánh có nhiều tài liệu hơn số được phép",
            "the complaint would have more documents than allowed";
    }
}

impl Command for AddComplaintDocuments {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "add_complaint_documents",
        basis: "20/2008/NĐ-CP Điều 9",
        may: &[own(Role::Applicant), agency(Role::ComplaintHandler), agency(Role::Clerk)],
        events: &["feedback.ComplaintDocumentsAdded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        _: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if complaint.is_answered() {
            return Err(Refusal::Done);
        }
        if self.documents.is_empty() {
            return Err(Refusal::None);
        }
        if complaint.documents.len().saturating_add(self.documents.len()) > DOCUMENTS_MAX {
            return Err(Refusal::TooMany(u32::try_from(DOCUMENTS_MAX).unwrap_or(u32::MAX)));
        }
        Ok(Decision::event(ComplaintDocumentsAdded { documents: self.documents.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Personal;
    use crate::feedback::answer_complaint::tests::answered;
    use crate::feedback::file_complaint::tests::filed;
    use crate::testing::law;

    fn add(count: usize) -> AddComplaintDocuments {
        let documents = (0..count).map(|number| Attachment {
            document: format!("document-{number}").as_str().into(),
            sha256: "0".repeat(64).as_str().into(),
            file_name: Personal::from("photo.png".to_owned()),
        });
        AddComplaintDocuments { documents: documents.collect() }
    }

    #[test]
    fn documents_are_added_until_the_answer_and_not_without_limit() {
        let law = law();
        let mut scene = filed(&law);
        let at = "2026-11-20T09:30";
        assert_eq!(scene.execute(at, Role::Applicant, add(0)), Err(Refusal::None));
        scene.execute(at, Role::Applicant, add(49)).unwrap();
        assert_eq!(scene.execute(at, Role::Applicant, add(2)), Err(Refusal::TooMany(50)));
        scene.execute(at, Role::Clerk, add(1)).unwrap();
        assert_eq!(scene.state.documents.len(), 50);
        let mut scene = answered(&law);
        let late = scene.execute("2026-11-23T10:00", Role::Applicant, add(1));
        assert_eq!(late, Err(Refusal::Done));
    }
}
