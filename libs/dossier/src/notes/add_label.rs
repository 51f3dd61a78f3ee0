//! An officer adds a label to the dossier, by which officers of the agency find it in lists.

use serde::Deserialize;
use utoipa::ToSchema;

use super::limits::{LABELS_EVER_MAX, LABELS_MAX};
use super::{Notes, OFFICERS, label_key};
use crate::contract::{LabelAdded, NoteEvent, Personal};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Line;

/// The label to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddLabelRequest)]
pub struct AddLabel {
    /// The label, with at least one letter or digit. Case, diacritics and separators make no
    /// difference.
    #[schema(example = "chờ giám đốc")]
    pub label: Line<50>,
}

refusals! {
    /// Refusals of `add_label`.
    pub enum Refusal {
        Blank => 422, "label-without-letters" at "/label",
            "nhãn cần ít nhất một chữ cái hoặc chữ số", "a label needs at least one letter or digit";
        TooMany(u32) => 409, "too-many-labels",
            "hồ sơ đã có đủ số nhãn cho phép; hãy gỡ một nhãn trước",
            "the dossier has as many labels as allowed; remove one first";
        TooManyEver(u32) => 409, "too-many-labels-ever",
            "hồ sơ đã được gắn nhãn nhiều lần hơn mức cho phép; hãy dùng ghi chú",
            "labels were added to the dossier as often as allowed; use notes";
    }
}

impl Command for AddLabel {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "add_label",
        basis: "quy định nội bộ",
        may: OFFICERS,
        events: &["notes.LabelAdded.v1"],
        refusals: Refusal::ALL,
    };

    /// Returns no event if the dossier has the label already.
    fn decide(&self, notes: &Notes, _: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        let key = label_key(&self.label.0);
        if key.is_empty() {
            return Err(Refusal::Blank);
        }
        if notes.labelled(&key).is_some() {
            return Ok(Decision::Nothing);
        }
        let limit = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        if notes.present_labels().count() >= LABELS_MAX {
            return Err(Refusal::TooMany(limit(LABELS_MAX)));
        }
        if notes.labels.len() >= LABELS_EVER_MAX {
            return Err(Refusal::TooManyEver(limit(LABELS_EVER_MAX)));
        }
        Ok(Decision::event(LabelAdded { label: Personal::from(self.label.0.clone()) }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::law::Law;
    use crate::notes::remove_label::RemoveLabel;
    use crate::testing::{Scene, law};

    /// The notes of a dossier without any.
    pub(crate) fn empty(law: &Law) -> Scene<'_, Notes> {
        Scene::new(law, "CO.D", "G02.001")
    }

    fn add(text: &str) -> AddLabel {
        AddLabel { label: text.into() }
    }

    #[test]
    fn the_same_label_in_another_spelling_is_added_once() {
        let law = law();
        let mut scene = empty(&law);
        let at = "2026-11-20T09:00";
        assert_eq!(scene.execute(at, Role::Clerk, add("Chờ giám đốc")).unwrap().len(), 1);
        assert_eq!(scene.execute(at, Role::Reviewer, add("CHO-GIAM-DOC")).unwrap(), []);
        let label = scene.state.labelled("chogiamdoc").unwrap();
        assert_eq!(label.text.known().unwrap(), "Chờ giám đốc", "as first typed");
        assert_eq!(scene.execute(at, Role::Clerk, add("…!")), Err(Refusal::Blank));
    }

    #[test]
    fn a_dossier_has_a_limited_number_of_labels_at_a_time_and_ever() {
        let law = law();
        let mut scene = empty(&law);
        let at = "2026-11-20T09:00";
        for number in 1..=LABELS_MAX {
            scene.execute(at, Role::Clerk, add(&format!("label {number}"))).unwrap();
        }
        assert_eq!(scene.execute(at, Role::Clerk, add("one more")), Err(Refusal::TooMany(20)));
        assert_eq!(scene.execute(at, Role::Clerk, add("LABEL 7")), Ok(Vec::new()), "it has it");
        for number in 1..=LABELS_EVER_MAX - LABELS_MAX {
            let label = u32::try_from(number).unwrap();
            scene.execute(at, Role::Clerk, RemoveLabel { label }).unwrap();
            scene.execute(at, Role::Clerk, add(&format!("later {number}"))).unwrap();
        }
        scene.execute(at, Role::Clerk, RemoveLabel { label: 190 }).unwrap();
        assert_eq!(scene.execute(at, Role::Clerk, add("last")), Err(Refusal::TooManyEver(200)));
    }
}
