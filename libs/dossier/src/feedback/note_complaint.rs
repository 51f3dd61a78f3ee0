//! An internal note is added to a complaint. Complaint handlers and auditors of its agencies read
//! it; the complainant does not.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Complaint;
use crate::access::agency;
use crate::contract::{ComplaintEvent, ComplaintNoted, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Notes of a complaint.
const NOTES_MAX: usize = 200;

/// An internal note.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoteComplaintRequest)]
pub struct NoteComplaint {
    /// Text for other complaint handlers.
    #[schema(example = "Đã gọi lại cho người phản ánh lúc 10 giờ.")]
    pub note: Text<4000>,
}

refusals! {
    /// Refusals of `note_complaint`.
    pub enum Refusal {
        NotFiled => 409, "complaint-not-filed",
            "chưa có phản ánh này", "the complaint has not been filed";
        TooMany => 409, "too-many-notes",
            "phản ánh đã có đủ số ghi chú cho phép", "the complaint has as many notes as allowed";
    }
}

impl Command for NoteComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "note_complaint",
        basis: "20/2008/NĐ-CP Điều 9",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintNoted.v1"],
        refusals: Refusal::ALL,
    };

    /// A note is possible in every stage, also after the answer.
    fn decide(
        &self,
        complaint: &Complaint,
        _: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if complaint.filed.is_none() {
            return Err(Refusal::NotFiled);
        }
        if complaint.notes.len() >= NOTES_MAX {
            return Err(Refusal::TooMany);
        }
        Ok(Decision::event(ComplaintNoted { note: self.note.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::file_complaint::tests::filed;
    use crate::testing::law;

    #[test]
    fn notes_are_kept_in_order_and_not_without_limit() {
        let law = law();
        let mut scene = filed(&law);
        let mut note = |text: String| {
            let note = NoteComplaint { note: text.as_str().into() };
            scene.execute("2026-11-20T09:30", Role::ComplaintHandler, note)
        };
        for number in 0..NOTES_MAX {
            note(format!("note {number}")).unwrap();
        }
        assert_eq!(note("one more".to_owned()), Err(Refusal::TooMany));
        let last = scene.state.notes.last().unwrap();
        assert_eq!(last.text.known().unwrap(), "note 199");
    }
}
