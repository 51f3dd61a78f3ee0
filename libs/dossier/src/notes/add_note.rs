//! An officer adds an internal note to the dossier. Officers who work on the decision and auditors
//! of the agency read it; the applicant never does.

use serde::Deserialize;
use utoipa::ToSchema;

use super::limits::NOTES_MAX;
use super::{Notes, OFFICERS};
use crate::contract::{NoteAdded, NoteEvent};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// An internal note.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddNoteRequest)]
pub struct AddNote {
    /// Text for other officers.
    #[schema(example = "Đã gọi cho người nộp lúc 10 giờ.")]
    pub note: Text<4000>,
}

refusals! {
    /// Refusals of `add_note`.
    pub enum Refusal {
        TooMany(u32) => 409, "too-many-dossier-notes",
            "hồ sơ đã có đủ số ghi chú cho phép", "the dossier has as many notes as allowed";
    }
}

impl Command for AddNote {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "add_note",
        basis: "quy định nội bộ",
        may: OFFICERS,
        events: &["notes.NoteAdded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, notes: &Notes, _: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        if notes.notes.len() >= NOTES_MAX {
            return Err(Refusal::TooMany(u32::try_from(NOTES_MAX).unwrap_or(u32::MAX)));
        }
        Ok(Decision::event(NoteAdded { note: self.note.personal() }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::add_label::tests::empty;
    use crate::testing::law;

    pub(crate) fn note(text: &str) -> AddNote {
        AddNote { note: text.into() }
    }

    #[test]
    fn notes_are_numbered_in_their_order_and_not_without_limit() {
        let law = law();
        let mut scene = empty(&law);
        for number in 1..=NOTES_MAX {
            let text = format!("note {number}");
            scene.execute("2026-11-20T09:00", Role::Reviewer, note(&text)).unwrap();
        }
        let last = scene.state.notes.last().unwrap();
        assert_eq!((last.number, last.text.known().unwrap().as_str()), (200, "note 200"));
        let refused = scene.execute("2026-11-20T09:00", Role::Clerk, note("one more"));
        assert_eq!(refused, Err(Refusal::TooMany(200)));
    }
}
